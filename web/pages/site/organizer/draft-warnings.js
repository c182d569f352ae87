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
  const most = Number(draft.ticketsPerBuyer);
  if (most > MOST_TICKETS || (capacity > 1 && most >= capacity)) warn("ticketsPerBuyer", { count: most });
  const holdSeconds = Number(draft.holdSeconds);
  if (holdSeconds < LEAST_HOLD_SECONDS) warn("holdSeconds", { count: holdSeconds });
  const passSeconds = Number(draft.passSeconds);
  if (draft.waitingRoom && passSeconds < LEAST_PASS_SECONDS) warn("passSeconds", { count: passSeconds });
  const free = categoriesInUse(summary, draft.areas).filter(
    (category) => parseMoney(draft.prices[category] ?? "", draft.currency) === 0,
  );
  if (free.length > 0) warn("costsNothing", { names: free.join(", ") });
  return warnings;
}
