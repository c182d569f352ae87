import { el, setText, show } from "../../lib/dom.js";
import { formatClock, formatMoney, t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { placesOf } from "../words.js";
import { actionButton } from "./parts.js";

/**
 * @typedef {import("../../../../client/src/types.js").Hold} Hold
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * The fan's holds, each with its countdown.
 * @param {{ release: (id: string) => Promise<void>, startCheckout: (id: string) => void }} actions
 * @returns {{ element: HTMLElement, update: (holds: Hold[], chart: SeatingChart | undefined) => void }} `chart`
 *   supplies the names of the seats
 */
export function holdsPanel({ release, startCheckout }) {
  const rows = el("ul", { class: "stack holds" });
  const element = el("section", { class: "card held" }, el("h2", null, t("hold.title")), rows);
  element.hidden = true;
  let shown = "";
  /** @type {Hold[]} */
  let known = [];
  /** @type {(() => void)[]} */
  let clocks = [];

  /** @param {Hold[]} holds @param {SeatingChart | undefined} chart */
  const update = (holds, chart) => {
    const isLive = (/** @type {Hold} */ hold) => holds.some((one) => one.hold === hold.hold);
    const isOver = (/** @type {Hold} */ hold) => !isLive(hold) && Date.parse(hold.expiresAt) <= clock.now();
    // What time has ended keeps its line: nothing moves by itself under a finger.
    known = [...known.filter(isOver), ...holds];
    const key = `${known.map((hold) => `${hold.hold} ${isLive(hold)}`).join()} ${chart !== undefined}`;
    element.hidden = known.length === 0;
    if (key !== shown) {
      shown = key;
      clocks = [];
      show(
        rows,
        known.map((hold) => {
          const isGone = !isLive(hold);
          const left = el("strong", { class: "number", role: "timer" });
          if (!isGone) clocks.push(() => {
            const seconds = (Date.parse(hold.expiresAt) - clock.now()) / 1000;
            setText(left, formatClock(seconds));
            left.classList.toggle("hurry", seconds < 60);
          });
          return el(
            "li",
            { class: ["row spread", isGone && "is-gone"] },
            el(
              "div",
              null,
              el("p", null, placesOf(hold, chart)),
              isGone
                ? el("p", { class: "small" }, t("hold.ended"))
                : el("p", { class: "small" }, `${formatMoney(hold.amount, hold.currency)} · ${t("hold.left")} `, left),
            ),
            el(
              "div",
              { class: "row", inert: isGone },
              actionButton(t("hold.release"), () => release(hold.hold)),
              actionButton(t("hold.pay"), () => startCheckout(hold.hold), "primary"),
            ),
          );
        }),
      );
    }
    clocks.forEach((tick) => tick());
  };
  return { element, update };
}
