/** @typedef {import("./history.js").Sample} Sample */

/** Over how long the pace is taken. */
export const PACE_SECONDS = 60;
/** Less than this says too little. */
const PACE_SECONDS_LEAST = 8;
/** Nobody wants to hear of a sell-out further away. */
const SELL_OUT_MINUTES_MOST = 7 * 24 * 60;

/**
 * Tickets sold in a minute, over the minute before a sample: what was sold less what was given back.
 * @param {readonly Sample[]} samples oldest first
 * @param {number} [index] of which sample; the newest by default
 * @returns {number | undefined} nothing while too little was seen
 */
export function pacePerMinute(samples, index = samples.length - 1) {
  const now = samples[index];
  if (!now) return undefined;
  let first = index;
  // The last sample that is a minute old is the best start; without one, the oldest there is.
  while (first > 0) {
    first -= 1;
    if (now.at - (samples[first]?.at ?? 0) >= PACE_SECONDS * 1000) break;
  }
  const start = samples[first];
  if (!start) return undefined;
  const seconds = (now.at - start.at) / 1000;
  return seconds < PACE_SECONDS_LEAST ? undefined : ((now.sold - start.sold) * 60) / seconds;
}

/**
 * In how many minutes all will be sold if it goes on like this.
 * @param {number} free @param {number | undefined} perMinute
 * @returns {number | undefined} nothing when nothing is sold, or it is too far away to say
 */
export function minutesToSellOut(free, perMinute) {
  if (free <= 0) return 0;
  if (perMinute === undefined || perMinute <= 0) return undefined;
  const minutes = free / perMinute;
  return minutes > SELL_OUT_MINUTES_MOST ? undefined : minutes;
}
