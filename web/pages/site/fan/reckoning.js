/** What two tickets' hope is reckoned with: most come for two. */
const USUAL_WISH = 2;
/** How many shoppers' worth a guess counts for, beside those who have really shopped. */
const GUESS_WEIGHT = 20;
/** Of 100 outcomes, how many are on the safe side: 90, one-sided, in standard deviations. */
const SAFE_DEVIATIONS = 1.28;
/** How far the reckoned demand may be off as a whole, as a part of it. */
const RATE_DOUBT = 0.25;

/**
 * How many stand before a number.
 * @param {number} number @param {number} admittedThrough
 */
export const positionOf = (number, admittedThrough) => Math.max(0, number - admittedThrough);

/**
 * How long the line will take, as a range: the pace of the last minutes does not promise the next.
 *
 * @param {number} position @param {number} admittedPerMinute
 * @returns {{ fewest: number, most: number } | undefined} whole minutes, or that nothing can be said yet
 */
export function estimate(position, admittedPerMinute) {
  if (position <= 0) return { fewest: 0, most: 1 };
  if (!(admittedPerMinute > 0)) return undefined;
  const minutes = position / admittedPerMinute;
  return { fewest: Math.floor(minutes * 0.8), most: Math.max(1, Math.ceil(minutes * 1.25)) };
}

/**
 * @typedef {object} OddsFacts
 * @property {number} free
 * @property {number} capacity how many were on sale at first (kept-back ones that are not known of count as taken)
 * @property {number} admittedThrough
 * @property {number} activeShoppers
 * @property {number} position
 * @property {number} ticketsPerBuyer
 */

/**
 * @typedef {object} Odds
 * @property {"likely" | "uncertain" | "unlikely" | "none"} word `none`: nothing is free now
 * @property {number} perShopper tickets that a shopper takes, reckoned from those so far
 * @property {number} before tickets that will probably go to those before
 * @property {number} left tickets that will probably be left then
 */

/**
 * Honest odds of getting two tickets (or what one may have, if less): what is free, less what those who shop now and
 * those before will probably take.
 *
 * @param {OddsFacts} facts
 * @returns {Odds}
 */
export function odds(facts) {
  const { free, admittedThrough, activeShoppers, position, ticketsPerBuyer } = facts;
  const guess = Math.min(USUAL_WISH, ticketsPerBuyer);
  // Who is shopping now has, on the average, half of it done.
  const shopped = Math.max(0, admittedThrough - activeShoppers / 2);
  const taken = Math.max(0, facts.capacity - free);
  const perShopper = Math.min(ticketsPerBuyer, (taken + guess * GUESS_WEIGHT) / (shopped + GUESS_WEIGHT));
  const others = Math.max(0, position - 1) + activeShoppers / 2;
  const before = Math.round(others * perShopper);
  const left = Math.max(0, free - before);
  if (free <= 0) return { word: "none", perShopper, before, left: 0 };
  const single = ticketsPerBuyer / 2;
  const doubt = SAFE_DEVIATIONS * Math.hypot(single * Math.sqrt(others), RATE_DOUBT * before);
  const wish = Math.min(USUAL_WISH, ticketsPerBuyer);
  const margin = free - before - wish;
  const word = margin >= doubt ? "likely" : margin < -doubt ? "unlikely" : "uncertain";
  return { word, perShopper, before, left };
}
