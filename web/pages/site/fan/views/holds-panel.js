import { el, setText, show } from "../../lib/dom.js";
import { formatClock, formatMoney, t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { placesOf } from "../words.js";
import { actionButton } from "./parts.js";

/**
 * @typedef {import("../event-page.js").EventPage} EventPage
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * What is held for the fan, each with its clock.
 * @param {EventPage} page @param {() => SeatingChart | undefined} chart
 * @returns {{ element: HTMLElement, update: () => void }}
 */
export function holdsPanel(page, chart) {
  const rows = el("ul", { class: "stack holds" });
  const element = el("section", { class: "card held" }, el("h2", null, t("hold.title")), rows);
  element.hidden = true;
  let shown = "";
  /** @type {(() => void)[]} */
  let clocks = [];

  const update = () => {
    const entries = page.holds.all();
    const known = chart();
    const key = `${entries.map(({ hold }) => hold.hold).join()} ${known !== undefined}`;
    element.hidden = entries.length === 0;
    if (key !== shown) {
      shown = key;
      clocks = [];
      show(
        rows,
        entries.map(({ hold }) => {
          const left = el("strong", { class: "number", role: "timer" });
          clocks.push(() => {
            const seconds = (Date.parse(hold.expiresAt) - clock.now()) / 1000;
            setText(left, formatClock(seconds));
            left.classList.toggle("hurry", seconds < 60);
          });
          return el(
            "li",
            { class: "row spread" },
            el(
              "div",
              null,
              el("p", null, placesOf(hold, known)),
              el("p", { class: "small" }, `${formatMoney(hold.amount, hold.currency)} · ${t("hold.left")} `, left),
            ),
            el(
              "div",
              { class: "row" },
              actionButton(t("hold.release"), () => page.release(hold.hold)),
              actionButton(t("hold.pay"), () => page.startCheckout(hold.hold), "primary"),
            ),
          );
        }),
      );
    }
    clocks.forEach((tick) => tick());
  };
  return { element, update };
}
