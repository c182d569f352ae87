import { confirmed } from "../../lib/dialog.js";
import { el, setText } from "../../lib/dom.js";
import { formatClock, formatDate, moneyWords, t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { calendarFile } from "../ics.js";
import { actionAddress } from "../payment.js";
import { orderPath } from "../routes.js";
import { declineReason, isSentBack, placesOf, standingOf } from "../words.js";
import { ORDER_KINDS } from "./orders.js";
import { actionButton, amounts, notice } from "./parts.js";

/**
 * @typedef {import("../../../../client/src/types.js").Order} Order
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
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

/** How long a buyer has to confirm a payment, from the order on. */
const CONFIRM_MILLISECONDS = 600_000;

/**
 * The way to the bank's page, and how long it is open.
 * @param {Order} order @returns {{ element: HTMLElement, update: () => void }}
 */
export function confirmation(order) {
  const address = actionAddress(order);
  if (address === undefined) return { element: notice("bad", t("order.noAction")), update: () => {} };
  const left = el("strong", { class: "number", role: "timer" });
  const update = () => {
    const seconds = (Date.parse(order.placedAt) + CONFIRM_MILLISECONDS - clock.now()) / 1000;
    setText(left, formatClock(seconds));
    left.classList.toggle("hurry", seconds < 60);
  };
  update();
  const element = el(
    "div",
    { class: "row no-print" },
    actionButton(t("order.action"), () => location.assign(address), "primary"),
    el("p", { class: "hold-clock" }, t("order.actionLeft"), " ", left),
  );
  return { element, update };
}

/**
 * @param {Order} order @param {SeatingChart | undefined} chart for the names of its seats
 * @param {HTMLElement} [cancel] the button that cancels it
 */
export function receipt(order, chart, cancel) {
  const refunded = refundWords(order);
  return el(
    "section",
    { class: "card no-print" },
    el("h2", null, t("order.receipt")),
    amounts(order.lines, order.amount, order.currency),
    el(
      "dl",
      { class: "facts small" },
      // What was bought is told whatever became of it.
      el("dt", null, t("order.places")), el("dd", null, placesOf(order, chart)),
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
      const isSure = await confirmed({
        title: t("cancel.title"), text: [t("cancel.explain", { amount: moneyWords(rest, order.currency) })],
        keep: t("cancel.keep"), action: t("cancel.confirm"), isDanger: true,
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
