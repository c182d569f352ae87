import { el } from "../../lib/dom.js";
import { formatMoney, t } from "../../lib/i18n.js";
import { eventPath } from "../routes.js";
import { when } from "../words.js";

/**
 * @typedef {import("../../../../client/src/types.js").EventSummary} EventSummary
 * @typedef {import("../../../../client/src/types.js").PriceLine} PriceLine
 * @typedef {import("../../lib/dom.js").Child} Child
 */

/**
 * One screen. A step's view is created from its model, then updated with a fresh model right away, every second, and
 * whenever something changes.
 * @template [Model=void]
 * @typedef {object} View
 * @property {HTMLElement} element
 * @property {string} title
 * @property {(model: Model) => void} [update]
 * @property {() => void} [close]
 * @property {(state: any) => void} [cameTo] the browser went back or forward within this page, to this history state
 */

/** @typedef {(path: string, options?: { isInstead?: boolean }) => void} Navigate `isInstead`: Back skips the page left */

/** @param {string} text a view's heading, which takes the focus when the view appears */
export const heading = (text) => el("h1", { tabindex: "-1" }, text);

/** @param {EventSummary} event the name, venue and date shown above every step */
export function eventHead(event) {
  return el(
    "div",
    { class: "event-head" },
    el("p", { class: "event-name" }, el("a", { href: eventPath(event.id) }, event.title)),
    el("p", { class: "soft small" }, placeAndTime(event)),
  );
}

/** @param {EventSummary} event */
const placeAndTime = (event) => `${event.venue} · ${when(event.startsAt, event)}`;

/**
 * A step's view: the event's head, a card with the step's heading, and whatever goes below the card. On the event's own
 * page the event's name is the heading of all.
 * @template Model
 * @param {EventSummary} event
 * @param {object} parts
 * @param {string} parts.title
 * @param {(Child | Child[])[]} parts.card
 * @param {boolean} [parts.isCentered]
 * @param {boolean} [parts.isTheEvents] whether this is the event's own page rather than a step of the fan's
 * @param {Child[]} [parts.below]
 * @param {(model: Model) => void} [parts.update]
 * @returns {View<Model>}
 */
export function stepView(event, { title, card, isCentered = false, isTheEvents = false, below = [], update }) {
  const head = isTheEvents
    ? el("div", { class: "event-head" }, heading(event.title), el("p", { class: "soft" }, placeAndTime(event)))
    : eventHead(event);
  return {
    element: el(
      "div",
      { class: "stack" },
      head,
      el(
        "section",
        { class: ["card", isCentered && "centered"] },
        isTheEvents ? el("h2", { tabindex: "-1" }, title) : heading(title),
        ...card,
      ),
      below,
    ),
    title,
    ...(update && { update }),
  };
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
          el(
            "th",
            { scope: "row" },
            line.category,
            " ",
            el("span", { class: "times" }, t("amounts.times", { unit: formatMoney(line.unitAmount, currency), count: line.quantity })),
          ),
          el("td", { class: "number" }, formatMoney(line.unitAmount * line.quantity, currency)),
        ),
      ),
      el(
        "tr",
        null,
        el("th", { scope: "row" }, t("amounts.fees")),
        el("td", { class: "number" }, formatMoney(0, currency)),
      ),
    ),
    el(
      "tfoot",
      null,
      el(
        "tr",
        null,
        el("th", { scope: "row" }, t("amounts.total")),
        el("td", { class: "number total" }, formatMoney(amount, currency)),
      ),
    ),
  );
}

/**
 * A button that ignores further clicks until its work is done.
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
