import { categoriesInUse } from "./draft.js";
import { momentOf } from "./local-time.js";
import { parseMoney } from "./money-input.js";

/**
 * @typedef {import("./draft.js").Draft} Draft
 * @typedef {import("./plan-check.js").PlanSummary} PlanSummary
 * @typedef {{ reason: string, values: Record<string, string | number> }} Warning
 */

/** Nobody finds a card and types its number in less. */
const LEAST_HOLD_SECONDS = 60;
/** Nobody chooses seats in less. */
const LEAST_PASS_SECONDS = 120;
/** More are for resale. */
const MOST_TICKETS = 20;

/**
 * What of prices and limits is allowed but what nobody means.
 * @param {{ most: number | undefined, holdSeconds: number | undefined, free: string[] }} terms `most`: the tickets of one
 *   buyer; `free`: the categories that cost nothing
 * @param {number} capacity of the whole event
 * @returns {Warning[]}
 */
export function termsWarnings({ most = 1, holdSeconds = LEAST_HOLD_SECONDS, free }, capacity) {
  /** @type {Warning[]} */
  const warnings = [];
  if (most > MOST_TICKETS || (capacity > 1 && most >= capacity)) {
    warnings.push({ reason: "ticketsPerBuyer", values: { count: most } });
  }
  if (holdSeconds < LEAST_HOLD_SECONDS) warnings.push({ reason: "holdSeconds", values: { count: holdSeconds } });
  if (free.length > 0) warnings.push({ reason: "costsNothing", values: { names: free.join(", ") } });
  return warnings;
}

/**
 * What is allowed but what nobody means.
 * @param {Draft} draft without faults @param {Pick<PlanSummary, "categories" | "seats"> | undefined} summary
 * @param {number} now in milliseconds
 * @returns {Warning[]}
 */
export function warningsOf(draft, summary, now = Date.now()) {
  /** @type {Warning[]} */
  const warnings = [];
  const warn = (/** @type {string} */ reason, /** @type {Warning["values"]} */ values = {}) => warnings.push({ reason, values });
  const at = (/** @type {string} */ text) => Date.parse(momentOf(text, draft.timeZone) ?? "");

  const starts = at(draft.startsAt);
  const opens = draft.opensAt === "" ? now : at(draft.opensAt);
  if (starts <= now) warn("startsInPast");
  else if (opens >= starts) warn("opensAfterShow");
  if (at(draft.closesAt) > starts) warn("closesAfterShow");
  const capacity = draft.areas.reduce((sum, area) => sum + Number(area.capacity), summary?.seats ?? 0);
  const free = categoriesInUse(summary, draft.areas).filter(
    (category) => parseMoney(draft.prices[category] ?? "", draft.currency) === 0,
  );
  const terms = { most: Number(draft.ticketsPerBuyer), holdSeconds: Number(draft.holdSeconds), free };
  warnings.push(...termsWarnings(terms, capacity));
  const passSeconds = Number(draft.passSeconds);
  if (draft.waitingRoom && passSeconds < LEAST_PASS_SECONDS) warn("passSeconds", { count: passSeconds });
  return warnings;
}
