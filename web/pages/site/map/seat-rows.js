/** @typedef {import("./chart.js").SeatingChart} SeatingChart */
/** @typedef {{ section: string, row: string, seats: string[] }} SeatRow seats of one row, as people call them */

/**
 * Seats by row, as words name them.
 * @param {string[]} names `seat_guid`s @param {SeatingChart | undefined} chart
 * @returns {SeatRow[] | undefined} undefined if the chart doesn't know them all, or there is none yet
 */
export function seatRows(names, chart) {
  /** @type {Map<string, SeatRow>} */
  const rows = new Map();
  for (const name of names) {
    const index = chart?.indexOf(name);
    if (chart === undefined || index === undefined) return undefined;
    const { section, row, seat } = chart.label(index);
    const key = JSON.stringify([section, row]);
    const known = rows.get(key) ?? { section, row, seats: [] };
    known.seats.push(seat);
    rows.set(key, known);
  }
  return [...rows.values()];
}
