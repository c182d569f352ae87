import { Problem } from "../../../../client/src/index.js";
import { announce } from "../../lib/announce.js";
import { el, show } from "../../lib/dom.js";
import { formatDate, moneyWords, t } from "../../lib/i18n.js";
import { client, clock } from "../api.js";
import { chartOf } from "../chart.js";
import { KeptHolds } from "../holds.js";
import { calendarFile } from "../ics.js";
import { actionAddress } from "../payment.js";
import { eventPath, orderPath } from "../routes.js";
import { dropSession, session } from "../session.js";
import { declineReason, isSentBack, refusal, standingOf, when } from "../words.js";
import { askDialog } from "./ask-dialog.js";
import { ORDER_KINDS } from "./orders.js";
import { actionButton, amounts, heading, notice } from "./parts.js";
import { signInForm } from "./sign-in.js";
import { ticketCard, ticketPlace } from "./ticket.js";

/**
 * @typedef {import("../../../../client/src/types.js").Order} Order
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 * @typedef {import("./parts.js").View} View
 */

const POLL_MILLISECONDS = 2000;
const RETRY_MILLISECONDS = 4000;
/** States that change without action on this page. */
const CHANGING = ["authorizing", "requires_action", "refunding"];

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
  #body = el("div", { class: "stack" });
  #trouble = el("div", { role: "status" });
  /** @type {Event | undefined} */
  #event;
  /** @type {SeatingChart | undefined} */
  #chart;
  #shown = "";
  #isClosed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {(() => void)[]} */
  #cleanUp = [];

  /** @param {string} eventID @param {string} orderID */
  constructor(eventID, orderID) {
    this.#eventID = eventID;
    this.#orderID = orderID;
    this.#holds = new KeptHolds(eventID);
    this.title = t("order.title");
    this.heading = heading(t("order.title"));
    this.element = el("div", { class: "stack order" }, this.heading, this.#trouble, this.#body);
    this.#load();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#cleanUp.forEach((clean) => clean());
  }

  #load = async () => {
    const known = session();
    if (!known) {
      const form = signInForm({ submit: t("orders.show"), signedIn: this.#load });
      show(this.#body, el("section", { class: "card" }, el("p", null, t("orders.signIn")), form));
      return;
    }
    try {
      const [order, event] = await Promise.all([
        client.getOrder(this.#eventID, known.token, this.#orderID),
        this.#event ?? client.getEvent(this.#eventID),
      ]);
      if (this.#isClosed) return;
      this.#event = event;
      if (this.#chart === undefined) this.#loadChart(event, order);
      show(this.#trouble);
      this.#settle(order);
      this.#show(order);
      if (CHANGING.includes(order.state)) this.#again(POLL_MILLISECONDS);
    } catch (error) {
      if (!this.#isClosed) this.#refused(error);
    }
  };

  /** @param {unknown} error */
  #refused(error) {
    if (error instanceof Problem && error.status === 401) {
      dropSession();
      this.#load();
    } else if (error instanceof Problem && !error.isPassing) {
      show(
        this.#body,
        el("p", null, t("order.missing")),
        el("p", null, el("a", { class: "button", href: "/orders" }, t("orders.title"))),
      );
    } else {
      show(this.#trouble, notice("warn", el("p", null, refusal(error)), el("p", { class: "small" }, t("retrying"))));
      this.#again(RETRY_MILLISECONDS);
    }
  }

  /** @param {number} milliseconds */
  #again(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#load, milliseconds);
  }

  /**
   * Forgets the stored hold once the order is final. After a declined payment it may still be needed.
   * @param {Order} order
   */
  #settle(order) {
    const kept = this.#holds.paidBy(order.order);
    if (kept && order.state !== "declined" && !CHANGING.includes(order.state)) this.#holds.remove(kept.hold.hold);
  }

  /**
   * Loads the plan, which has the names of the seats; until then they are shown by their codes.
   * @param {Event} event @param {Order} order
   */
  async #loadChart(event, order) {
    if (order.tickets.every((ticket) => ticket.seat === undefined)) return;
    try {
      this.#chart = await chartOf(event);
    } catch {
      return;
    }
    this.#shown = "";
    if (!this.#isClosed) this.#show(order);
  }

  /** @param {Order} order */
  #show(order) {
    const event = /** @type {Event} */ (this.#event);
    const key = JSON.stringify(order);
    if (key === this.#shown) return;
    const standing = standingOf(order);
    if (this.#shown !== "") announce(t(`order.state.${standing}`), { isUrgent: true });
    this.#shown = key;
    this.#cleanUp.forEach((clean) => clean());
    this.#cleanUp = [];
    this.heading.textContent = event.title;
    this.title = `${t(`order.state.${standing}`)} · ${event.title}`;
    document.title = `${this.title} · Onsale`;
    const isConfirmed = standing === "confirmed";
    const isDeclined = standing === "declined";
    const explain = isDeclined && isSentBack(order.declineCode) ? "expired" : standing;
    const refunded = moneyWords(order.refundedAmount ?? 0, order.currency);
    const hasRefund = (order.refundedAmount ?? 0) > 0;
    const cards = isConfirmed ? order.tickets.map((ticket) => this.#ticket(order, ticket)) : [];
    show(
      this.#body,
      el("p", { class: "soft order-when" }, `${event.venue} · ${when(event.startsAt, event)}`),
      el(
        "div",
        { class: ["notice", ORDER_KINDS[standing], "no-print"] },
        el("p", null, el("strong", null, t(`order.state.${standing}`))),
        isDeclined && el("p", null, declineReason(order.declineCode ?? "")),
        el("p", null, t(`order.explain.${explain}`, { amount: moneyWords(order.amount, order.currency) })),
        isConfirmed && hasRefund && el("p", null, t("order.refundedPart", { refunded })),
      ),
      standing === "requires_action" && this.#confirmation(order),
      isDeclined && this.#holds.paidBy(order.order) && el(
        "div",
        { class: "row no-print" },
        el("a", { class: "button primary", href: eventPath(order.event) }, t("order.payAgain")),
      ),
      isConfirmed && this.#actions(order),
      cards.length > 0 && el("ul", { class: "tickets" }, cards),
      el(
        "section",
        { class: "card no-print" },
        el("h2", null, t("order.receipt")),
        amounts(order.lines, order.amount, order.currency),
        el(
          "dl",
          { class: "facts small" },
          el("dt", null, t("order.number")), el("dd", null, el("code", { class: "hash" }, order.order)),
          el("dt", null, t("order.placedAt")), el("dd", null, formatDate(order.placedAt)),
          hasRefund && [el("dt", null, t("order.refunded")), el("dd", { class: "number" }, refunded)],
        ),
        isConfirmed && el("div", { class: "row" }, this.#cancelButton(order)),
      ),
    );
  }

  /** @param {Order} order the link to the bank's page */
  #confirmation(order) {
    const address = actionAddress(order);
    if (address === undefined) return notice("bad", t("order.noAction"));
    return el(
      "div",
      { class: "row no-print" },
      actionButton(t("order.action"), () => location.assign(address), "primary"),
    );
  }

  /** @param {Order} order @param {Order["tickets"][number]} ticket */
  #ticket(order, ticket) {
    const card = ticketCard({
      event: /** @type {Event} */ (this.#event), order, ticket, chart: this.#chart, token: session()?.token ?? "",
    });
    this.#cleanUp.push(card.close);
    return card.element;
  }

  /** @param {Order} order */
  #actions(order) {
    return el(
      "div",
      { class: "row no-print" },
      el("button", { type: "button", class: "primary", onclick: () => print() }, t("order.print")),
      el("button", { type: "button", onclick: () => this.#saveCalendar(order) }, t("order.calendar")),
    );
  }

  /** @param {Order} order */
  #saveCalendar(order) {
    const event = /** @type {Event} */ (this.#event);
    const text = calendarFile({
      uid: `${order.order}@onsale`,
      startsAt: event.startsAt,
      stampedAt: new Date(clock.now()).toISOString(),
      summary: event.title,
      location: event.venue,
      description: order.tickets.map((ticket) => ticketPlace(ticket, this.#chart)).join("\n"),
      url: location.origin + orderPath(order.event, order.order),
    });
    const address = URL.createObjectURL(new Blob([text], { type: "text/calendar" }));
    el("a", { href: address, download: `${order.event}.ics` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  /** @param {Order} order */
  #cancelButton(order) {
    return actionButton(
      t("cancel.button"),
      async () => {
        const rest = order.amount - (order.refundedAmount ?? 0);
        const isSure = await askDialog({
          title: t("cancel.title"), text: [t("cancel.explain", { amount: moneyWords(rest, order.currency) })],
          keep: t("cancel.keep"), confirm: t("cancel.confirm"),
        });
        if (!isSure) return;
        try {
          this.#show(await client.cancelOrder(order.event, session()?.token ?? "", order.order));
          // The button is gone.
          this.heading.focus();
          this.#again(POLL_MILLISECONDS);
        } catch (error) {
          show(this.#trouble, notice("bad", refusal(error)));
          this.#trouble.scrollIntoView({ block: "center" });
        }
      },
      "danger",
    );
  }
}
