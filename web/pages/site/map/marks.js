import { el, svg } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { paint } from "./colors.js";
import { Look } from "./looks.js";
import { stateWord } from "./words.js";

const MOST_COLORS = 4;

/**
 * The mark for a look, as the map draws it.
 * @param {string} name @param {string[]} colors of free seats
 */
function mark(name, colors) {
  if (name === "free" && colors.length > 0) {
    const wide = 18 + 9 * (colors.length - 1);
    const discs = colors.map((fill, place) => paint(svg("circle", { r: 7, cx: 9 * place, class: "disc" }), fill));
    return svg("svg", { viewBox: `-9 -9 ${wide} 18`, width: (wide * 16) / 18, height: 16, "aria-hidden": "true" }, discs);
  }
  const parts = {
    free: [svg("circle", { r: 8, class: "fill" })],
    held: [svg("circle", { r: 5.5, class: "line" }), svg("path", { d: "M0 5.5A5.5 5.5 0 0 1 0-5.5Z", class: "fill" })],
    sold: [svg("circle", { r: 3.4, class: "fill" })],
    blocked: [svg("path", { d: "M-4-4 4 4M4-4-4 4", class: "line" })],
    picked: [svg("circle", { r: 8, class: "fill" }), svg("path", { d: "M-3.4.3-.8 2.9 3.7-2.6", class: "check" })],
  }[name];
  return svg("svg", { viewBox: "-9 -9 18 18", width: 16, height: 16, "aria-hidden": "true" }, parts ?? []);
}

/**
 * The mark for a state, in the state's color.
 * @param {"free" | "held" | "sold" | "blocked"} state
 */
export const stateMark = (state) => el("span", { class: `seat-mark is-${state}` }, mark(state, []));

/**
 * What the marks on the seats mean.
 * @param {import("./looks.js").Mode} mode @param {string[]} colors of the categories
 * @returns {HTMLElement}
 */
export function legend(mode, colors) {
  const names = /** @type {const} */ (["free", "picked", "held", "sold", "blocked"]);
  const items = names.map((name) =>
    el("li", { class: `seat-mark is-${name}` }, mark(name, colors.slice(0, MOST_COLORS)), stateWord(Look[name], mode)),
  );
  return el("ul", { class: "seat-map-legend", "aria-label": t("map.legend") }, items);
}
