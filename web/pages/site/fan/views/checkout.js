import { announce } from "../../lib/announce.js";
import { el, setText } from "../../lib/dom.js";
import { formatClock, formatDate, formatMoney, moneyWords, t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { chartOf } from "../chart.js";
import { repricedWords } from "../repriced.js";
import { declineReason, isSentBack, placesOf } from "../words.js";
import { termsOf } from "./about.js";
import { actionButton, amounts, eventHead, heading, notice } from "./parts.js";

/** @typedef {import("../../../../client/src/types.js").Hold} Hold */

/**
 * @typedef {object} CheckoutModel
 * @property {import("../../../../client/src/types.js").Event} event
 * @property {Hold} hold
 * @property {string | undefined} declined the last payment's decline code
 * @property {import("../../../../client/src/types.js").Price[]} was what the page showed before, of what costs otherwise
 * @property {(method: string) => void} pay
 * @property {() => void} leave keeps the hold
 * @property {() => Promise<void>} release gives the hold back
 */

/** The sandbox's cards; the catalog explains each one. */
const CARDS = [
  "pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired", "pm_sandbox_slow", "pm_sandbox_timeout",
  "pm_sandbox_error", "pm_sandbox_captureFails",
];
/** At how many seconds left a screen reader announces the time. */
const TOLD_SECONDS = [60, 20];

/**
 * What is held, what it costs, and how to pay.
 * @param {CheckoutModel} model @returns {import("./parts.js").View<CheckoutModel>}
 */
export function checkoutView({ event, hold, declined, was, pay, leave, release }) {
  const left = el("strong", { class: "number", role: "timer" });
  const places = el("p", null, placesOf(hold));
  chartOf(event).then((chart) => setText(places, placesOf(hold, chart)), () => {});
  let lastSeconds = Infinity;
  let isPaying = false;

  const cards = CARDS.map((card, index) => {
    const input = el(
      "input",
      { type: "radio", name: "card", id: card, value: card, "aria-describedby": `${card}-does` },
    );
    input.checked = index === 0;
    return el(
      "div",
      { class: "choice card-choice" },
      input,
      el(
        "label",
        { for: card },
        t(`card.${card}`),
        el("span", { class: "small soft", id: `${card}-does` }, t(`card.${card}.does`)),
      ),
    );
  });

  const form = el(
    "form",
    {
      class: "stack",
      onsubmit: (/** @type {SubmitEvent} */ submit) => {
        submit.preventDefault();
        if (isPaying) return;
        isPaying = true;
        const chosen = new FormData(form).get("card");
        pay(String(chosen ?? CARDS[0]));
      },
    },
    el(
      "fieldset",
      { class: "stack" },
      el("legend", null, t("checkout.card")),
      el("p", { class: "notice small" }, t("checkout.testCards")),
      cards,
    ),
    el(
      "button",
      { type: "submit", class: "primary wide" },
      t("checkout.pay", { amount: formatMoney(hold.amount, hold.currency) }),
    ),
    el("p", { class: "small soft" }, t("checkout.once")),
    termsOf(event),
  );

  return {
    element: el(
      "div",
      { class: "stack" },
      eventHead(event),
      heading(t("checkout.title")),
      el("p", { class: "hold-clock" }, t("checkout.heldFor"), " ", left),
      el(
        "div",
        { class: "checkout-grid" },
        el(
          "section",
          { class: "card" },
          el("h2", null, t("checkout.summary")),
          places,
          was.length > 0 && notice("warn", el("p", null, t("checkout.repriced", { changes: repricedWords(hold, was) }))),
          amounts(hold.lines, hold.amount, hold.currency),
          el(
            "div",
            { class: "row" },
            actionButton(t("checkout.back"), leave),
            actionButton(t("hold.release"), release, "danger"),
          ),
        ),
        el("section", { class: "card stack" }, declined !== undefined && declinedNotice(hold, declined), form),
      ),
    ),
    title: t("checkout.title"),
    update: () => {
      const seconds = (Date.parse(hold.expiresAt) - clock.now()) / 1000;
      setText(left, formatClock(seconds));
      const told = TOLD_SECONDS.find((at) => lastSeconds > at && seconds <= at);
      if (told !== undefined && lastSeconds !== Infinity) {
        announce(t("checkout.left", { count: told }), { isUrgent: true });
      }
      lastSeconds = seconds;
      left.classList.toggle("hurry", seconds < 60);
    },
  };
}

/**
 * Says why the last payment was declined, what happened to the money, and that the fan may try again: beside the cards,
 * where its heading takes the focus.
 * @param {Hold} hold @param {string} code
 */
function declinedNotice(hold, code) {
  const amount = moneyWords(hold.amount, hold.currency);
  // Minutes ahead, so by the clock that the fan sees beside it.
  const until = formatDate(hold.expiresAt, { timeStyle: "medium" });
  return notice(
    "bad",
    el("h2", { class: "notice-head", tabindex: "-1" }, t("failed.declined")),
    el("p", null, declineReason(code)),
    el("p", null, t(isSentBack(code) ? "failed.moneyBack" : "failed.noMoney", { amount })),
    el("p", null, el("strong", null, t("checkout.again", { until }))),
  );
}
