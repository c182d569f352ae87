/** How many tickets a shopper is assumed to want: most come for two. */
const USUAL_WISH = 2;
/** The weight of the prior guess, in shoppers, against those who have really shopped. */
const GUESS_WEIGHT = 20;
/** A one-sided 90% bound, in standard deviations. */
const SAFE_DEVIATIONS = 1.28;
/** By what fraction the estimated demand as a whole may be off. */
const RATE_DOUBT = 0.25;

/**
 * How many numbers are ahead of this one.
 * @param {number} number @param {number} admittedThrough
 */
export const positionOf = (number, admittedThrough) => Math.max(0, number - admittedThrough);

/**
 * How long the line will take, as a range: the pace of the last minutes is no promise for the next.
 *
 * @param {number} position @param {number} admittedPerMinute
 * @returns {{ fewest: number, most: number } | undefined} whole minutes; undefined while there is no pace to go by
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
 * @property {number} capacity how many were on sale at first (blocked seats, which are not known here, count as taken)
 * @property {number} admittedThrough
 * @property {number} activeShoppers
 * @property {number} position
 * @property {number} ticketsPerBuyer
 */

/**
 * @typedef {object} Odds
 * @property {"likely" | "uncertain" | "unlikely" | "none"} word `none`: nothing is free right now
 * @property {number} perShopper tickets per shopper, estimated from sales so far
 * @property {number} before tickets that will probably go to those ahead
 * @property {number} left tickets that will probably be left then
 */

/**
 * Honest odds of getting two tickets (or the limit per buyer, if lower): what is free, less what current shoppers and
 * those ahead in line will probably take.
 *
 * @param {OddsFacts} facts
 * @returns {Odds}
 */
export function odds(facts) {
  const { free, admittedThrough, activeShoppers, position, ticketsPerBuyer } = facts;
  const guess = Math.min(USUAL_WISH, ticketsPerBuyer);
  // Those shopping now are on average half done.
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
