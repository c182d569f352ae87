const KEPT = 60;
/** @type {Map<string, number>} */
const counts = new Map();

/**
 * A measure for the performance API. Few are kept: a map may be looked at for hours.
 * @param {string} name @param {number} start by `performance.now()`
 */
export function measure(name, start) {
  const count = (counts.get(name) ?? 0) + 1;
  if (count > KEPT) performance.clearMeasures(name);
  counts.set(name, count > KEPT ? 1 : count);
  performance.measure(name, { start, end: performance.now() });
}
