/** @typedef {{ x: number, y: number }} ChartPoint */

/**
 * Maps a value to its place on an axis.
 * @param {number} from @param {number} to @param {number} start @param {number} end
 * @returns {(value: number) => number}
 */
export function scale(from, to, start, end) {
  const width = to - from;
  return (value) => (width === 0 ? start : start + ((value - from) / width) * (end - start));
}

/**
 * Round numbers from zero up to at least the highest value. They are integers because the values are counts.
 * @param {number} most @param {number} [wanted] roughly how many steps
 * @returns {number[]}
 */
export function valueTicks(most, wanted = 4) {
  if (!(most > 0)) return [0, 1];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, (([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power));
  const ticks = [];
  for (let index = 0; ; index += 1) {
    ticks.push(index * step);
    if (index * step >= most) return ticks;
  }
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[5, 10, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 30].map((n) => n * MINUTE),
  ...[1, 2, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10].map((n) => n * DAY),
];

/**
 * Round moments between two others, by this device's clock and calendar.
 * @param {number} from @param {number} to milliseconds
 * @param {number} [most] how many fit
 * @returns {number[]}
 */
export function timeTicks(from, to, most = 5) {
  if (!(to > from)) return [];
  const step = STEPS.find((known) => (to - from) / known <= most) ?? DAY * Math.ceil((to - from) / DAY / most);
  const midnight = new Date(from);
  midnight.setHours(0, 0, 0, 0);
  const ticks = [];
  for (let index = 0; ; index += 1) {
    const tick = new Date(midnight);
    // Not every day has 24 hours.
    if (step >= DAY) tick.setDate(tick.getDate() + index * (step / DAY));
    else tick.setTime(tick.getTime() + index * step);
    if (tick.getTime() > to) return ticks;
    if (tick.getTime() >= from) ticks.push(tick.getTime());
  }
}

/** @param {number} value */
const short = (value) => String(Math.round(value * 10) / 10);

/** @param {readonly ChartPoint[]} points */
const steps = (points) => points.map((point) => `${short(point.x)} ${short(point.y)}`).join("L");

/**
 * The points within one column.
 * @typedef {object} Column
 * @property {ChartPoint[]} ends the first, the lowest, the highest and the last, from left to right
 * @property {ChartPoint} top the highest value's
 * @property {ChartPoint} bottom the lowest value's
 * @property {ChartPoint} mean
 */

/**
 * @param {readonly ChartPoint[]} points from left to right @param {number} width of a column, in pixels
 * @returns {Column[]}
 */
function columns(points, width) {
  /** @type {Map<number, ChartPoint[]>} */
  const byPlace = new Map();
  for (const point of points) {
    const place = Math.floor(point.x / width);
    const known = byPlace.get(place);
    if (known) known.push(point);
    else byPlace.set(place, [point]);
  }
  return [...byPlace.values()].map((all) => {
    const most = (/** @type {(a: ChartPoint, b: ChartPoint) => boolean} */ isBetter) =>
      all.reduce((best, point) => (isBetter(point, best) ? point : best));
    // The higher the value, the smaller its y.
    const top = most((a, b) => a.y < b.y);
    const bottom = most((a, b) => a.y > b.y);
    const mean = (/** @type {(point: ChartPoint) => number} */ part) =>
      all.reduce((sum, point) => sum + part(point), 0) / all.length;
    const isEnd = new Set([all[0], top, bottom, all.at(-1)]);
    return {
      ends: all.filter((point) => isEnd.has(point)),
      top,
      bottom,
      mean: { x: mean(({ x }) => x), y: mean(({ y }) => y) },
    };
  });
}

/**
 * What a line needs of its points at this width: it covers the same pixels as the line through all of them, so no peak
 * is lost (M4: Jugel et al., VLDB 2014).
 * @param {readonly ChartPoint[]} points from left to right
 */
export const thinned = (points) => columns(points, 1).flatMap(({ ends }) => ends);

/** Wide enough for a mean to be calm where there are more points than pixels. */
const BAND_PIXELS = 4;

/**
 * The mean of every column, and the band between its highest and its lowest value: what fluctuates within a few pixels
 * is to be seen, but not as a solid block.
 * @param {readonly ChartPoint[]} points from left to right
 */
export function band(points) {
  const isCrowded = points.length > (points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0) + 1;
  const all = columns(points, isCrowded ? BAND_PIXELS : 1);
  const at = (/** @type {Column} */ { mean }, /** @type {ChartPoint} */ { y }) => ({ x: mean.x, y });
  return {
    mean: all.map(({ mean }) => mean),
    top: all.map((column) => at(column, column.top)),
    bottom: all.map((column) => at(column, column.bottom)),
  };
}

/**
 * The path of a line.
 * @param {readonly ChartPoint[]} points
 */
export const linePath = (points) => (points.length === 0 ? "" : `M${steps(points)}`);

/**
 * The path of the area between a line and the one below it.
 * @param {readonly ChartPoint[]} upper @param {readonly ChartPoint[]} lower
 */
export const areaPath = (upper, lower) =>
  upper.length === 0 ? "" : `M${steps(upper)}L${steps([...lower].reverse())}Z`;

/**
 * The sample nearest to a moment.
 * @param {readonly { at: number }[]} samples oldest first @param {number} moment
 * @returns {number} its index, or -1 if there are no samples
 */
export function nearest(samples, moment) {
  let low = 0;
  let high = samples.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.at ?? 0) < moment) low = middle + 1;
    else high = middle;
  }
  const after = samples[low];
  const before = samples[low - 1];
  return before && after && moment - before.at < after.at - moment ? low - 1 : after ? low : -1;
}
