/** @typedef {{ at: number, sold: number }} Sales how much was sold at a moment */

/** The period the pace is measured over. */
export const PACE_SECONDS = 60;
/** A period in which a burst ends while the pace still tells of it. */
export const BURST_SECONDS = 10;
/** A shorter period is too short to tell. */
const PACE_SECONDS_LEAST = 8;
/** A sell-out further away is not worth predicting. */
const SELL_OUT_MINUTES_MOST = 7 * 24 * 60;

/**
 * Tickets sold per minute, net of returns, over the minute before a sample.
 * @param {readonly Sales[]} samples oldest first
 * @param {number} [index] of the sample; the latest by default
 * @returns {number | undefined} undefined while there is too little data
 */
export const pacePerMinute = (samples, index) => perMinute(samples, ({ sold }) => sold, index);

/**
 * How much a count grew over the minute before a sample.
 * @template {{ at: number }} Sample
 * @param {readonly Sample[]} samples oldest first
 * @param {(sample: Sample) => number} count
 * @param {number} [index] of the sample; the latest by default
 * @returns {number | undefined} undefined while there is too little data
 */
export function perMinute(samples, count, index = samples.length - 1) {
  const now = samples[index];
  if (!now) return undefined;
  let first = index;
  // Start from the latest sample that is at least a minute old, or else from the oldest.
  while (first > 0) {
    first -= 1;
    if (now.at - (samples[first]?.at ?? 0) >= PACE_SECONDS * 1000) break;
  }
  const start = samples[first];
  if (!start) return undefined;
  const seconds = (now.at - start.at) / 1000;
  return seconds < PACE_SECONDS_LEAST ? undefined : ((count(now) - count(start)) * 60) / seconds;
}

/**
 * How many tickets were sold in the seconds before the latest sample, net of returns.
 * @param {readonly Sales[]} samples oldest first
 * @returns {number | undefined} undefined without a sample that is as old
 */
export function soldInBurst(samples) {
  const now = samples.at(-1);
  /** @type {Sales | undefined} */
  let start;
  for (const sample of samples) if (now && now.at - sample.at >= BURST_SECONDS * 1000) start = sample;
  return now && start && now.sold - start.sold;
}

/**
 * How many minutes until everything is sold at this pace.
 * @param {number} free @param {number | undefined} perMinute
 * @param {number} [burst] what was sold in the last seconds: once that is nothing, the pace has ended
 * @returns {number | undefined} undefined if nothing sells or it is too far away
 */
export function minutesToSellOut(free, perMinute, burst) {
  if (free <= 0) return 0;
  if (perMinute === undefined || perMinute <= 0 || (burst !== undefined && burst <= 0)) return undefined;
  const minutes = free / perMinute;
  return minutes > SELL_OUT_MINUTES_MOST ? undefined : minutes;
}
