import { el, svg } from "../lib/dom.js";
import { formatDate, formatMoney, t } from "../lib/i18n.js";
import { uniqueID } from "./parts.js";
import { reach } from "./settlement-days.js";

/** @typedef {import("./settlement-days.js").Bar} Bar */

const WIDTH = 640;
const HEIGHT = 220;
const MARGIN = { top: 24, bottom: 24, side: 8 };

/** @param {string} day */
export const dayWords = (day) =>
  formatDate(`${day}T00:00:00Z`, { weekday: "short", month: "short", day: "numeric", timeZone: "UTC" });

/**
 * The picture of the days: what was sold above the line, what came off it below, and what is left as a mark.
 * @param {Bar[]} shown @param {string} currency
 */
export function settlementChart(shown, currency) {
  const id = uniqueID("settled");
  const { up, down } = reach(shown);
  const scale = (HEIGHT - MARGIN.top - MARGIN.bottom) / (up + down);
  const zero = MARGIN.top + up * scale;
  const column = (WIDTH - 2 * MARGIN.side) / shown.length;
  const picture = svg("svg", {
    class: "org-settled", role: "img", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-labelledby": id,
  });
  /** @param {string} kind @param {number} x @param {number} from @param {number} to amounts */
  const bar = (kind, x, from, to) =>
    svg("rect", {
      class: kind, x: x + column * 0.2, width: column * 0.6, y: zero - Math.max(from, to) * scale,
      height: Math.abs(from - to) * scale,
    });
  shown.forEach((day, index) => {
    const x = MARGIN.side + index * column;
    const { gross, fees, back, net } = day;
    picture.append(bar("gross", x, 0, gross), bar("fees", x, 0, -fees), bar("back", x, -fees, -fees - back));
    if (gross !== 0 || fees !== 0 || back !== 0) {
      const y = zero - net * scale;
      picture.append(svg("line", { class: "net", x1: x + column * 0.1, x2: x + column * 0.9, y1: y, y2: y }));
    }
    picture.append(
      svg("text", { x: x + column / 2, y: HEIGHT - 6, "text-anchor": "middle" }, dayWords(day.day)),
      svg("title", null, `${dayWords(day.day)}: ${formatMoney(net, currency)}`),
    );
  });
  picture.append(svg("line", { class: "zero", x1: 0, x2: WIDTH, y1: zero, y2: zero }));
  return el(
    "figure",
    { class: "card org-figure" },
    el("h3", { id }, t("org.settlement.week")),
    el(
      "ul",
      { class: "row org-legend" },
      ["gross", "fees", "back", "net"].map((name) =>
        el("li", null, el("span", { class: `org-swatch settled-${name}`, "aria-hidden": "true" }), t(`org.settlement.${name}`)),
      ),
    ),
    el("div", { class: "scroll-x" }, picture),
  );
}
