import { el, setText } from "../lib/dom.js";
import { formatDate, formatThere, t } from "../lib/i18n.js";
import { problemWords } from "./problem-words.js";

/**
 * One of the organizer's pages, as shown by main.
 * @typedef {object} View
 * @property {string} title
 * @property {HTMLElement} element with an h1
 * @property {() => void} [stop]
 */

let count = 0;
/** @param {string} name */
export const uniqueID = (name) => `${name}-${(count += 1)}`;

/**
 * A card with a heading, which also labels it for screen readers.
 * @param {string} title @param {...(import("../lib/dom.js").Child | import("../lib/dom.js").Child[])} content
 */
export function section(title, ...content) {
  const id = uniqueID("section");
  return el("section", { class: "card", "aria-labelledby": id }, el("h2", { id }, title), ...content);
}

/** @typedef {import("../../../client/src/types.js").OnsalePhase} OnsalePhase */

/** @type {Record<OnsalePhase, string>} */
const PHASE_KINDS = { scheduled: "", lobby: "warn", open: "good", paused: "bad", soldOut: "good", closed: "" };

/** @param {OnsalePhase} phase */
export const phaseBadge = (phase) => el("span", { class: ["badge", PHASE_KINDS[phase]] }, t(`org.phase.${phase}`));

/** @typedef {import("../../../client/src/types.js").OrderState} OrderState */

/**
 * The states of an order, in the order it can pass through them.
 * @type {OrderState[]}
 */
export const ORDER_STATES = [
  "authorizing", "requires_action", "confirmed", "declined", "expired", "refunding", "refunded",
];

/** @type {Record<OrderState, string>} */
const STATE_KINDS = {
  authorizing: "warn",
  requires_action: "warn",
  confirmed: "good",
  declined: "bad",
  expired: "bad",
  refunding: "warn",
  refunded: "",
};

/** @param {OrderState} state */
const stateBadge = (state) => el(
  "span",
  { class: ["badge", STATE_KINDS[state]] },
  t(`org.order.state.${state}`),
);

/**
 * Badges for the state of an order, a disputed payment, and a mail that came back.
 * @param {import("../../../client/src/types.js").Order & { mailBounced?: true }} order
 */
export const orderBadges = ({ state, disputed, mailBounced }) => [
  stateBadge(state),
  ...(disputed ? [" ", el("span", { class: "badge bad" }, t("org.order.disputed"))] : []),
  ...(mailBounced ? [" ", el("span", { class: "badge bad" }, t("org.order.mailBounced"))] : []),
];

/** @param {string | Date} moment */
export const shortDate = (moment) => formatDate(moment, { dateStyle: "medium", timeStyle: "short" });

/**
 * By the venue's clocks, whose zone is named where they differ from one's own.
 * @param {string} moment @param {{ timeZone?: string }} event
 */
export function venueDate(moment, event) {
  const { there, zone } = formatThere(moment, event.timeZone, { dateStyle: "medium", timeStyle: "short" });
  return zone === "" ? there : `${there} (${zone})`;
}

/** @param {string | Date} moment shown with seconds */
export const exactDate = (moment) => formatDate(moment, { dateStyle: "medium", timeStyle: "medium" });

/** Reports the outcome of an action; screen readers announce it when it changes. */
export class Outcome {
  element = el("p", { role: "status", class: "org-outcome", hidden: true });

  /** @param {"good" | "warn" | "bad" | "busy"} kind @param {string} text */
  say(kind, text) {
    this.element.hidden = false;
    this.element.className = kind === "busy" ? "org-outcome soft" : `org-outcome notice ${kind}`;
    setText(this.element, text);
  }

  clear() {
    this.element.hidden = true;
    setText(this.element, "");
  }
}

/**
 * A button that ignores further clicks until its work is done.
 * @param {string} label @param {() => Promise<void>} work @param {string} [kind] a class
 */
export function workButton(label, work, kind = "") {
  const button = el("button", { type: "button", ...(kind && { class: kind }) }, label);
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await work();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
  return button;
}

/**
 * What stands where something could not be loaded: why, and a way to try again.
 * @param {unknown} error @param {() => Promise<void>} again
 */
export const loadFailure = (error, again) => [
  el("p", { class: "notice bad", role: "alert" }, problemWords(error)),
  el("div", null, workButton(t("org.retry"), again)),
];

/**
 * Says who may do what this person's role doesn't let them do.
 * @param {"box-office" | "owner"} role the least that suffices
 */
export const roleNote = (role) => el("p", { class: "soft small" }, t(`org.role.needs.${role}`));

/**
 * A table that becomes a list of cards on a narrow screen. The roles are spelled out because a changed `display`
 * removes them.
 * @param {string} caption @param {{ label: string, isNumber?: boolean }[]} columns
 * @param {(import("../lib/dom.js").Child)[][]} rows
 */
export function cardTable(caption, columns, rows) {
  const kind = (/** @type {number} */ index) => (columns[index]?.isNumber ? { class: "number" } : {});
  return el(
    "table",
    { class: "org-table", role: "table" },
    el("caption", { class: "visually-hidden" }, caption),
    el(
      "thead",
      { role: "rowgroup" },
      el(
        "tr",
        { role: "row" },
        columns.map((column, index) => el("th", { scope: "col", role: "columnheader", ...kind(index) }, column.label)),
      ),
    ),
    el(
      "tbody",
      { role: "rowgroup" },
      rows.map((cells) =>
        el(
          "tr",
          { role: "row" },
          cells.map(
            (cell, index) => el(
              "td",
              { role: "cell", ...kind(index), dataset: { label: columns[index]?.label ?? "" } },
              cell,
            ),
          ),
        ),
      ),
    ),
  );
}
