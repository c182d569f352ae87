import { LIMITS, priceFault, whole } from "./draft.js";
import { termsWarnings } from "./draft-warnings.js";
import { parseMoney, writeMoney } from "./money-input.js";

/**
 * @typedef {import("./plan-check.js").Fault} Fault
 * @typedef {import("../../../client/src/types.js").Event} Event
 * @typedef {import("../../../client/src/types.js").ChangeEvent} ChangeEvent
 */

/**
 * An event's prices and limits, as typed.
 * @typedef {object} TypedTerms
 * @property {Record<string, string>} prices by category
 * @property {string} ticketsPerBuyer
 * @property {string} holdSeconds
 * @property {boolean} preventOrphans
 */

/**
 * An event's prices and limits, as they would be typed.
 * @param {Event} event @param {string[]} categories those to show
 * @returns {TypedTerms}
 */
export const typedTerms = ({ prices, limits, currency }, categories) => ({
  prices: Object.fromEntries(
    prices
      .filter(({ category }) => categories.includes(category))
      .map(({ category, amount }) => [category, writeMoney(amount, currency)]),
  ),
  ticketsPerBuyer: String(limits.ticketsPerBuyer),
  holdSeconds: String(limits.holdSeconds),
  preventOrphans: limits.preventOrphans,
});

/** @param {string} category @returns {string} where faults of its price are shown */
export const pricePointer = (category) => `/prices/${category}`;

/**
 * @param {Event} event @param {TypedTerms} typed
 * @returns {Fault[]} what is wrong
 */
export function termsFaults({ currency }, typed) {
  /** @type {Fault[]} */
  const faults = [];
  for (const [category, text] of Object.entries(typed.prices)) {
    const reason = priceFault(text, currency);
    if (reason !== undefined) faults.push({ pointer: pricePointer(category), reason });
  }
  for (const [name, pointer, least, most] of LIMITS) {
    const value = whole(typed[name]);
    if (!(value >= least && value <= most)) faults.push({ pointer, reason: "fromTo", values: { least, most } });
  }
  return faults;
}

/**
 * What differs between an event and what was typed.
 * @param {Event} event @param {TypedTerms} typed without faults
 * @returns {Pick<ChangeEvent, "prices" | "limits">}
 */
export function termsFrom({ prices, limits, currency }, typed) {
  const changed = Object.entries(typed.prices)
    .map(([category, text]) => ({ category, amount: parseMoney(text, currency) ?? NaN }))
    .filter(({ category, amount }) => prices.some((price) => price.category === category && price.amount !== amount));
  const typedLimits = {
    ticketsPerBuyer: whole(typed.ticketsPerBuyer),
    holdSeconds: whole(typed.holdSeconds),
    preventOrphans: typed.preventOrphans,
  };
  const names = /** @type {(keyof typeof typedLimits)[]} */ (Object.keys(typedLimits)).filter(
    (name) => typedLimits[name] !== limits[name],
  );
  return {
    ...(changed.length > 0 && { prices: changed }),
    ...(names.length > 0 && { limits: Object.fromEntries(names.map((name) => [name, typedLimits[name]])) }),
  };
}

/**
 * What of a change is allowed but what nobody means.
 * @param {Pick<ChangeEvent, "prices" | "limits">} change @param {number} capacity the event's
 */
export const warningsOfChange = ({ prices, limits }, capacity) =>
  termsWarnings(
    {
      most: limits?.ticketsPerBuyer ?? undefined,
      holdSeconds: limits?.holdSeconds ?? undefined,
      free: (prices ?? []).filter(({ amount }) => amount === 0).map(({ category }) => category),
    },
    capacity,
  );
