import { el } from "../lib/dom.js";
import { formatMoney, t } from "../lib/i18n.js";
import { openOrder } from "./order-dialog.js";
import { cardTable, orderBadges, shortDate } from "./parts.js";
import { placesWords } from "./place-words.js";

/** @typedef {import("../../../client/src/types.js").OrganizerOrder} OrganizerOrder */

/** @param {OrganizerOrder} order */
function amountWords({ amount, refundedAmount = 0, currency }) {
  const whole = formatMoney(amount, currency);
  if (refundedAmount === 0) return whole;
  const refunded = t("org.order.refundedPart", { amount: formatMoney(refundedAmount, currency) });
  return el("span", null, whole, " ", el("span", { class: "small soft" }, refunded));
}

/** Orders as a table, each of which opens in full. */
export class OrdersTable {
  element = el("div", { class: "card org-table-card" });
  #model;
  #options;
  /** @type {OrganizerOrder[]} */
  #shown = [];

  /**
   * @param {import("./order-dialog.js").OrderModel} model
   * @param {{ caption: string, buyerPath?: (buyer: string) => string }} options without a path all are one buyer's
   */
  constructor(model, options) {
    this.#model = model;
    this.#options = options;
    // Names of seats come with the plan, which may be later than the orders.
    let isNamed = model.chart() !== undefined;
    model.onChart(() => {
      if (!isNamed && this.#shown.length > 0) this.show(this.#shown);
      isNamed = true;
    });
  }

  /** @param {OrganizerOrder[]} orders */
  show(orders) {
    this.#shown = orders;
    const { caption, buyerPath } = this.#options;
    const rows = orders.map((order) => [
      el(
        "button",
        { type: "button", class: "plain org-order-id", onclick: () => this.open(order) },
        order.order,
      ),
      el("span", null, orderBadges(order)),
      shortDate(order.placedAt),
      el("span", null, placesWords(this.#model.chart(), order)),
      amountWords(order),
      ...(buyerPath ? [el("a", { class: "small", href: buyerPath(order.buyer) }, order.buyer)] : []),
    ]);
    const columns = ["order", "state", "placedAt", "seats", "amount", ...(buyerPath ? ["buyer"] : [])].map((name) => ({
      label: t(`org.order.${name}`),
      isNumber: name === "amount",
    }));
    this.element.replaceChildren(cardTable(caption, columns, rows));
  }

  /** @param {OrganizerOrder} order */
  open(order) {
    let hasChanged = false;
    openOrder(this.#model, order, {
      onChange: (changed) => {
        hasChanged = true;
        this.#shown = this.#shown.map((shown) => (shown.order === order.order ? changed : shown));
      },
      onClose: () => {
        if (!hasChanged || !this.element.isConnected) return;
        this.show(this.#shown);
        // The button that opened the dialog has been replaced, so focus the new one.
        const index = this.#shown.findIndex((shown) => shown.order === order.order);
        /** @type {HTMLElement | undefined} */ ([...this.element.querySelectorAll("button")][index])?.focus();
      },
    });
  }
}
