const KEPT = 60;
/** @type {Map<string, number>} */
const counts = new Map();

/**
 * Records a measure in the performance API. Only a few are kept, because a map may stay open for hours.
 * @param {string} name @param {number} start by `performance.now()`
 */
export function measure(name, start) {
  const count = (counts.get(name) ?? 0) + 1;
  if (count > KEPT) performance.clearMeasures(name);
  counts.set(name, count > KEPT ? 1 : count);
  performance.measure(name, { start, end: performance.now() });
}
