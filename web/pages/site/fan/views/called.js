import { el, setText } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { refusal } from "../words.js";
import { eventHead, heading } from "./parts.js";

/**
 * @typedef {import("../event-page.js").EventPage} EventPage
 * @typedef {import("./parts.js").View} View
 */

/**
 * The draw is being held: the number comes in a moment.
 * @param {EventPage} page @returns {View}
 */
export function drawingView(page) {
  return asking(page, "drawing");
}

/**
 * One's number is called: the pass is asked for without a click.
 * @param {EventPage} page @returns {View}
 */
export function calledView(page) {
  return asking(page, page.event.onsale.waitingRoom ? "called" : "opening");
}

/** @param {EventPage} page @param {string} step @returns {View} */
function asking(page, step) {
  const trouble = el("p", { class: "notice warn" });
  trouble.hidden = true;
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
        el("progress", { "aria-label": t(`${step}.title`) }),
        trouble,
      ),
    ),
    title: t(`${step}.title`),
    update: () => {
      trouble.hidden = page.trouble === undefined;
      if (page.trouble) setText(trouble, refusal(page.trouble));
    },
  };
}
