import { el, setText } from "../../lib/dom.js";
import { formatMoney, t } from "../../lib/i18n.js";
import { paint } from "../../map/colors.js";

/**
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * What a fan looks for: anything, a price category with seats, or a standing area.
 * @typedef {{ kind: "all" } | { kind: "category", name: string } | { kind: "area", name: string }} Wanted
 */

/**
 * Chooses what to look for among everything that has a price.
 * @param {SeatingChart} chart @param {Event} event @param {(wanted: Wanted) => void} chosen
 * @returns {{ element: HTMLElement, choose: (wanted: Wanted) => void, update: () => void }} `update` shows new prices
 */
export function priceChips(chart, event, chosen) {
  /** @type {Map<string, HTMLInputElement>} */
  const inputs = new Map();
  const chip = (/** @type {Wanted} */ wanted, /** @type {(Node | string)[]} */ ...label) => {
    const id = `wanted-${inputs.size}`;
    const input = el("input", { type: "radio", name: "wanted", id, class: "visually-hidden", onchange: () => chosen(wanted) });
    inputs.set(keyOf(wanted), input);
    const face = el("label", { for: id, class: "chip" }, ...label);
    // Some chips are out of sight on a phone.
    input.addEventListener("focus", () => face.scrollIntoView({ block: "nearest", inline: "nearest" }));
    return [input, face];
  };
  /** @type {(() => void)[]} */
  const prices = [];
  const priced = (/** @type {Wanted & { name: string }} */ wanted, /** @type {string} */ color, /** @type {{ amount: number }} */ sold) => {
    const price = el("span", { class: "number" });
    prices.push(() => setText(price, formatMoney(sold.amount, event.currency)));
    return chip(wanted, paint(el("span", { class: "dot", "aria-hidden": "true" }), color), wanted.name, " ", price);
  };
  const element = el(
    "fieldset",
    { class: "chips" },
    el("legend", { class: "visually-hidden" }, t("shop.filter")),
    chart.seatCount > 0 && chip({ kind: "all" }, t("shop.allPrices")),
    seatedCategories(chart).flatMap((one) => priced({ kind: "category", name: one.name }, one.color, one)),
    chart.areas.flatMap((area) => priced({ kind: "area", name: area.name }, chart.colorOf(area.category), area)),
  );
  const update = () => prices.forEach((show) => show());
  update();
  const choose = (/** @type {Wanted} */ wanted) => {
    const input = inputs.get(keyOf(wanted));
    if (!input) return;
    input.checked = true;
    chosen(wanted);
  };
  return { element, choose, update };
}

/** @param {Wanted} wanted */
const keyOf = (wanted) => JSON.stringify([wanted.kind, wanted.kind === "all" ? "" : wanted.name]);

/** @param {SeatingChart} chart @returns the categories that have seats, in the chart's order */
function seatedCategories(chart) {
  const used = new Set(chart.category);
  return chart.categories.filter((_, index) => used.has(index));
}
