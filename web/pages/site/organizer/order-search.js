import { bareSeat } from "../lib/seat-words.js";

/** @typedef {import("../map/chart.js").SeatingChart} SeatingChart */

/**
 * What orders are looked for.
 * @typedef {{ kind: "all" } | { kind: "order", order: string } | { kind: "buyer", buyer: string }
 *   | { kind: "email", email: string } | { kind: "seat", seat: string } | { kind: "unknown" }} Query
 */

/**
 * Reads what was typed: a number of an order or buyer, an address, or a seat by its name in the plan or in words.
 * @param {string} text @param {SeatingChart | undefined} chart to find seats by their words
 * @returns {Query}
 */
export function readQuery(text, chart) {
  const typed = text.trim();
  if (typed === "") return { kind: "all" };
  if (/^ord_\w+$/.test(typed)) return { kind: "order", order: typed };
  if (/^byr_\w+$/.test(typed)) return { kind: "buyer", buyer: typed };
  if (typed.includes("@")) return { kind: "email", email: typed };
  if (!chart) return { kind: "seat", seat: typed };
  const seat = seatOf(typed, chart);
  return seat === undefined ? { kind: "unknown" } : { kind: "seat", seat };
}

/** @param {string} typed @param {SeatingChart} chart @returns {string | undefined} the seat's name in the plan */
function seatOf(typed, chart) {
  if (chart.indexOf(typed) !== undefined) return typed;
  const wanted = bareSeat(typed);
  const folded = typed.toLowerCase();
  for (let index = 0; index < chart.seatCount; index += 1) {
    const { section, row, seat } = chart.label(index);
    if (chart.name(index).toLowerCase() === folded || bareSeat(`${section} ${row} ${seat}`) === wanted) return chart.name(index);
  }
  return undefined;
}
