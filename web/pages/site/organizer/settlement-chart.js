import { el, svg } from "../lib/dom.js";
import { formatBriefMoney, formatDate, formatMoney, t } from "../lib/i18n.js";
import { scale, valueTicks } from "./chart-scale.js";
import { uniqueID } from "./parts.js";
import { partsOf, reach } from "./settlement-days.js";

/** @typedef {import("./settlement-days.js").Bar} Bar */

const HEIGHT = 240;
const MARGIN = { left: 64, right: 8, top: 12, bottom: 24 };
const LABEL_PIXELS = 48;
const BAR_PIXELS_MOST = 64;

/** @param {string} day @param {Intl.DateTimeFormatOptions} options */
const inUTC = (day, options) => formatDate(`${day}T00:00:00Z`, { ...options, timeZone: "UTC" });

/** @param {string} day */
export const dayWords = (day) => inUTC(day, { weekday: "short", month: "short", day: "numeric" });

/** The picture of the days: what was sold above the line, what came off it below, and what is left as a mark. */
export class SettlementChart {
  #shown;
  #currency;
  #picture = svg("svg", { class: "org-chart", role: "img", height: HEIGHT });
  #observer = new ResizeObserver((entries) => this.#draw(Math.round(entries[0]?.contentRect.width ?? 0)));

  /** @param {Bar[]} shown oldest first, at least one @param {string} currency */
  constructor(shown, currency) {
    this.#shown = shown;
    this.#currency = currency;
    const id = uniqueID("settled");
    const holder = el("div", { class: "org-chart-holder" }, this.#picture);
    this.element = el(
      "figure",
      { class: "card org-figure", "aria-labelledby": id },
      el("h2", { id }, t("org.settlement.picture")),
      el(
        "ul",
        { class: "row org-legend" },
        ["gross", "fees", "back", "net"].map((name) =>
          el("li", null, el("span", { class: `org-key settled-${name}`, "aria-hidden": "true" }), ` ${t(`org.settlement.${name}`)}`),
        ),
      ),
      holder,
    );
    this.#picture.setAttribute("aria-label", this.#summary());
    this.#observer.observe(holder);
  }

  stop() {
    this.#observer.disconnect();
  }

  #summary() {
    const sum = (/** @type {"gross" | "net"} */ name) =>
      formatMoney(this.#shown.reduce((all, bar) => all + bar[name], 0), this.#currency);
    return t("org.settlement.summary", {
      from: dayWords(this.#shown[0]?.day ?? ""),
      to: dayWords(this.#shown.at(-1)?.day ?? ""),
      gross: sum("gross"),
      net: sum("net"),
    });
  }

  /** @param {number} width */
  #draw(width) {
    if (width < 80) return;
    this.#picture.setAttribute("width", String(width));
    this.#picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const { up, down } = reach(this.#shown);
    const step = valueTicks(up + down)[1] ?? 1;
    const [most, least] = [Math.ceil(up / step), Math.ceil(down / step)];
    const y = scale(-least * step, most * step, HEIGHT - MARGIN.bottom, MARGIN.top);
    const ticks = Array.from({ length: most + least + 1 }, (_, index) => (index - least) * step);
    const column = (width - MARGIN.left - MARGIN.right) / this.#shown.length;
    const middle = (/** @type {number} */ index) => MARGIN.left + (index + 0.5) * column;
    // The newest day always has its label.
    const every = Math.ceil(LABEL_PIXELS / column);
    const last = this.#shown.length - 1;
    this.#picture.replaceChildren(
      ...ticks.map((tick) => this.#line(tick, y(tick), width)),
      ...this.#shown.map((bar, index) => this.#bar(bar, middle(index), Math.min(column * 0.7, BAR_PIXELS_MOST), y)),
      ...this.#shown.flatMap(({ day }, index) =>
        (last - index) % every === 0
          ? [svg("text", { x: middle(index), y: HEIGHT - 6, "text-anchor": "middle" }, inUTC(day, { month: "numeric", day: "numeric" }))]
          : [],
      ),
    );
  }

  /** @param {number} amount @param {number} y @param {number} width */
  #line(amount, y, width) {
    return svg(
      "g",
      { class: ["axis", amount === 0 && "zero"] },
      svg("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }),
      svg("text", { x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, formatBriefMoney(amount, this.#currency)),
    );
  }

  /** @param {Bar} bar @param {number} middle @param {number} width @param {(amount: number) => number} y */
  #bar(bar, middle, width, y) {
    const parts = partsOf(bar);
    const net = parts.length > 0 && svg("line", { class: "settled-mark", x1: middle - width * 0.6, x2: middle + width * 0.6, y1: y(bar.net), y2: y(bar.net) });
    return svg(
      "g",
      null,
      svg("title", null, `${dayWords(bar.day)}: ${formatMoney(bar.net, this.#currency)}`),
      parts.map(({ name, from, to }) =>
        svg("rect", {
          class: `settled-${name}`, x: middle - width / 2, width, y: Math.min(y(from), y(to)), height: Math.abs(y(from) - y(to)),
        }),
      ),
      net,
    );
  }
}
