import { el, setText } from "../lib/dom.js";
import { moneyWords, t } from "../lib/i18n.js";
import { openDialog } from "./dialog.js";
import { uniqueID } from "./parts.js";

/**
 * @typedef {import("../../../client/src/types.js").OrganizerOrder} OrganizerOrder
 * @typedef {import("../../../client/src/types.js").Ticket} Ticket
 * @typedef {import("../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * What is to be taken back, and why.
 * @typedef {{ tickets?: string[], reason?: string }} Refund without `tickets` the whole order
 */

const REASON_MOST = 200;

/**
 * What some of an order's tickets cost.
 * @param {OrganizerOrder} order @param {Ticket[]} tickets @param {SeatingChart | undefined} chart
 * @returns {number | undefined} undefined if it can't be told here
 */
export function amountOf(order, tickets, chart) {
  const [line] = order.lines;
  if (order.lines.length === 1 && line) return line.unitAmount * tickets.length;
  let sum = 0;
  for (const { seat } of tickets) {
    const index = seat === undefined ? undefined : chart?.indexOf(seat);
    const category = index === undefined ? undefined : chart?.categoryAt(index).name;
    const own = order.lines.find((one) => one.category === category);
    if (!own) return undefined;
    sum += own.unitAmount;
  }
  return sum;
}

/**
 * Asks which of an order's tickets to take back, and why.
 * @param {OrganizerOrder} order @param {SeatingChart | undefined} chart
 * @param {(ticket: Ticket) => string} place says where a ticket is for
 * @returns {Promise<Refund | undefined>} undefined if none
 */
export function askRefund(order, chart, place) {
  return new Promise((resolve) => {
    /** @type {Refund | undefined} */
    let answer;
    const boxes = order.tickets.map((ticket) => ({
      ticket,
      input: el("input", { type: "checkbox", id: uniqueID("ticket"), checked: true, onchange: () => update() }),
    }));
    const reasonID = uniqueID("reason");
    const reason = el("input", { id: reasonID, maxlength: REASON_MOST, autocomplete: "off" });
    const effect = el("p", { role: "status" });
    const submit = el("button", { type: "button", class: "danger", onclick: () => confirm() }, t("org.refund.submit"));
    const chosen = () => boxes.filter(({ input }) => input.checked).map(({ ticket }) => ticket);
    const isWhole = () => chosen().length === order.tickets.length;
    const update = () => {
      const tickets = chosen();
      const amount = isWhole() ? order.amount - (order.refundedAmount ?? 0) : amountOf(order, tickets, chart);
      submit.disabled = tickets.length === 0;
      setText(
        effect,
        tickets.length === 0 ? t("org.refund.nothing")
        : isWhole() ? t("org.refund.effect", { amount: moneyWords(amount ?? 0, order.currency), order: order.order })
        : amount === undefined ? t("org.refund.part", { count: tickets.length })
        : t("org.refund.partOf", { count: tickets.length, amount: moneyWords(amount, order.currency) }),
      );
    };
    const confirm = () => {
      const why = reason.value.trim();
      answer = {
        ...(!isWhole() && { tickets: chosen().map(({ ticket }) => ticket) }),
        ...(why !== "" && { reason: why }),
      };
      dialog.close();
    };
    const dialog = openDialog({
      title: t("org.refund.ask"),
      content: [
        boxes.length > 1 &&
          el(
            "fieldset",
            { class: "stack" },
            el("legend", null, t("org.refund.tickets")),
            boxes.map(({ ticket, input }) =>
              el("div", { class: "org-check" }, input, el("label", { for: input.id }, place(ticket))),
            ),
          ),
        el("div", { class: "field" }, el("label", { for: reasonID }, t("org.refund.reason")), reason),
        effect,
        el("p", null, t("org.refund.final")),
        el(
          "div",
          { class: "row dialog-buttons" },
          el("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, t("org.dialog.no")),
          submit,
        ),
      ],
      onClose: () => resolve(answer),
    });
    update();
  });
}
