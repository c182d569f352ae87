import { el, setText } from "../../lib/dom.js";
import { formatDate, t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { nextMoment } from "../journey.js";
import { countdown } from "../words.js";
import { eventHead, heading, priceList } from "./parts.js";

/**
 * @typedef {import("../event-page.js").EventPage} EventPage
 * @typedef {import("./parts.js").View} View
 */

/**
 * Nothing to do yet but to wait.
 * @param {EventPage} page @returns {View}
 */
export function beforeView(page) {
  const label = el("p", { class: "soft" });
  const clockText = el("p", { class: "big-clock number", role: "timer" });
  const date = el("p", { class: "soft" });
  return {
    element: el(
      "div",
      { class: "stack" },
      eventHead(page.event),
      el(
        "section",
        { class: "card centered" },
        heading(t("before.title")),
        label,
        clockText,
        date,
        el("p", null, t(page.event.onsale.waitingRoom ? "before.explainLobby" : "before.explain")),
      ),
      el("section", { class: "card" }, el("h2", null, t("prices.title")), priceList(page.event)),
    ),
    title: t("before.title"),
    update: () => {
      const { kind, at } = nextMoment({ ...page.event.onsale, opensAt: page.room.opensAt }, clock.now());
      const left = (Date.parse(at) - clock.now()) / 1000;
      setText(label, t(`before.${kind}`));
      setText(clockText, left > 0 ? countdown(left) : t("before.now"));
      setText(date, formatDate(at));
    },
  };
}

/** @param {EventPage} page @returns {View} */
export function closedView(page) {
  return told(page, "closed");
}

/**
 * Sold out, and no place in a line that would bring one back.
 * @param {EventPage} page @returns {View}
 */
export function soldOutView(page) {
  return told(page, "soldOut");
}

/** @param {EventPage} page @param {"closed" | "soldOut"} step @returns {View} */
function told(page, step) {
  return {
    element: el(
      "div",
      { class: "stack" },
      eventHead(page.event),
      el(
        "section",
        { class: "card centered" },
        heading(t(`${step}.title`)),
        el("p", null, t(`${step}.explain`)),
        el("p", null, el("a", { class: "button", href: "/orders" }, t("orders.title"))),
      ),
    ),
    title: t(`${step}.title`),
  };
}
