import { el, show, svg } from "../lib/dom.js";
import { formatDate, t } from "../lib/i18n.js";

/** @typedef {import("./gate.js").Verdict} Verdict */

/** How long an admission stays on screen. Other verdicts need a conversation and stay until dismissed. */
const ADMITTED_MILLISECONDS = 2500;

/**
 * A shape for each kind, because color alone is not enough, least of all in the dark.
 * @type {Record<Verdict["kind"], string>}
 */
const SHAPES = {
  admitted: "M10 35 L26 51 L56 16",
  used: "M33 18 V33 L43 40 M33 6 A27 27 0 1 1 32.9 6",
  refused: "M16 16 L50 50 M50 16 L16 50",
  unsure: "M20 22 C20 4 46 4 46 22 C46 32 33 32 33 44 M33 56 V56.5",
};

/** @param {number} moment */
export const clockTime = (moment) => formatDate(new Date(moment), { timeStyle: "medium" });

/** @param {Verdict["kind"]} kind @param {string} [className] */
export function verdictSymbol(kind, className = "door-symbol") {
  return svg(
    "svg",
    { class: className, viewBox: "0 0 66 66", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: SHAPES[kind] }),
  );
}

/** @param {import("./places.js").Words} words @returns {string} the category, unless the place is called the same */
export const categoryWord = ({ place, category }) => (category === place ? "" : category);

/** @param {Verdict} verdict @returns {string} one or two words */
export const verdictWord = (verdict) => t(`door.verdict.${verdict.kind}`);

/** @param {Verdict} verdict @returns {string} the reason; empty if there is nothing to say */
export function verdictReason(verdict) {
  switch (verdict.kind) {
    case "admitted":
      return verdict.isOffline ? t("door.verdict.admittedOffline") : "";
    case "used":
      if (verdict.at === undefined) return t("door.verdict.usedUnknown");
      if (verdict.by !== undefined) {
        return t("door.verdict.usedBy", { time: momentText(verdict.at, Date.now()), name: verdict.by });
      }
      return t(verdict.where === "here" ? "door.verdict.usedHere" : "door.verdict.usedElsewhere", {
        time: momentText(verdict.at, Date.now()),
      });
    default:
      return t(`door.verdict.${verdict.reason}`);
  }
}

/** @param {number} moment @param {number} now @returns {string} the time, with the date unless it is recent */
export function momentText(moment, now) {
  const isRecent = Math.abs(now - moment) < 12 * 3600 * 1000;
  return isRecent ? clockTime(moment) : formatDate(new Date(moment), { dateStyle: "medium", timeStyle: "short" });
}

/** Fills the screen with the newest verdict. */
export class VerdictView {
  #closed;
  #box = el("div", { class: "door-verdict", hidden: true });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => void} closed called when it is dismissed */
  constructor(closed) {
    this.#closed = closed;
    document.body.append(this.#box);
  }

  get isOpen() {
    return !this.#box.hidden;
  }

  /** @param {Verdict} verdict @param {import("./places.js").Words} words where the ticket's place is */
  open(verdict, words) {
    clearTimeout(this.#timer);
    const next = el("button", { class: "door-next", onclick: () => this.close() }, t("door.verdict.next"));
    const reason = verdictReason(verdict);
    this.#box.className = `door-verdict ${verdict.kind}`;
    show(
      this.#box,
      el(
        "div",
        {
          class: "door-verdict-body",
          role: "alertdialog",
          "aria-modal": "true",
          "aria-labelledby": "verdict-word",
          "aria-describedby": "verdict-place verdict-category verdict-reason",
          onkeydown: (/** @type {KeyboardEvent} */ event) => {
            if (event.key === "Escape") this.close();
          },
        },
        verdictSymbol(verdict.kind),
        el("h2", { id: "verdict-word" }, verdictWord(verdict)),
        el("p", { class: "door-place", id: "verdict-place" }, words.place),
        el("p", { class: "door-category", id: "verdict-category" }, categoryWord(words)),
        el("p", { class: "door-reason", id: "verdict-reason" }, reason),
        next,
      ),
    );
    this.#box.hidden = false;
    this.#cover(true);
    next.focus();
    if (verdict.kind === "admitted") this.#timer = setTimeout(() => this.close(), ADMITTED_MILLISECONDS);
  }

  close() {
    if (!this.isOpen) return;
    clearTimeout(this.#timer);
    this.#box.hidden = true;
    this.#cover(false);
    this.#closed();
  }

  remove() {
    this.close();
    this.#box.remove();
  }

  /** @param {boolean} isCovered whether to make the page below unreachable */
  #cover(isCovered) {
    for (const element of document.body.children) {
      if (element !== this.#box && !element.hasAttribute("aria-live") && element.getAttribute("role") !== "alert") {
        element.toggleAttribute("inert", isCovered);
      }
    }
  }
}
