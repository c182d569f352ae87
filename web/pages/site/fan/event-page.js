import { Problem } from "../../../client/src/index.js";
import { announce } from "../lib/announce.js";
import { confirmed } from "../lib/dialog.js";
import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { client, clock } from "./api.js";
import { SPREAD_MILLISECONDS, takeRefusal } from "./asking.js";
import { chartOf } from "./chart.js";
import { KeptHolds } from "./holds.js";
import { join } from "./joining.js";
import { journey } from "./journey.js";
import { actionAddress, pay } from "./payment.js";
import { ended, isDeclinedTooOften, keptWay, withDecline } from "./place.js";
import { repricedWords, shownOtherwise } from "./repriced.js";
import { orderPath } from "./routes.js";
import { dropSession, onSessionChange, session } from "./session.js";
import { SCREENS } from "./screens.js";
import { chime } from "./sound.js";
import { loadOrder, loadShop } from "./views/entrances.js";
import { heading, notice } from "./views/parts.js";
import { followWaitingRoom } from "./waiting-room.js";
import { placesOf, refusal } from "./words.js";

/**
 * @typedef {import("../../../client/src/types.js").Event} Event
 * @typedef {import("../../../client/src/types.js").WaitingRoom} WaitingRoom
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("../../../client/src/types.js").Hold} Hold
 * @typedef {import("../../../client/src/types.js").CreateHold} CreateHold
 * @typedef {import("./journey.js").Journey} Journey
 * @typedef {import("./journey.js").Step} Step
 * @typedef {import("./screens.js").Known} Known
 */

const RETRY_MILLISECONDS = 4000;
/** Without a stream, asking for the pass keeps the fan present; the server counts them absent after 30 s of silence. */
const PRESENCE_MILLISECONDS = 12_000;
const EVENT_REFRESH_MILLISECONDS = 60_000;
/** How far two tabs may be apart in what they take for the server's time. */
const CLOCKS_APART_MILLISECONDS = 2000;

/** @template Value @param {Promise<Value>} promised @returns {Promise<Value | undefined>} undefined unless it comes at once */
const soon = (promised) =>
  Promise.race([promised.catch(() => undefined), new Promise((resolve) => setTimeout(() => resolve(undefined), 1000))]);

/** One event's page: keeps the facts, requests what the journey needs, and shows the screen it leads to. */
export class EventPage {
  #isLeaving = false;
  #id;
  #navigate;
  #kept;
  #holds;
  #body = el("div", { class: "stack" });
  #notice = el("div", { class: "stack" });
  #connection = el("div");
  #preview = el("div");
  #ending = new AbortController();
  /** @type {(() => void) | undefined} */
  #stopRoom;
  /** @type {string | undefined} the ticket the stream was opened with */
  #roomTicket;
  /** @type {import("./views/parts.js").View<any> | undefined} */
  #view;
  /** @type {Step | undefined} */
  #step;
  #isAsking = false;
  #askAgainAt = 0;
  #lastPresence = Date.now();
  #eventLoadedAt = 0;
  #isConnected = true;
  #isRoomFollowed = true;
  /** @type {import("./holds.js").KeptHold[]} as they were when last looked at, here or in another tab */
  #lastHolds;
  /** @type {Set<string>} holds whose payment is being followed */
  #paying = new Set();
  /** @type {string | undefined} the hold paid for by a click on this page */
  #clicked;
  #isSpent = false;

  /** @type {Event | undefined} */
  #event;
  /** @type {WaitingRoom | undefined} */
  #room;
  /** @type {Order | undefined} the order being paid, or its outcome */
  #order;
  /** @type {Problem | undefined} why there is no answer yet */
  #trouble;

  /** @param {string} id @param {import("./views/parts.js").Navigate} navigate */
  constructor(id, navigate) {
    this.#id = id;
    this.#navigate = navigate;
    this.#kept = keptWay(id);
    this.#holds = new KeptHolds(id);
    this.#lastHolds = this.#holds.all();
    this.element = el("div", { class: "stack" }, el("div", { class: "toasts" }, this.#connection, this.#notice), this.#preview, this.#body);
    this.title = t("loading");
    show(this.#body, el("p", { class: "soft" }, t("loading")));
    const changed = () => this.update();
    this.#holds.onChange(changed);
    this.#kept.place.onChange(changed);
    this.#kept.pass.onChange(changed);
    onSessionChange(changed);
    document.addEventListener("visibilitychange", this.#cameBack);
    for (const change of ["online", "offline"]) addEventListener(change, this.#connect);
    this.#load();
  }

  // Facts

  /** The place, if it belongs to whoever is signed in. */
  get #place() {
    const place = this.#kept.place.get();
    const buyer = session()?.buyer;
    return place && (buyer === undefined || place.buyer === undefined || place.buyer === buyer) ? place : undefined;
  }

  get #pass() {
    return this.#kept.pass.get();
  }

  // Coming and going

  async #load() {
    try {
      const [event, room] = await Promise.all([client.getEvent(this.#id), client.getWaitingRoom(this.#id)]);
      if (this.#ending.signal.aborted) return;
      this.#event = event;
      this.#room = room;
      if (event.state === "draft") show(this.#preview, notice("warn", t("event.preview")));
      this.#eventLoadedAt = Date.now();
      // Load the shop early: it is needed the moment the fan is called, when the connection may be at its worst.
      if (event.onsale.phase !== "closed") loadShop().catch(() => {});
      this.#resumePayments();
      this.update();
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      if (error instanceof Problem && !error.isPassing) {
        show(this.#body, heading(t("event.missing")), el("p", null, el("a", { href: "/" }, t("event.toList"))));
        this.title = t("event.missing");
        document.title = `${this.title} · Onsale`;
        return;
      }
      show(this.#body, notice("warn", el("p", null, refusal(error)), el("p", { class: "small" }, t("retrying"))));
      setTimeout(() => this.#load(), RETRY_MILLISECONDS);
    }
  }

  close() {
    this.#ending.abort();
    this.#stopRoom?.();
    this.#view?.close?.();
    document.removeEventListener("visibilitychange", this.#cameBack);
    for (const change of ["online", "offline"]) removeEventListener(change, this.#connect);
  }

  /** A phone coming back from sleep has missed updates, and its clock may have stopped. */
  #cameBack = () => {
    if (document.visibilityState === "visible") this.#refreshEvent();
  };

  async #refreshEvent() {
    this.#eventLoadedAt = Date.now();
    try {
      this.#event = await client.getEvent(this.#id);
      this.update();
    } catch {
      // It is retried soon.
    }
  }

  #followRoom() {
    const ticket = this.#place?.ticket;
    if (this.#stopRoom && ticket === this.#roomTicket) return;
    this.#stopRoom?.();
    this.#roomTicket = ticket;
    this.#stopRoom = followWaitingRoom(this.#id, {
      ticket,
      onRoom: (room) => {
        const isOther = room.phase !== this.#room?.phase || room.opensAt !== this.#room.opensAt;
        this.#room = room;
        if (isOther) this.#refreshEvent();
        this.update();
      },
      onConnection: (isFollowed) => {
        this.#isRoomFollowed = isFollowed;
        this.#connect();
      },
      onRefused: () => this.#renewPlace(),
    });
  }

  /** Says that there is no connection before the fan has to find out. */
  #connect = () => {
    const isConnected = navigator.onLine && this.#isRoomFollowed;
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    // Where there is no line, none is promised.
    const lost = t(this.#event?.onsale.waitingRoom === false ? "connection.lostOpen" : "connection.lost");
    show(this.#connection, isConnected ? null : notice("warn", lost));
    announce(isConnected ? t("connection.back") : lost);
  };

  // Showing and requesting

  /** Called every second, and whenever something changes. */
  update() {
    if (!this.#event || !this.#room || this.#ending.signal.aborted) return;
    const now = clock.now();
    this.#expire(now);
    this.#followRoom();
    const { drawSeed, drawCommitment } = this.#room;
    if (drawSeed === null && drawCommitment !== null && this.#kept.commitment.get() === undefined) {
      this.#kept.commitment.set(drawCommitment);
    }
    const known = this.#known(this.#event, this.#room, now);
    this.#show(known);
    this.#ask(known.journey);
    this.#stayPresent(known.journey);
    const isDue = Date.now() - this.#eventLoadedAt > EVENT_REFRESH_MILLISECONDS;
    if (isDue && known.journey.phase === "scheduled") this.#refreshEvent();
  }

  /** @param {Event} event @param {WaitingRoom} room @param {number} now @returns {Known} */
  #known(event, room, now) {
    const known = {
      event,
      room,
      session: session(),
      place: this.#place,
      seenCommitment: this.#kept.commitment.get(),
      pass: this.#pass,
      holds: this.#holds.all(),
      checkout: this.#kept.checkout.get(),
      order: this.#order,
      trouble: this.#trouble,
    };
    return {
      ...known,
      journey: journey({
        ...known,
        now,
        place: known.session && known.place,
        isSpent: this.#isSpent,
        holds: known.holds.map(({ hold, method }) => ({
          id: hold.hold,
          expiresAt: hold.expiresAt,
          isSent: method !== undefined,
        })),
      }),
    };
  }

  /** @param {Known} known */
  #show(known) {
    const { step } = known.journey;
    if (step === "paid") return this.#finish();
    if (step === "confirming") return this.#confirm();
    const { view, model } = SCREENS[step];
    const shown = model(known, this);
    if (step !== this.#step) {
      const isFirst = this.#step === undefined;
      this.#view?.close?.();
      this.#step = step;
      this.#view = view(shown);
      show(this.#body, this.#view.element);
      if (!isFirst) {
        // On the event's own page the name stays; what has changed is below.
        const changed = this.#view.element.querySelector("h2[tabindex]") ?? this.#view.element.querySelector("h1");
        if (changed instanceof HTMLElement) changed.focus();
        scrollTo({ top: 0 });
        // What went wrong is in sight, wherever on the page it matters.
        if (changed?.matches(".notice-head")) changed.scrollIntoView({ block: "center" });
      }
      if (step === "called" && !isFirst && known.event.onsale.waitingRoom) {
        chime();
        announce(t("called.announce"), { isUrgent: true });
      }
    }
    this.#view?.update?.(shown);
    const title = `${this.#view?.title ?? ""} · ${known.event.title}`;
    if (document.title !== title) document.title = title;
    this.title = title;
  }

  /** @param {number} now */
  #expire(now) {
    this.#holds.expire(now);
    const left = this.#holds.all();
    const isEnded = (/** @type {import("./holds.js").KeptHold} */ { hold, method }) =>
      method === undefined && Date.parse(hold.expiresAt) <= now + CLOCKS_APART_MILLISECONDS && !left.some((entry) => entry.hold.hold === hold.hold);
    // Whichever tab has forgotten a hold that ended, each says why.
    if (this.#lastHolds.some(isEnded)) this.say("warn", t("shop.holdExpired"));
    this.#lastHolds = left;
    const pass = this.#pass;
    if (pass && !this.#isSpent && Date.parse(pass.expiresAt) <= now) this.#spend();
  }

  #spend() {
    this.#isSpent = true;
    const pass = this.#pass;
    if (pass) this.#kept.pass.set(ended(pass));
    this.#kept.place.set(undefined);
  }

  /** @param {Journey} journey */
  #ask({ needs }) {
    if (needs === null || this.#isAsking || Date.now() < this.#askAgainAt) return;
    if (needs === "place") this.#asking(() => this.#askPlace());
    else this.#asking(() => this.#askPass());
  }

  /** @param {() => Promise<void>} work @returns {Promise<void>} */
  async #asking(work) {
    this.#isAsking = true;
    try {
      await work();
      this.#trouble = undefined;
      this.#askAgainAt = 0;
    } catch (error) {
      const problem = error instanceof Problem ? error : Problem.unreachable(error);
      const refused = takeRefusal(problem);
      this.#trouble = refused.isTold ? problem : undefined;
      this.#waitFor(refused.pauseMilliseconds);
      if (refused.then === "spend") this.#spend();
      else if (refused.then === "renew") await this.#renewPlace();
    } finally {
      this.#isAsking = false;
      this.update();
    }
  }

  /** @param {number} milliseconds */
  #waitFor(milliseconds) {
    this.#askAgainAt = Date.now() + milliseconds + Math.random() * SPREAD_MILLISECONDS;
  }

  async #askPlace() {
    const known = session();
    if (!known) return this.#kept.place.set(undefined);
    try {
      const place = await join(this.#id, known.token, this.#ending.signal);
      this.#kept.place.set({ ...place, ...(known.buyer !== undefined && { buyer: known.buyer }) });
    } catch (error) {
      if (error instanceof Problem && error.status === 401) {
        dropSession();
        this.#kept.place.set(undefined);
      }
      throw error;
    }
  }

  async #askPass() {
    const place = this.#place;
    const known = session();
    if (!place || !known) return;
    this.#lastPresence = Date.now();
    this.#kept.pass.set(await client.claimPass(this.#id, known.token, place.ticket));
    this.#isSpent = false;
    announce(t("shop.admitted"), { isUrgent: true });
  }

  /** The stream refuses the ticket (expired, or made by another server); joining again gives the same place. */
  async #renewPlace() {
    if (!session()) this.#kept.place.set(undefined);
    else await this.#askPlace().catch(() => this.#kept.place.set(undefined));
    this.update();
  }

  /** @param {Journey} journey */
  #stayPresent({ step }) {
    const isDue = Date.now() - this.#lastPresence >= PRESENCE_MILLISECONDS && Date.now() >= this.#askAgainAt;
    if (step !== "line" || this.#isConnected || !isDue) return;
    this.#lastPresence = Date.now();
    this.#askPass().catch((error) => {
      if (error instanceof Problem && error.status === 429) this.#waitFor(takeRefusal(error).pauseMilliseconds);
    });
  }

  // The fan's actions

  /** Joins the line. Rejects with the problem to show the fan. */
  async enter() {
    this.#isSpent = false;
    this.#kept.pass.set(undefined);
    try {
      await this.#askPlace();
    } catch (error) {
      // Signed out meanwhile, so another screen may be due.
      if (!session()) this.update();
      throw error;
    }
    this.clearNotice();
    this.update();
  }

  /**
   * @param {CreateHold} wanted @returns {Promise<void>} rejects with the problem
   */
  async hold(wanted) {
    const pass = this.#pass;
    if (!pass) return;
    const shown = this.#event?.prices ?? [];
    const hold = await client.createHold(this.#id, pass.pass, wanted).catch((error) => {
      const slug = error instanceof Problem ? error.slug : "";
      if (slug === "not-admitted") this.#endPass();
      // It may be another limit than the page knows.
      if (slug === "purchase-limit") void this.#refreshEvent();
      throw error;
    });
    const was = shownOtherwise(hold, shown);
    this.#holds.add(hold, was);
    this.clearNotice();
    this.startCheckout(hold.hold);
    if (was.length === 0) return;
    announce(t("checkout.repriced", { changes: repricedWords(hold, was) }), { isUrgent: true });
    void this.#refreshEvent();
  }

  /** @param {string} id */
  startCheckout(id) {
    if (history.state?.checkout !== id) history.pushState({ checkout: id }, "");
    this.#checkOut(id);
  }

  leaveCheckout() {
    if (history.state?.checkout === undefined) this.#checkOut(undefined);
    else history.back();
  }

  /** @param {string | undefined} id the hold to pay for; undefined to choose seats */
  #checkOut(id) {
    this.#order = undefined;
    this.#kept.checkout.set(id);
    this.update();
  }

  /**
   * The browser went back or forward to this page: from the checkout to the seats, or to the checkout again.
   * @param {{ checkout?: string } | null} state
   */
  cameTo(state) {
    const current = this.#kept.checkout.get();
    // A payment that was sent is followed to its end, so there is no way back from it.
    if (current !== undefined && this.#paying.has(current)) {
      history.pushState({ checkout: current }, "");
      return;
    }
    const id = state?.checkout;
    this.#checkOut(id !== undefined && this.#holds.get(id) ? id : undefined);
  }

  /** @param {string} id */
  async release(id) {
    const pass = this.#pass;
    try {
      if (pass) await client.releaseHold(this.#id, pass.pass, id);
    } catch (error) {
      // A hold that is already gone is as good as released.
      const isGone = error instanceof Problem && ["hold-expired", "not-found", "not-admitted"].includes(error.slug);
      if (!isGone) {
        this.say("warn", refusal(error));
        return;
      }
    }
    this.#holds.remove(id);
    announce(t("shop.released"));
    if (this.#kept.checkout.get() === id) this.leaveCheckout();
    this.update();
  }

  /** Gives up the pass, which lets the next fan in, once the fan knows what is lost by it. */
  async leaveShop() {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    try {
      if (await this.#mayLeave()) await this.#giveUp();
    } finally {
      this.#isLeaving = false;
    }
  }

  /** @returns {Promise<boolean>} whether the fan gives up what is held */
  async #mayLeave() {
    const event = this.#event;
    const held = this.#holds.all().filter(({ method }) => method === undefined).map(({ hold }) => hold);
    // The shop has it by now, or else its seats' names do.
    const chart = event && held.length > 0 ? await soon(chartOf(event)) : undefined;
    return confirmed({
      title: t("leave.title"),
      text: [
        ...held.map((hold) => t("leave.held", { places: placesOf(hold, chart) })),
        t(event?.onsale.waitingRoom ? "leave.place" : "leave.open"),
      ],
      keep: t("leave.stay"),
      action: t("leave.confirm"),
      isDanger: true,
    });
  }

  async #giveUp() {
    const pass = this.#pass;
    try {
      if (pass) await client.giveUpPass(this.#id, pass.pass);
    } catch (error) {
      if (error instanceof Problem && error.isPassing) {
        this.say("warn", refusal(error));
        return;
      }
    }
    for (const { hold, method } of this.#holds.all()) if (method === undefined) this.#holds.remove(hold.hold);
    this.#kept.pass.set(undefined);
    this.#kept.place.set(undefined);
    this.#navigate("/");
  }

  /** @param {string} method */
  pay(method) {
    this.clearNotice();
    const id = this.#kept.checkout.get();
    this.#clicked = id;
    loadOrder().catch(() => {});
    if (id !== undefined) this.#pay(id, method);
  }

  /** Continues payments that were under way when the page was closed. */
  #resumePayments() {
    for (const { hold, method } of this.#holds.all()) {
      if (method === undefined) continue;
      this.#kept.checkout.set(hold.hold);
      this.#pay(hold.hold, method);
    }
  }

  /** @param {string} id @param {string} method */
  async #pay(id, method) {
    if (this.#paying.has(id)) return;
    this.#paying.add(id);
    const paying = pay({
      event: this.#id,
      hold: id,
      method,
      holds: this.#holds,
      pass: () => this.#pass?.pass,
      session: () => session()?.token,
      signal: this.#ending.signal,
      onTrouble: (problem) => {
        this.#trouble = problem;
        this.update();
      },
      onOrder: (order, left) => this.#takeOrder(id, order, left),
    });
    this.update();
    try {
      await paying;
    } catch (error) {
      this.#refusedPayment(id, error);
    } finally {
      this.#paying.delete(id);
      this.update();
    }
  }

  /** @param {string} id @param {Order} order @param {Hold} [left] the hold that a declined payment has left */
  #takeOrder(id, order, left) {
    const isDeclined = order.state === "declined";
    const pass = this.#pass;
    if (isDeclined && pass) this.#kept.pass.set(withDecline(pass, order.order));
    // While the hold is left, the checkout stays and shows why.
    if (left) announce(t("failed.declined"), { isUrgent: true });
    else if (this.#kept.checkout.get() === id) this.#order = order;
    this.update();
    if (isDeclined && (!left || isDeclinedTooOften(this.#pass))) void this.#checkPass();
  }

  /** The server may have ended the pass after declined payments; claiming it again tells. */
  async #checkPass() {
    const place = this.#place;
    const known = session();
    if (!place || !known) return;
    try {
      await client.claimPass(this.#id, known.token, place.ticket);
    } catch (error) {
      if (error instanceof Problem && error.slug === "place-spent") this.#endPass();
    }
  }

  /** The server has ended the pass early. If it was for declined payments, the pass's holds are gone too. */
  #endPass() {
    const pass = this.#pass;
    this.#spend();
    if (isDeclinedTooOften(pass)) {
      const failed = this.#order?.state === "declined" ? this.#order.order : undefined;
      for (const { hold, method, order } of this.#holds.all()) {
        if (method === undefined || (failed !== undefined && order === failed)) this.#holds.remove(hold.hold);
      }
      if (failed !== undefined) this.#order = undefined;
    }
    this.update();
  }

  /** @param {string} id @param {unknown} error */
  #refusedPayment(id, error) {
    const slug = error instanceof Problem ? error.slug : "";
    this.#trouble = undefined;
    this.say("bad", refusal(error));
    const isElsewhere = slug === "hold-ordered" || slug === "idempotency-conflict";
    if (!isElsewhere && !["hold-expired", "not-found", "not-admitted"].includes(slug)) return;
    this.#holds.remove(id);
    this.#kept.checkout.set(undefined);
    if (slug === "not-admitted") this.#endPass();
    if (isElsewhere) this.#navigate("/orders");
  }

  /** The bank wants confirmation: the order's page says so, and a fan who has just clicked pay is sent to the bank. */
  #confirm() {
    const order = this.#order;
    if (!order) return;
    const address = this.#clicked === this.#kept.checkout.get() ? actionAddress(order) : undefined;
    this.#order = undefined;
    this.#navigate(orderPath(this.#id, order.order), { isInstead: true });
    if (address !== undefined) location.assign(address);
  }

  #finish() {
    const order = this.#order;
    const id = this.#kept.checkout.get();
    if (!order) return;
    if (id !== undefined) this.#holds.remove(id);
    this.#kept.checkout.set(undefined);
    this.#order = undefined;
    announce(t("order.confirmed.announce"), { isUrgent: true });
    this.#navigate(orderPath(this.#id, order.order), { isInstead: true });
  }

  /** Returns to the seats after a failed payment. */
  tryAgain() {
    const id = this.#kept.checkout.get();
    if (id !== undefined) this.#holds.remove(id);
    this.leaveCheckout();
  }

  /** @param {"good" | "warn" | "bad"} kind @param {string} text stays until the fan's next step */
  say(kind, text) {
    announce(text, { isUrgent: true });
    show(
      this.#notice,
      el(
        "div",
        { class: ["notice", kind, "row spread"] },
        el("p", null, text),
        el("button", { type: "button", class: "plain", onclick: () => this.clearNotice() }, t("notice.close")),
      ),
    );
  }

  clearNotice() {
    show(this.#notice);
  }
}
