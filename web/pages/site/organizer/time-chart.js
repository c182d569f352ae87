import { el, setText, show, svg } from "../lib/dom.js";
import { formatDate, formatNumber, t } from "../lib/i18n.js";
import { areaPath, band, linePath, nearest, scale, thinned, timeTicks, valueTicks } from "./chart-scale.js";
import { uniqueID } from "./parts.js";

/**
 * @typedef {object} Series
 * @property {string} name the class for its color and dashes: `sold`, `held` …
 * @property {string} label
 */
/** @typedef {{ at: number, values: number[] }} Row one value per series */
/** @typedef {{ from: number, to: number }} Bounds milliseconds */
/** @typedef {(value: number) => number} Scale */

const HEIGHT = 190;
const MARGIN = { left: 48, right: 8, top: 8, bottom: 24 };
const TABLE_ROWS = 12;
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** @param {number} moment @param {{ hasDay?: boolean, hasTime?: boolean, hasSeconds?: boolean }} shown */
const clock = (moment, { hasDay = false, hasTime = true, hasSeconds = false }) =>
  formatDate(new Date(moment), {
    ...(hasDay && { month: "short", day: "numeric" }),
    ...(hasTime && { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    ...(hasSeconds && { second: "2-digit" }),
  });

/** A chart of numbers over time, as lines or stacked areas, with the latest values as text and a table on demand. */
export class TimeChart {
  #series;
  #isStacked;
  #title;
  /** @type {Row[]} */
  #rows = [];
  /** @type {Bounds} */
  #bounds = { from: 0, to: 0 };
  #empty = "";
  #picture = svg("svg", { class: "org-chart", role: "img", height: HEIGHT });
  #guide = svg("line", { class: "guide", y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom });
  /** @type {HTMLElement[]} */
  #readings;
  #moment = el("span", { class: "soft small number" });
  #table = el("div", { class: "scroll-x" });
  #details;
  /** What the table shows: the bounds, and where the rows begin. */
  #tabled = { from: 0, to: 0, first: 0 };
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

  /**
   * @param {Row[]} rows oldest first, all of them within the bounds
   * @param {Bounds} bounds the ends of the time axis
   * @param {string} empty what to say while there is nothing to draw
   */
  update(rows, bounds, empty) {
    this.#rows = rows;
    this.#bounds = bounds;
    this.#empty = empty;
    this.#draw();
    // An open table is left alone to be read until another row is due.
    const { from, to, first } = this.#tabled;
    const length = bounds.to - bounds.from;
    const isFar = (/** @type {number} */ one, /** @type {number} */ other) => Math.abs(one - other) > length / TABLE_ROWS;
    if (length !== to - from || isFar(bounds.to, to) || isFar(rows[0]?.at ?? 0, first)) this.#fillTable();
  }

  stop() {
    this.#observer.disconnect();
  }

  /** @returns {Scale} */
  get #x() {
    return scale(this.#bounds.from, this.#bounds.to, MARGIN.left, this.#width - MARGIN.right);
  }

  /** @param {PointerEvent | undefined} event */
  #point(event) {
    if (event) {
      const place = event.clientX - this.#picture.getBoundingClientRect().left;
      const { from, to } = this.#bounds;
      this.#pointed = scale(MARGIN.left, this.#width - MARGIN.right, from, to)(place);
    } else {
      this.#pointed = undefined;
    }
    this.#read();
  }

  /** Shows the values under the pointer, or else the latest. */
  #read() {
    const { from, to } = this.#bounds;
    const isPointed = this.#pointed !== undefined;
    const row = isPointed ? this.#rows[nearest(this.#rows, this.#pointed ?? 0)] : this.#rows.at(-1);
    this.#series.forEach((_, index) => {
      const reading = this.#readings[index];
      if (reading) setText(reading, row ? formatNumber(Math.round(row.values[index] ?? 0)) : "–");
    });
    setText(this.#moment, row && isPointed ? clock(row.at, { hasDay: to - from > HOUR, hasSeconds: true }) : "");
    const place = row ? this.#x(row.at) : 0;
    this.#guide.setAttribute("x1", String(place));
    this.#guide.setAttribute("x2", String(place));
    this.#guide.setAttribute("visibility", row && isPointed ? "visible" : "hidden");
  }

  #draw() {
    const { from, to } = this.#bounds;
    this.#read();
    this.#picture.setAttribute("aria-label", this.#summary());
    if (this.#width < 80) return;
    this.#picture.setAttribute("width", String(this.#width));
    this.#picture.setAttribute("viewBox", `0 0 ${this.#width} ${HEIGHT}`);
    if (this.#rows.length < 2) {
      const note = svg("text", { x: this.#width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, this.#empty);
      this.#picture.replaceChildren(note);
      return;
    }
    const most = this.#rows.reduce(
      (sum, { values }) =>
        Math.max(sum, this.#isStacked ? values.reduce((all, value) => all + value, 0) : Math.max(...values)),
      1,
    );
    const ticks = valueTicks(most);
    const y = scale(0, ticks.at(-1) ?? 1, HEIGHT - MARGIN.bottom, MARGIN.top);
    this.#picture.replaceChildren(...this.#axes(ticks, from, to, y), ...this.#marks(y), this.#guide);
  }

  #summary() {
    const first = this.#rows[0];
    const last = this.#rows.at(-1);
    if (!first || !last) return `${this.#title}: ${this.#empty}`;
    const parts = this.#series.map(({ label }, index) =>
      t(
        "org.chart.series",
        { label, from: Math.round(first.values[index] ?? 0), to: Math.round(last.values[index] ?? 0) },
      ),
    );
    const hasDay = last.at - first.at > HOUR;
    return t("org.chart.summary", {
      title: this.#title,
      from: clock(first.at, { hasDay }),
      to: clock(last.at, { hasDay }),
      series: parts.join(", "),
    });
  }

  /** @param {number[]} ticks @param {number} from @param {number} to @param {Scale} y */
  #axes(ticks, from, to, y) {
    const lines = ticks.map((tick) =>
      svg("g", { class: "axis" },
        svg("line", { x1: MARGIN.left, x2: this.#width - MARGIN.right, y1: y(tick), y2: y(tick) }),
        svg("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, formatNumber(tick)),
      ),
    );
    const most = Math.max(3, Math.floor((this.#width - MARGIN.left) / 96));
    const isDays = to - from > 2 * DAY;
    const moments = timeTicks(from, to, most).map((tick) => {
      const place = this.#x(tick);
      // Keep labels at the edges from being cut off.
      const anchor = place > this.#width - 40 ? "end" : place < MARGIN.left + 20 ? "start" : "middle";
      return svg(
        "text",
        { class: "axis", x: place, y: HEIGHT - 6, "text-anchor": anchor },
        clock(tick, { hasDay: isDays, hasTime: !isDays, hasSeconds: to - from < 120_000 }),
      );
    });
    return [...lines, ...moments];
  }

  /** @param {Scale} y */
  #marks(y) {
    if (this.#isStacked) return this.#layers(y);
    const curves = this.#series.map((_, series) => this.#curve(series, y));
    // No band over another's line.
    return [...curves.map(({ area }) => area), ...curves.map(({ line }) => line)];
  }

  /** @param {Scale} y */
  #layers(y) {
    const x = this.#x;
    const sums = this.#rows.map(() => 0);
    const edge = () => thinned(this.#rows.map(({ at }, index) => ({ x: x(at), y: y(sums[index] ?? 0) })));
    let floor = edge();
    return this.#series.flatMap(({ name }, series) => {
      this.#rows.forEach(({ values }, index) => (sums[index] = (sums[index] ?? 0) + (values[series] ?? 0)));
      const top = edge();
      const area = svg("path", { class: `area ${name}`, d: areaPath(top, floor) });
      floor = top;
      return [area, svg("path", { class: `line ${name}`, d: linePath(top) })];
    });
  }

  /** @param {number} series @param {Scale} y */
  #curve(series, y) {
    const x = this.#x;
    const { mean, top, bottom } = band(this.#rows.map(({ at, values }) => ({ x: x(at), y: y(values[series] ?? 0) })));
    const name = this.#series[series]?.name;
    return {
      area: svg("path", { class: `area band ${name}`, d: areaPath(top, bottom) }),
      line: svg("path", { class: `line ${name}`, d: linePath(mean) }),
    };
  }

  #fillTable() {
    if (!this.#details.open) return;
    this.#tabled = { ...this.#bounds, first: this.#rows[0]?.at ?? 0 };
    const hasDay = this.#bounds.to - this.#bounds.from > HOUR;
    const step = Math.max(1, Math.ceil(this.#rows.length / TABLE_ROWS));
    const rows = this.#rows.filter((_, index) => (this.#rows.length - 1 - index) % step === 0).reverse();
    show(
      this.#table,
      el(
        "table",
        { class: "number" },
        el("caption", { class: "visually-hidden" }, this.#title),
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
              el("th", { scope: "row" }, clock(row.at, { hasDay, hasSeconds: true })),
              row.values.map((value) => el("td", { class: "number" }, formatNumber(Math.round(value)))),
            ),
          ),
        ),
      ),
    );
  }
}
