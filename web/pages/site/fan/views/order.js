import { Problem } from "../../../../client/src/index.js";
import { announce } from "../../lib/announce.js";
import { el, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { needStyleSheet } from "../../lib/style-sheet.js";
import { client, clock } from "../api.js";
import { chartOf } from "../chart.js";
import { KeptHolds } from "../holds.js";
import { OrderCopy } from "../order-copy.js";
import { eventPath } from "../routes.js";
import { dropSession, session } from "../session.js";
import { TicketCodes } from "../ticket-codes.js";
import { placeOf } from "../ticket-place.js";
import { asOf, isUnreachable, refusal, standingOf, when } from "../words.js";
import { cancelButton, confirmation, receipt, saveCalendar, standingNotice } from "./order-parts.js";
import { OrderTickets } from "./order-tickets.js";
import { heading, notice } from "./parts.js";
import { signInForm } from "./sign-in.js";

/**
 * @typedef {import("../../../../client/src/types.js").Order} Order
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../kept-orders.js").KeptOrder} KeptOrder
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 * @typedef {import("./parts.js").View} View
 */

/** @typedef {Pick<KeptOrder, "order" | "event" | "places">} ShownOrder */

const POLL_MILLISECONDS = 2000;
const RETRY_MILLISECONDS = 4000;
/** How long the server may take until a kept copy is shown meanwhile. */
const PATIENCE_MILLISECONDS = 2500;
/** States that change without action on this page. */
const CHANGING = ["authorizing", "requires_action", "refunding"];

// No other page has tickets, so none loads their styles.
await needStyleSheet("tickets.css");

/**
 * An order with its tickets.
 * @param {string} eventID @param {string} orderID @returns {View}
 */
export function orderView(eventID, orderID) {
  return new OrderPage(eventID, orderID);
}

class OrderPage {
  #eventID;
  #orderID;
  #holds;
  #copy;
  #body = el("div", { class: "stack" });
  #trouble = el("div", { role: "status" });
  /** @type {Event | undefined} */
  #event;
  /** @type {Order | undefined} as the server last told it */
  #order;
  /** @type {SeatingChart | undefined} */
  #chart;
  /** @type {KeptOrder["places"]} */
  #places = {};
  /** @type {TicketCodes | undefined} */
  #codes;
  /** The barcodes that `#codes` are of. */
  #barcodes = "";
  /** @type {OrderTickets | undefined} */
  #tickets;
  /** @type {ReturnType<typeof confirmation> | undefined} */
  #confirmation;
  #shown = "";
  /** @type {ReturnType<typeof standingOf> | undefined} */
  #standing;
  #isClosed = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} eventID @param {string} orderID */
  constructor(eventID, orderID) {
    this.#eventID = eventID;
    this.#orderID = orderID;
    this.#holds = new KeptHolds(eventID);
    this.#copy = new OrderCopy(eventID, orderID);
    this.title = t("order.title");
    this.heading = heading(t("order.title"));
    this.element = el("div", { class: "stack order" }, this.heading, this.#trouble, this.#body);
    addEventListener("online", () => this.#timer !== undefined && this.#load(), { signal: this.#isClosed.signal });
    this.#load();
  }

  close() {
    this.#isClosed.abort();
    clearTimeout(this.#timer);
    this.#tickets?.close();
    this.#codes?.close();
  }

  #load = async () => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const known = session();
    if (!known) return this.#askWho();
    const patience = setTimeout(this.#showCopy, PATIENCE_MILLISECONDS);
    try {
      const [order, event] = await Promise.all([
        client.getOrder(this.#eventID, known.token, this.#orderID),
        this.#event ?? client.getEvent(this.#eventID),
      ]);
      if (this.#isClosed.signal.aborted) return;
      this.#event = event;
      show(this.#trouble);
      this.#settle(order);
      this.#take(order, event);
      if (CHANGING.includes(order.state)) this.#again(POLL_MILLISECONDS);
      void this.#complete(event);
    } catch (error) {
      if (!this.#isClosed.signal.aborted) await this.#refused(error);
    } finally {
      clearTimeout(patience);
    }
  };

  /** Nobody is signed in. A session may have ended long after the order was opened here: offline, that must do. */
  async #askWho() {
    const form = signInForm({ submit: t("orders.show"), signedIn: this.#load });
    this.#shown = "";
    show(this.#body, el("section", { class: "card" }, el("p", null, t("orders.signIn")), form));
    if (!(await this.#copy.find())) return;
    const isReached = await Promise.race([
      client.getEvent(this.#eventID).then(() => true, (error) => !isUnreachable(error)),
      new Promise((resolve) => setTimeout(resolve, PATIENCE_MILLISECONDS, false)),
    ]);
    if (!isReached && session() === undefined) await this.#showCopy();
  }

  /** Shows the order as it was kept, unless there is something newer. @returns {Promise<boolean>} whether it is kept */
  #showCopy = async () => {
    const kept = await this.#copy.find();
    if (!kept || this.#order || this.#isClosed.signal.aborted) return false;
    this.#places = kept.places;
    this.#readCodes(kept.order, kept.codes);
    this.#show(kept);
    show(this.#trouble, notice("warn", asOf(kept.at)));
    return true;
  };

  /** @param {unknown} error */
  async #refused(error) {
    if (error instanceof Problem && error.status === 401) {
      dropSession();
      await this.#load();
    } else if (error instanceof Problem && !error.isPassing) {
      await this.#copy.forget();
      show(
        this.#body,
        el("p", null, t("order.missing")),
        el("p", null, el("a", { class: "button", href: "/orders" }, t("orders.title"))),
      );
    } else {
      if (!(await this.#showCopy())) {
        show(this.#trouble, notice("warn", el("p", null, refusal(error)), el("p", { class: "small" }, t("retrying"))));
      }
      this.#again(RETRY_MILLISECONDS);
    }
  }

  /** @param {number} milliseconds */
  #again(milliseconds) {
    clearTimeout(this.#timer);
    if (!this.#isClosed.signal.aborted) this.#timer = setTimeout(this.#load, milliseconds);
  }

  /**
   * Forgets the stored hold once the order is final. After a declined payment it may still be needed.
   * @param {Order} order
   */
  #settle(order) {
    const kept = this.#holds.paidBy(order.order);
    if (kept && order.state !== "declined" && !CHANGING.includes(order.state)) this.#holds.remove(kept.hold.hold);
  }

  /** @param {Order} order @param {Event} event shows what the server has answered */
  #take(order, event) {
    this.#order = order;
    this.#readCodes(order);
    this.#show({ order, event, places: this.#placesOf(order, event) });
  }

  /**
   * Loads the plan, which has the names of the seats, and keeps all of it.
   * @param {Event} event
   */
  async #complete(event) {
    if ((this.#order?.seats.length ?? 0) > 0) {
      this.#chart ??= await chartOf(event).catch(() => undefined);
    }
    const order = this.#order;
    if (!order || !this.#codes) return;
    void this.#copy.keep({ order, event, places: this.#placesOf(order, event) }, this.#codes);
    await this.#tickets?.settled();
    if (!this.#isClosed.signal.aborted) this.#take(this.#order ?? order, event);
  }

  /** @param {Order} order @param {Event} event by the plan; until it is there as kept, or by the seats' codes */
  #placesOf(order, event) {
    const placed = (/** @type {Order["tickets"][number]} */ ticket) =>
      (this.#chart ? undefined : this.#places[ticket.ticket]) ?? placeOf(ticket, order, event, this.#chart);
    return Object.fromEntries(order.tickets.map((ticket) => [ticket.ticket, placed(ticket)]));
  }

  /** @param {Order} order @param {Record<string, string>} [kept] its codes; without them the server is asked */
  #readCodes(order, kept) {
    const barcodes = JSON.stringify(order.tickets.map(({ barcode }) => barcode));
    if (this.#barcodes === barcodes) return;
    this.#barcodes = barcodes;
    this.#codes?.close();
    this.#codes = new TicketCodes(this.#askForCode, kept);
  }

  /** @param {string} ticket */
  #askForCode = (ticket) => client.getQRCode(this.#eventID, session()?.token ?? "", this.#orderID, ticket);

  update() {
    this.#confirmation?.update();
  }

  /** @param {ShownOrder} shown */
  #show({ order, event, places }) {
    const key = JSON.stringify([order, places, this.#chart !== undefined]);
    if (key === this.#shown) return;
    const standing = standingOf(order);
    if (this.#standing !== undefined && this.#standing !== standing) {
      announce(t(`order.state.${standing}`), { isUrgent: true });
    }
    this.#standing = standing;
    this.#shown = key;
    this.heading.textContent = event.title;
    this.title = `${t(`order.state.${standing}`)} · ${event.title}`;
    document.title = `${this.title} · Onsale`;
    const isConfirmed = standing === "confirmed";
    const codes = /** @type {TicketCodes} */ (this.#codes);
    this.#tickets?.close();
    this.#tickets = isConfirmed ? new OrderTickets({ order, event, places, codes }) : undefined;
    this.#confirmation = standing === "requires_action" ? confirmation(order) : undefined;
    show(
      this.#body,
      el("p", { class: "soft order-when" }, `${event.venue} · ${when(event.startsAt, event)}`),
      standingNotice(order),
      this.#confirmation?.element,
      standing === "declined" && this.#holds.paidBy(order.order) && el(
        "div",
        { class: "row no-print" },
        el("a", { class: "button primary", href: eventPath(order.event) }, t("order.payAgain")),
      ),
      this.#tickets && this.#actions(order, event, this.#tickets),
      this.#tickets?.element,
      receipt(order, this.#chart, isConfirmed ? cancelButton(order, () => this.#cancel(order, event)) : undefined),
    );
  }

  /** @param {Order} order @param {Event} event @param {OrderTickets} tickets */
  #actions(order, event, tickets) {
    const save = () => saveCalendar(order, event, { places: tickets.words, at: new Date(clock.now()).toISOString() });
    return el(
      "div",
      { class: "row no-print" },
      el("button", { type: "button", class: "primary", onclick: () => print() }, t("order.print")),
      el("button", { type: "button", onclick: save }, t("order.calendar")),
    );
  }

  /** @param {Order} order @param {Event} event */
  async #cancel(order, event) {
    try {
      const cancelled = await client.cancelOrder(order.event, session()?.token ?? "", order.order);
      await this.#copy.forget();
      this.#take(cancelled, event);
      // The button is gone.
      this.heading.focus();
      this.#again(POLL_MILLISECONDS);
    } catch (error) {
      show(this.#trouble, notice("bad", refusal(error)));
      this.#trouble.scrollIntoView({ block: "center" });
    }
  }
}
