import { el, setText, show, svg } from "../lib/dom.js";
import { formatDate, formatNumber, t } from "../lib/i18n.js";
import { areaPath, linePath, nearest, scale, timeTicks, valueTicks } from "./chart-scale.js";
import { uniqueID } from "./parts.js";

/**
 * @typedef {object} Series
 * @property {string} name the class for its color and dashes: `sold`, `held` …
 * @property {string} label
 */
/** @typedef {{ at: number, values: number[], gap?: boolean }} Row one value per series */

const HEIGHT = 190;
const MARGIN = { left: 48, right: 8, top: 8, bottom: 24 };
const TABLE_ROWS = 12;

/** @param {number} moment @param {boolean} hasSeconds */
const clock = (moment, hasSeconds) =>
  formatDate(
    new Date(moment),
    { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(hasSeconds && { second: "2-digit" }) },
  );

/** A chart of numbers over time, as lines or stacked areas, with the latest values as text and a table on demand. */
export class TimeChart {
  #series;
  #isStacked;
  #title;
  /** @type {Row[]} */
  #rows = [];
  #picture = svg("svg", { class: "org-chart", role: "img", height: HEIGHT });
  /** @type {HTMLElement[]} */
  #readings;
  #moment = el("span", { class: "soft small number" });
  #table = el("div", { class: "scroll-x" });
  #details;
  /** @type {number | undefined} the moment under the pointer */
  #pointed;
  #width = 0;
  #observer = new ResizeObserver((entries) => {
    this.#width = Math.round(entries[0]?.contentRect.width ?? 0);
    this.#draw();
  });

  /** @param {{ title: string, series: Series[], isStacked?: boolean }} options */
  constructor(options) {
    this.#title = options.title;
    this.#series = options.series;
    this.#isStacked = options.isStacked ?? false;
    this.#readings = this.#series.map(() => el("strong", { class: "number" }, "–"));
    this.#details = el(
      "details",
      { class: "small", ontoggle: () => this.#fillTable() },
      el("summary", null, t("org.chart.table")),
      this.#table,
    );
    const id = uniqueID("chart");
    const holder = el("div", { class: "org-chart-holder" });
    holder.append(this.#picture);
    this.#picture.addEventListener("pointermove", (event) => this.#point(/** @type {PointerEvent} */ (event)));
    this.#picture.addEventListener("pointerleave", () => this.#point(undefined));
    this.element = el(
      "figure",
      { class: "card org-figure", "aria-labelledby": id },
      el("div", { class: "row spread" }, el("h3", { id }, this.#title), this.#moment),
      el(
        "ul",
        { class: "row org-legend" },
        this.#series.map(({ name, label }, index) =>
          el(
            "li",
            null,
            el("span", { class: `org-key ${name}`, "aria-hidden": "true" }),
            ` ${label} `,
            this.#readings[index],
          ),
        ),
      ),
      holder,
      this.#details,
    );
    this.#observer.observe(holder);
  }

  /** @param {Row[]} rows oldest first */
  update(rows) {
    this.#rows = rows;
    this.#draw();
  }

  stop() {
    this.#observer.disconnect();
  }

  /** @param {PointerEvent | undefined} event */
  #point(event) {
    const first = this.#rows[0];
    const last = this.#rows.at(-1);
    if (!event || !first || !last) {
      this.#pointed = undefined;
    } else {
      const place = event.clientX - this.#picture.getBoundingClientRect().left;
      this.#pointed = scale(MARGIN.left, this.#width - MARGIN.right, first.at, last.at)(place);
    }
    this.#draw();
  }

  #draw() {
    const first = this.#rows[0];
    const last = this.#rows.at(-1);
    const shown = this.#pointed === undefined ? last : this.#rows[nearest(this.#rows, this.#pointed)];
    this.#series.forEach((_, index) => {
      const reading = this.#readings[index];
      if (reading) setText(reading, shown ? formatNumber(Math.round(shown.values[index] ?? 0)) : "–");
    });
    setText(this.#moment, shown && this.#pointed !== undefined ? clock(shown.at, true) : "");
    this.#picture.setAttribute("aria-label", this.#summary(first, last));
    if (this.#width < 80) return;
    this.#picture.setAttribute("width", String(this.#width));
    this.#picture.setAttribute("viewBox", `0 0 ${this.#width} ${HEIGHT}`);
    if (!first || !last || first === last) {
      const note = svg("text", { x: this.#width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, t("org.chart.waiting"));
      this.#picture.replaceChildren(note);
      return;
    }
    const totals = this.#rows.map(
      (row) => (this.#isStacked ? row.values.reduce((sum, value) => sum + value, 0) : Math.max(...row.values)),
    );
    const ticks = valueTicks(Math.max(1, ...totals));
    const x = scale(first.at, last.at, MARGIN.left, this.#width - MARGIN.right);
    const y = scale(0, ticks.at(-1) ?? 1, HEIGHT - MARGIN.bottom, MARGIN.top);
    this.#picture.replaceChildren(
      ...this.#axes(ticks, first.at, last.at, x, y),
      ...this.#marks(x, y),
      ...this.#guide(shown, x),
    );
  }

  /** @param {Row | undefined} first @param {Row | undefined} last */
  #summary(first, last) {
    if (!first || !last) return `${this.#title}: ${t("org.chart.waiting")}`;
    const parts = this.#series.map(({ label }, index) =>
      t(
        "org.chart.series",
        { label, from: Math.round(first.values[index] ?? 0), to: Math.round(last.values[index] ?? 0) },
      ),
    );
    return t("org.chart.summary", {
      title: this.#title, from: clock(first.at, false), to: clock(last.at, false), series: parts.join(", "),
    });
  }

  /**
   * @param {number[]} ticks @param {number} from @param {number} to
   * @param {(value: number) => number} x @param {(value: number) => number} y
   */
  #axes(ticks, from, to, x, y) {
    const lines = ticks.map((tick) =>
      svg("g", { class: "axis" },
        svg("line", { x1: MARGIN.left, x2: this.#width - MARGIN.right, y1: y(tick), y2: y(tick) }),
        svg("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, formatNumber(tick)),
      ),
    );
    const most = Math.max(2, Math.floor((this.#width - MARGIN.left) / 96));
    const moments = timeTicks(from, to, most).map((tick) => {
      const place = x(tick);
      // Keep labels at the edges from being cut off.
      const anchor = place > this.#width - 40 ? "end" : place < MARGIN.left + 20 ? "start" : "middle";
      return svg(
        "text",
        { class: "axis", x: place, y: HEIGHT - 6, "text-anchor": anchor },
        clock(tick, to - from < 120_000),
      );
    });
    return [...lines, ...moments];
  }

  /** @param {(value: number) => number} x @param {(value: number) => number} y */
  #marks(x, y) {
    let floor = this.#rows.map(() => 0);
    return this.#series.flatMap(({ name }, series) => {
      const top = this.#rows.map((row, index) => (this.#isStacked ? floor[index] ?? 0 : 0) + (row.values[series] ?? 0));
      const points = this.#rows.map((row, index) => ({ x: x(row.at), y: y(top[index] ?? 0), gap: row.gap === true }));
      const line = svg("path", { class: `line ${name}`, d: linePath(points) });
      if (!this.#isStacked) return [line];
      const area = svg("path", { class: `area ${name}`, d: areaPath(points, floor.map(y)) });
      floor = top;
      return [area, line];
    });
  }

  /** @param {Row | undefined} row @param {(value: number) => number} x */
  #guide(row, x) {
    if (!row || this.#pointed === undefined) return [];
    return [svg("line", { class: "guide", x1: x(row.at), x2: x(row.at), y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom })];
  }

  #fillTable() {
    if (!this.#details.open) return;
    const step = Math.max(1, Math.ceil(this.#rows.length / TABLE_ROWS));
    const rows = this.#rows.filter((_, index) => (this.#rows.length - 1 - index) % step === 0).reverse();
    show(
      this.#table,
      el(
        "table",
        { class: "number" },
        el(
          "thead",
          null,
          el(
            "tr",
            null,
            el("th", { scope: "col" }, t("org.chart.time")),
            this.#series.map(({ label }) => el("th", { scope: "col", class: "number" }, label)),
          ),
        ),
        el(
          "tbody",
          null,
          rows.map((row) =>
            el(
              "tr",
              null,
              el("th", { scope: "row" }, clock(row.at, true)),
              row.values.map((value) => el("td", { class: "number" }, formatNumber(Math.round(value)))),
            ),
          ),
        ),
      ),
    );
  }
}
