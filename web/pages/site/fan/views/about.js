import { el } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";

/** @typedef {import("../../../../client/src/types.js").Event} Event */

/** @param {string} text @returns {HTMLElement[]} a paragraph for each that blank lines part */
const paragraphs = (text) =>
  text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean).map((part) => el("p", { class: "own-lines" }, part));

/**
 * What an event tells about itself.
 * @param {Event} event @returns {HTMLElement | false} false if it tells nothing
 */
export function aboutEvent(event) {
  const { description, posterURL, ageLimit, runningMinutes, terms } = event;
  /** @type {[string, string][]} */
  const facts = [];
  if (ageLimit !== undefined) facts.push([t("about.age"), ageLimit > 0 ? t("about.ageFrom", { age: ageLimit }) : t("about.ageAll")]);
  if (runningMinutes !== undefined) facts.push([t("about.running"), t("about.minutes", { count: runningMinutes })]);
  if (!description && !posterURL && !terms && facts.length === 0) return false;
  return el(
    "section",
    { class: "card stack about" },
    el("h2", null, t("about.title")),
    posterURL && poster(posterURL, event.title),
    paragraphs(description ?? ""),
    facts.length > 0 && el("dl", { class: "about-facts" }, facts.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value)))),
    termsOf(event),
  );
}

/** @param {Pick<Event, "terms">} event @returns {HTMLElement | false} its terms, folded; false if it has none */
export const termsOf = ({ terms }) =>
  terms !== undefined &&
  el("details", null, el("summary", null, t("about.terms")), el("div", { class: "stack" }, paragraphs(terms)));

/** @param {string} url @param {string} title @returns {HTMLElement} gone if it can't be shown */
function poster(url, title) {
  const image = el("img", {
    class: "poster", src: url, alt: t("about.poster", { title }), loading: "lazy", referrerpolicy: "no-referrer",
    onerror: () => image.remove(),
  });
  return image;
}
