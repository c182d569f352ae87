import { Problem } from "../../../client/src/index.js";
import { delay } from "../../../client/src/listening.js";
import { el, show } from "../lib/dom.js";
import { formatMoney, moneyWords, t } from "../lib/i18n.js";
import { openDialog } from "./dialog.js";
import { OrderStory } from "./order-story.js";
import { Outcome, exactDate, orderBadges, roleNote, workButton } from "./parts.js";
import { seatWords } from "./place-words.js";
import { problemWords } from "./problem-words.js";
import { askRefund } from "./refund-dialog.js";

/**
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("../../../client/src/types.js").OrganizerOrder} OrganizerOrder
 * @typedef {import("../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * @typedef {object} OrderModel
 * @property {boolean} mayRefund
 * @property {(id: string) => Promise<Order>} order fetches the order as it stands now
 * @property {(id: string, what: import("./refund-dialog.js").Refund) => Promise<Order>} refund
 * @property {(id: string) => Promise<import("../../../client/src/types.js").Story>} story
 * @property {() => void} refresh updates the event's numbers
 * @property {() => SeatingChart | undefined} chart supplies the names of the seats once loaded
 * @property {(told: () => void) => void} onChart tells when it is
 */

/** How long the dialog waits for the provider to confirm a refund. */
const REFUND_MILLISECONDS = 30_000;

/** @param {OrganizerOrder} order @param {string} seat */
const isReturned = ({ state, tickets }, seat) => state === "confirmed" && !tickets.some((ticket) => ticket.seat === seat);

/** @param {SeatingChart | undefined} chart @param {OrganizerOrder} order */
function facts(chart, order) {
  return el(
    "dl",
    { class: "org-facts" },
    el("dt", null, t("org.order.state")),
    el(
      "dd",
      null,
      orderBadges(order),
      order.declineCode && ` ${t("org.order.declineCode", { code: order.declineCode })}`,
    ),
    el("dt", null, t("org.order.placedAt")),
    el("dd", null, exactDate(order.placedAt)),
    el("dt", null, t("org.order.buyer")),
    el("dd", null, order.buyer),
    el("dt", null, t("org.order.amount")),
    el("dd", null, formatMoney(order.amount, order.currency)),
    (order.refundedAmount ?? 0) > 0 && [
      el("dt", null, t("org.order.refunded")),
      el("dd", null, formatMoney(order.refundedAmount ?? 0, order.currency)),
    ],
    el("dt", null, t("org.order.lines")),
    order.lines.map((line) =>
      el(
        "dd",
        null,
        t(
          "org.order.line",
          { category: line.category, count: line.quantity, amount: formatMoney(line.unitAmount, order.currency) },
        ),
      ),
    ),
    el("dt", null, t("org.order.seats")),
    order.area === null
      ? order.seats.map((seat) => el("dd", null, seatWords(chart, seat), isReturned(order, seat) && ` ${t("org.order.returned")}`))
      : el("dd", null, t("org.order.places", { name: order.area, count: order.quantity })),
  );
}

/**
 * Shows an order in full, with a button to refund it.
 * @param {OrderModel} model @param {OrganizerOrder} order
 * @param {{ onChange: (order: OrganizerOrder) => void, onClose: () => void }} told
 */
export function openOrder(model, order, told) {
  let shown = order;
  const leaving = new AbortController();
  const outcome = new Outcome();
  const place = el("div", { class: "stack" });
  const story = new OrderStory(() => model.story(order.order));
  const refundPlace = el("div", null);
  const take = (/** @type {Order} */ changed) => {
    const isOther = changed.state !== shown.state || changed.refundedAmount !== shown.refundedAmount;
    // What the answer leaves out is no longer so, but for what only a list of orders tells.
    const { buyer, mailBounced } = shown;
    shown = { ...changed, buyer, ...(mailBounced && { mailBounced }) };
    told.onChange(shown);
    update();
    if (isOther) void story.load();
  };
  const look = () => model.order(shown.order);

  const refund = async () => {
    const chart = model.chart();
    const place = (/** @type {import("../../../client/src/types.js").Ticket} */ { seat, area }) =>
      seat === undefined ? area ?? "" : seatWords(chart, seat);
    const wanted = await askRefund(shown, chart, place);
    if (!wanted) return;
    const before = shown;
    outcome.say("busy", t("org.working"));
    try {
      take(await model.refund(shown.order, wanted));
    } catch (error) {
      const isUnknown = error instanceof Problem && error.isPassing;
      if (!isUnknown || !(await wasRefunded(before))) return outcome.say(
        "bad",
        problemWords(error) + (isUnknown ? ` ${t("org.refund.unknown")}` : ""),
      );
    }
    model.refresh();
    await followRefund(before.refundedAmount ?? 0);
  };
  /** Whether a refund was made even though the answer was lost. */
  const wasRefunded = async (/** @type {OrganizerOrder} */ before) => {
    try {
      take(await look());
      return shown.state !== "confirmed" || shown.tickets.length < before.tickets.length;
    } catch {
      return false;
    }
  };
  const isGoing = () => shown.state === "refunding" || (shown.refundingAmount ?? 0) > 0;
  const followRefund = async (/** @type {number} */ before) => {
    const until = Date.now() + REFUND_MILLISECONDS;
    while (isGoing() && Date.now() < until && !leaving.signal.aborted) {
      outcome.say("busy", t("org.refund.going"));
      await delay(1000, leaving.signal);
      try {
        take(await look());
      } catch {
        // The server keeps asking the provider regardless of this request.
      }
    }
    const amount = moneyWords((shown.refundedAmount ?? 0) - before, shown.currency);
    if (!isGoing()) outcome.say("good", t("org.refund.done", { amount }));
    else outcome.say("warn", t("org.refund.later"));
    model.refresh();
  };
  const button = workButton(t("org.refund.submit"), refund, "danger");
  const close = el("button", { type: "button", onclick: () => dialog.close() }, t("org.dialog.close"));
  const update = () => {
    show(place, facts(model.chart(), shown));
    // While a payment is disputed, the bank decides where the money goes.
    const hadFocus = refundPlace.contains(document.activeElement);
    show(refundPlace, shown.state === "confirmed" && !shown.disputed && (model.mayRefund ? button : roleNote("box-office")));
    if (hadFocus && !refundPlace.contains(document.activeElement)) close.focus();
  };
  update();
  const dialog = openDialog({
    title: t("org.order.title", { order: order.order }),
    kind: "wide",
    content: [
      place,
      story.element,
      el(
        "div",
        { class: "stack org-dialog-foot" },
        outcome.element,
        el(
          "div",
          { class: "row dialog-buttons" },
          refundPlace,
          close,
        ),
      ),
    ],
    onClose: () => {
      leaving.abort();
      story.stop();
      told.onClose();
    },
  });
}
