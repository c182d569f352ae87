import { el } from "../../lib/dom.js";
import { formatDate, moneyWords, t } from "../../lib/i18n.js";
import { calendarFile } from "../ics.js";
import { actionAddress } from "../payment.js";
import { orderPath } from "../routes.js";
import { declineReason, isSentBack, standingOf } from "../words.js";
import { askDialog } from "./ask-dialog.js";
import { ORDER_KINDS } from "./orders.js";
import { actionButton, amounts, notice } from "./parts.js";

/**
 * @typedef {import("../../../../client/src/types.js").Order} Order
 * @typedef {import("../../../../client/src/types.js").Event} Event
 */

/** @param {Order} order @returns {string} what of it went back; empty if nothing did */
function refundWords({ refundedAmount = 0, currency }) {
  return refundedAmount > 0 ? moneyWords(refundedAmount, currency) : "";
}

/** @param {Order} order how it stands, and what that means */
export function standingNotice(order) {
  const standing = standingOf(order);
  const isDeclined = standing === "declined";
  const explain = isDeclined && isSentBack(order.declineCode) ? "expired" : standing;
  const refunded = refundWords(order);
  return el(
    "div",
    { class: ["notice", ORDER_KINDS[standing], "no-print"] },
    el("p", null, el("strong", null, t(`order.state.${standing}`))),
    isDeclined && el("p", null, declineReason(order.declineCode ?? "")),
    el("p", null, t(`order.explain.${explain}`, { amount: moneyWords(order.amount, order.currency) })),
    standing === "confirmed" && refunded !== "" && el("p", null, t("order.refundedPart", { refunded })),
  );
}

/** @param {Order} order the link to the bank's page */
export function confirmation(order) {
  const address = actionAddress(order);
  if (address === undefined) return notice("bad", t("order.noAction"));
  return el(
    "div",
    { class: "row no-print" },
    actionButton(t("order.action"), () => location.assign(address), "primary"),
  );
}

/** @param {Order} order @param {HTMLElement} [cancel] the button that cancels it */
export function receipt(order, cancel) {
  const refunded = refundWords(order);
  return el(
    "section",
    { class: "card no-print" },
    el("h2", null, t("order.receipt")),
    amounts(order.lines, order.amount, order.currency),
    el(
      "dl",
      { class: "facts small" },
      el("dt", null, t("order.number")), el("dd", null, el("code", { class: "hash" }, order.order)),
      el("dt", null, t("order.placedAt")), el("dd", null, formatDate(order.placedAt)),
      refunded !== "" && [el("dt", null, t("order.refunded")), el("dd", { class: "number" }, refunded)],
    ),
    cancel && el("div", { class: "row" }, cancel),
  );
}

/** @param {Order} order @param {() => Promise<void>} cancel called when the buyer is sure */
export function cancelButton(order, cancel) {
  return actionButton(
    t("cancel.button"),
    async () => {
      const rest = order.amount - (order.refundedAmount ?? 0);
      const isSure = await askDialog({
        title: t("cancel.title"), text: [t("cancel.explain", { amount: moneyWords(rest, order.currency) })],
        keep: t("cancel.keep"), confirm: t("cancel.confirm"),
      });
      if (isSure) await cancel();
    },
    "danger",
  );
}

/** @param {Order} order @param {Event} event @param {{ places: string[], at: string }} options `at` is now */
export function saveCalendar(order, event, { places, at }) {
  const text = calendarFile({
    uid: `${order.order}@onsale`,
    startsAt: event.startsAt,
    stampedAt: at,
    summary: event.title,
    location: event.venue,
    description: places.join("\n"),
    url: location.origin + orderPath(order.event, order.order),
  });
  const address = URL.createObjectURL(new Blob([text], { type: "text/calendar" }));
  el("a", { href: address, download: `${order.event}.ics` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
