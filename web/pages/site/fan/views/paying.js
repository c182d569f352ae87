import { announce } from "../../lib/announce.js";
import { el, setText } from "../../lib/dom.js";
import { formatMoney, t } from "../../lib/i18n.js";
import { declineReason, isSentBack, refusal } from "../words.js";
import { actionButton, eventHead, heading, notice } from "./parts.js";

/**
 * @typedef {import("../event-page.js").EventPage} EventPage
 * @typedef {import("./parts.js").View} View
 */

const LONG_MILLISECONDS = 8000;

/**
 * The payment is on its way.
 * @param {EventPage} page @returns {View}
 */
export function payingView(page) {
  const state = el("p", { role: "status" }, t("paying.sent"));
  const began = Date.now();
  return {
    element: el(
      "div",
      { class: "stack" },
      eventHead(page.event),
      el(
        "section",
        { class: "card centered" },
        heading(t("paying.title")),
        el("progress", { "aria-label": t("paying.title") }),
        state,
        el("p", { class: "notice" }, t("paying.safe")),
      ),
    ),
    title: t("paying.title"),
    update: () => {
      const isLong = Date.now() - began > LONG_MILLISECONDS;
      const key = page.order ? "paying.working" : "paying.sent";
      setText(
        state,
        page.trouble ? t("paying.trouble", { reason: refusal(page.trouble) }) : t(isLong ? "paying.long" : key),
      );
    },
  };
}

/**
 * It came to nothing: what happened to the money, and what to do now.
 * @param {EventPage} page @returns {View}
 */
export function failedView(page) {
  const { order } = page;
  const isDeclined = order?.state === "declined";
  const title = t(isDeclined ? "failed.declined" : "failed.expired");
  const isUncharged = isDeclined && !isSentBack(order.declineCode);
  announce(title, { isUrgent: true });
  const canShop = page.journey.hasPass;
  return {
    element: el(
      "div",
      { class: "stack" },
      eventHead(page.event),
      el(
        "section",
        { class: "card" },
        heading(title),
        isDeclined && el("p", null, declineReason(order.declineCode ?? "")),
        notice(
          "good",
          el("p", null, t(isUncharged ? "failed.noMoney" : "failed.moneyBack", {
            amount: order ? formatMoney(order.amount, order.currency) : "",
          })),
        ),
        el("p", null, t(canShop ? "failed.seatsFree" : "failed.seatsFreeNoPass")),
        el(
          "div",
          { class: "row" },
          actionButton(t(canShop ? "failed.again" : "failed.goOn"), () => page.tryAgain(), "primary"),
          el("a", { class: "button", href: "/orders" }, t("orders.title")),
        ),
      ),
    ),
    title,
  };
}
