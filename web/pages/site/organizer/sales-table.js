import { el, setText, show } from "../lib/dom.js";
import { formatMoney, formatNumber, t } from "../lib/i18n.js";
import { cardTable, section } from "./parts.js";

/**
 * @typedef {import("../../../client/src/types.js").Report} Report
 * @typedef {import("../../../client/src/types.js").SalesFigures} SalesFigures
 */

const COLUMNS = /** @type {const} */ (["sold", "held", "free", "blocked", "gross"]);

/**
 * How a sale goes, by price category and by section. Numbers change in place; the table is built anew only when what it
 * lists changes.
 * @param {(show: (report: Report) => void) => void} onReport
 */
export function salesTables(onReport) {
  const categories = new SalesTable(t("org.sales.category"));
  const sections = new SalesTable(t("org.sales.section"));
  // A hall may have a hundred.
  const folded = el("details", null, el("summary", null, t("org.sales.section")), sections.element);
  onReport((report) => {
    categories.set(report.categories.map((figures) => ({ name: figures.category, figures })), report.currency);
    sections.set(report.sections.map((figures) => ({ name: figures.section, figures })), report.currency);
    folded.hidden = report.sections.length === 0;
  });
  return section(t("org.sales.title"), categories.element, folded);
}

class SalesTable {
  element = el("div");
  #what;
  #shown = "";
  /** @type {HTMLElement[][]} */
  #cells = [];

  /** @param {string} what its lines are */
  constructor(what) {
    this.#what = what;
  }

  /** @param {{ name: string, figures: SalesFigures }[]} lines @param {string} currency */
  set(lines, currency) {
    const names = JSON.stringify(lines.map(({ name }) => name));
    if (names !== this.#shown) {
      this.#shown = names;
      this.#cells = lines.map(() => COLUMNS.map(() => el("span", { class: "number" })));
      const columns = [
        { label: this.#what }, ...COLUMNS.map((name) => ({ label: t(name === "gross" ? "org.sales.gross" : `org.${name}`), isNumber: true })),
      ];
      const rows = lines.map(({ name }, line) => [name, ...(this.#cells[line] ?? [])]);
      show(this.element, cardTable(this.#what, columns, rows));
    }
    for (const [line, { figures }] of lines.entries()) {
      for (const [column, name] of COLUMNS.entries()) {
        const cell = this.#cells[line]?.[column];
        const value = figures[name];
        const share = name === "sold" && figures.capacity > 0 ? ` (${Math.round((value / figures.capacity) * 100)}%)` : "";
        if (cell) setText(cell, name === "gross" ? formatMoney(value, currency) : formatNumber(value) + share);
      }
    }
  }
}
