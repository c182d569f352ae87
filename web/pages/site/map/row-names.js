import { el, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { toPlan, visible } from "./view.js";

/**
 * @typedef {import("./chart.js").SeatingChart} SeatingChart
 * @typedef {import("./view.js").View} View
 * @typedef {import("./view.js").Size} Size
 * @typedef {{ name: string, y: number }} RowName `y` in screen pixels
 */

/** From this many pixels between neighbors on, rows have names. */
export const ROW_NAMES_FROM = 15;
/** Rows closer than this would have their names on top of each other. */
const LEAST_APART = 12;
const MOST_NAMES = 60;

/**
 * The rows that the screen's left edge cuts, whose own names are outside.
 * @param {SeatingChart} chart @param {View} view @param {Size} size @returns {RowName[]} from top to bottom
 */
export function rowsAtEdge(chart, view, size) {
  if (chart.spacing * view.scale < ROW_NAMES_FROM) return [];
  const screen = visible(view, size);
  const edge = toPlan(view, { x: chart.spacing * view.scale, y: 0 }).x;
  /** @type {RowName[]} */
  const found = [];
  for (const section of chart.sections) {
    const { left, right, top, bottom } = section.bounds;
    if (left > edge || right < edge || bottom < screen.top || top > screen.bottom) continue;
    for (const row of section.rows) {
      const index = nearestSeat(chart, row, edge);
      const isCut = Math.min(chart.x[row.first] ?? 0, chart.x[row.first + row.count - 1] ?? 0) < screen.left;
      const y = (chart.y[index] ?? 0) * view.scale + view.y;
      const isHere = Math.abs((chart.x[index] ?? 0) - edge) <= 1.5 * chart.spacing;
      if (isCut && isHere && y >= 0 && y <= size.height) found.push({ name: row.name, y });
    }
  }
  found.sort((a, b) => a.y - b.y);
  /** @type {RowName[]} */
  const kept = [];
  for (const row of found) if (row.y - (kept.at(-1)?.y ?? -Infinity) >= LEAST_APART) kept.push(row);
  return kept.slice(0, MOST_NAMES);
}

/** @param {SeatingChart} chart @param {import("./chart.js").Row} row @param {number} x */
function nearestSeat(chart, row, x) {
  let best = row.first;
  for (let index = row.first; index < row.first + row.count; index += 1) {
    if (Math.abs((chart.x[index] ?? 0) - x) < Math.abs((chart.x[best] ?? 0) - x)) best = index;
  }
  return best;
}

/** The names of the rows that go on beyond the left edge, at that edge. */
export class RowNames {
  element = el("div", { class: "seat-map-rows" });
  /** @type {HTMLElement[]} kept for reuse: this runs with every frame of a drag */
  #names = [];

  /** @param {SeatingChart} chart @param {View} view @param {Size} size */
  place(chart, view, size) {
    const rows = rowsAtEdge(chart, view, size);
    while (this.#names.length < rows.length) {
      const name = el("span");
      this.#names.push(name);
      this.element.append(name);
    }
    for (const [place, name] of this.#names.entries()) {
      const row = rows[place];
      name.hidden = row === undefined;
      if (!row) continue;
      setText(name, t("map.row", { row: row.name }));
      name.style.setProperty("transform", `translateY(${row.y.toFixed(1)}px) translateY(-50%)`);
    }
  }
}
