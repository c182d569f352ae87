/**
 * @typedef {import("./chart.js").SeatingChart} SeatingChart
 * @typedef {import("../../../client/src/index.js").SeatStates} SeatStates
 */

const FREE = 46;
/** Seats further apart than this multiple of the usual spacing have an aisle between them. */
const AISLE = 1.75;

/**
 * Adjacent free seats as close as possible to the given ones and in the same price categories, preferring the same row,
 * then seats that leave no single seat behind.
 *
 * @param {SeatingChart} chart @param {SeatStates} states @param {number[]} around @param {number} quantity
 * @returns {number[] | undefined}
 */
export function nearbyFree(chart, states, around, quantity) {
  const given = around.filter((index) => index >= 0 && index < chart.seatCount);
  if (given.length === 0 || !(quantity > 0)) return undefined;
  const rows = new Set(given.map((index) => chart.rowAt(index)));
  const categories = new Set(given.map((index) => chart.category[index]));
  const x = given.reduce((sum, index) => sum + (chart.x[index] ?? 0), 0) / given.length;
  const y = given.reduce((sum, index) => sum + (chart.y[index] ?? 0), 0) / given.length;
  const isFree = (/** @type {number} */ index) => states.codes[index] === FREE && categories.has(chart.category[index]);

  /** @type {number[] | undefined} */
  let best;
  /** @type {[number, number, number]} */
  let bestRank = [Infinity, Infinity, Infinity];
  for (const section of chart.sections) {
    for (const row of section.rows) {
      for (const [first, end] of freeRuns(chart, row, isFree)) {
        for (let start = first; start + quantity <= end; start += 1) {
          const seats = Array.from({ length: quantity }, (_, place) => start + place);
          const middleX = ((chart.x[start] ?? 0) + (chart.x[start + quantity - 1] ?? 0)) / 2;
          const middleY = ((chart.y[start] ?? 0) + (chart.y[start + quantity - 1] ?? 0)) / 2;
          const leavesSingle = start - first === 1 || end - start - quantity === 1;
          const distance = Math.hypot(middleX - x, middleY - y);
          /** @type {[number, number, number]} */
          const rank = [rows.has(row) ? 0 : 1, leavesSingle ? distance + chart.spacing * 1.5 : distance, start];
          if (isBefore(rank, bestRank)) [best, bestRank] = [seats, rank];
        }
      }
    }
  }
  return best;
}

/**
 * @param {SeatingChart} chart @param {import("./chart.js").Row} row @param {(index: number) => boolean} isFree
 * @returns {[first: number, end: number][]}
 */
function freeRuns(chart, row, isFree) {
  /** @type {[number, number][]} */
  const runs = [];
  const end = row.first + row.count;
  let start = -1;
  for (let index = row.first; index <= end; index += 1) {
    const goesOn = index < end && isFree(index);
    const isBeyondAisle = start >= 0 && index < end && chart.distance(index - 1, index) > chart.spacing * AISLE;
    if (start >= 0 && (!goesOn || isBeyondAisle)) {
      runs.push([start, index]);
      start = -1;
    }
    if (goesOn && start < 0) start = index;
  }
  return runs;
}

/** @param {number[]} one @param {number[]} other */
function isBefore(one, other) {
  for (const [place, value] of one.entries()) {
    const against = other[place] ?? Infinity;
    if (value !== against) return value < against;
  }
  return false;
}
