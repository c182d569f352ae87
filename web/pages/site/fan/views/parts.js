import { el } from "../../lib/dom.js";
import { formatDate, formatMoney, t } from "../../lib/i18n.js";
import { eventPath } from "../routes.js";

/**
 * @typedef {import("../../../../client/src/types.js").EventSummary} EventSummary
 * @typedef {import("../../../../client/src/types.js").PriceLine} PriceLine
 *
 * @typedef {object} View one screen
 * @property {HTMLElement} element
 * @property {string} title
 * @property {() => void} [update] told at least each second, and whenever something has changed
 * @property {() => void} [close]
 */

/** @param {string} text the heading of a view, which takes the focus when the view comes */
export const heading = (text) => el("h1", { tabindex: "-1" }, text);

/** @param {EventSummary} event what is on, where and when, above every step */
export function eventHead(event) {
  return el(
    "div",
    { class: "event-head" },
    el("p", { class: "event-name" }, el("a", { href: eventPath(event.id) }, event.title)),
    el("p", { class: "soft small" }, `${event.venue} · ${formatDate(event.startsAt)}`),
  );
}

/** @param {PriceLine[]} lines @param {number} amount @param {string} currency */
export function amounts(lines, amount, currency) {
  return el(
    "table",
    { class: "amounts" },
    el("caption", { class: "visually-hidden" }, t("amounts.caption")),
    el(
      "tbody",
      null,
      lines.map((line) =>
        el(
          "tr",
          null,
          el("th", { scope: "row" }, line.category),
          el("td", null, t("amounts.times", { unit: formatMoney(line.unitAmount, currency), count: line.quantity })),
          el("td", { class: "number" }, formatMoney(line.unitAmount * line.quantity, currency)),
        ),
      ),
      el(
        "tr",
        null,
        el("th", { scope: "row" }, t("amounts.fees")),
        el("td", null, t("amounts.noFees")),
        el("td", { class: "number" }, formatMoney(0, currency)),
      ),
    ),
    el(
      "tfoot",
      null,
      el(
        "tr",
        null,
        el("th", { scope: "row", colspan: "2" }, t("amounts.total")),
        el("td", { class: "number total" }, formatMoney(amount, currency)),
      ),
    ),
  );
}

/**
 * A button that works once at a time: while its work is done, clicks count for nothing.
 * @param {string} label @param {() => unknown} work @param {string} [className]
 */
export function actionButton(label, work, className = "") {
  let isWorking = false;
  const button = el(
    "button",
    {
      type: "button",
      class: className,
      onclick: async () => {
        if (isWorking) return;
        isWorking = true;
        button.setAttribute("aria-disabled", "true");
        try {
          await work();
        } finally {
          isWorking = false;
          button.removeAttribute("aria-disabled");
        }
      },
    },
    label,
  );
  return button;
}

/** @param {"good" | "warn" | "bad" | ""} kind @param {...(Node | string)} children */
export const notice = (kind, ...children) => el("div", { class: ["notice", kind] }, ...children);

/** @param {EventSummary} event */
export function priceList(event) {
  return el(
    "dl",
    { class: "prices" },
    event.prices.map((price) =>
      el(
        "div",
        null,
        el("dt", null, price.category),
        el("dd", { class: "number" }, formatMoney(price.amount, event.currency)),
      ),
    ),
  );
}
