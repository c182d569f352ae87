import { announce } from "../../lib/announce.js";
import { el, setText } from "../../lib/dom.js";
import { moneyWords, t } from "../../lib/i18n.js";
import { declineReason, isSentBack, refusal } from "../words.js";
import { actionButton, notice, stepView } from "./parts.js";

/** @typedef {import("../../../../client/src/types.js").EventSummary} EventSummary */
/** @template Model @typedef {import("./parts.js").View<Model>} View */

const LONG_MILLISECONDS = 8000;

/**
 * @typedef {object} PayingModel
 * @property {EventSummary} event
 * @property {boolean} isPlaced whether the server has the order
 * @property {import("../../../../client/src/index.js").Problem | undefined} trouble why there is no answer yet
 */

/**
 * The payment is in progress.
 * @param {PayingModel} model @returns {View<PayingModel>}
 */
export function payingView({ event }) {
  const state = el("p", { role: "status" }, t("paying.sent"));
  const began = Date.now();
  return stepView(event, {
    title: t("paying.title"),
    isCentered: true,
    card: [
      el("progress", { "aria-label": t("paying.title") }),
      state,
      el("p", { class: "notice" }, t("paying.safe")),
    ],
    update: ({ isPlaced, trouble }) => {
      const isLong = Date.now() - began > LONG_MILLISECONDS;
      const key = isPlaced ? "paying.working" : "paying.sent";
      setText(state, trouble ? t("paying.trouble", { reason: refusal(trouble) }) : t(isLong ? "paying.long" : key));
    },
  });
}

/**
 * @typedef {object} FailedModel
 * @property {EventSummary} event
 * @property {import("../../../../client/src/types.js").Order} order declined or expired
 * @property {boolean} canShop
 * @property {() => void} tryAgain
 */

/**
 * The payment failed: what happened to the money, and what to do now.
 * @param {FailedModel} model @returns {View<FailedModel>}
 */
export function failedView({ event, order, canShop, tryAgain }) {
  const isDeclined = order.state === "declined";
  const title = t(isDeclined ? "failed.declined" : "failed.expired");
  const isUncharged = isDeclined && !isSentBack(order.declineCode);
  announce(title, { isUrgent: true });
  return stepView(event, {
    title,
    card: [
      isDeclined && el("p", null, declineReason(order.declineCode ?? "")),
      notice(
        "good",
        el("p", null, t(isUncharged ? "failed.noMoney" : "failed.moneyBack", {
          amount: moneyWords(order.amount, order.currency),
        })),
      ),
      el("p", null, t(canShop ? "failed.seatsFree" : "failed.seatsFreeNoPass")),
      el(
        "div",
        { class: "row" },
        actionButton(t(canShop ? "failed.again" : "failed.goOn"), tryAgain, "primary"),
        el("a", { class: "button", href: "/orders" }, t("orders.title")),
      ),
    ],
  });
}
