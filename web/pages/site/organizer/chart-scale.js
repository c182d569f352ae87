/** @typedef {{ x: number, y: number, gap?: boolean }} ChartPoint `gap`: no line from the previous point to this one */

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
const STEPS = [
  ...[5, 10, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 30].map((n) => n * MINUTE),
  ...[1, 2, 6, 12, 24].map((n) => n * HOUR),
];

/**
 * Round moments between two others.
 * @param {number} from @param {number} to milliseconds
 * @param {number} [most] how many fit
 * @returns {number[]}
 */
export function timeTicks(from, to, most = 5) {
  if (!(to > from)) return [];
  let step = STEPS.find((known) => (to - from) / known <= most) ?? 24 * HOUR;
  while ((to - from) / step > most) step *= 2;
  const ticks = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

/** @param {number} value */
const short = (value) => String(Math.round(value * 10) / 10);

/** @param {ChartPoint} point */
const at = (point) => `${short(point.x)} ${short(point.y)}`;

/** @template {ChartPoint} Point @param {readonly Point[]} points @returns {Point[][]} */
function runs(points) {
  /** @type {Point[][]} */
  const found = [];
  for (const point of points) {
    const run = found.at(-1);
    if (!run || point.gap) found.push([point]);
    else run.push(point);
  }
  return found;
}

/**
 * The path of a line, broken at every gap.
 * @param {readonly ChartPoint[]} points
 */
export function linePath(points) {
  return runs(points)
    .map((run) => run.map((point, index) => `${index === 0 ? "M" : "L"}${at(point)}`).join(""))
    .join("");
}

/**
 * The path of the area between a line and the one below it.
 * @param {readonly ChartPoint[]} upper @param {readonly number[]} lower the y values of the other line
 */
export function areaPath(upper, lower) {
  return runs(upper.map((point, index) => ({ ...point, below: lower[index] ?? point.y })))
    .map((run) => {
      const there = run.map((point, index) => `${index === 0 ? "M" : "L"}${at(point)}`).join("");
      const back = [...run].reverse().map((point) => `L${short(point.x)} ${short(point.below)}`).join("");
      return `${there}${back}Z`;
    })
    .join("");
}

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
