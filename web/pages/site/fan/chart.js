import { client } from "./api.js";

/**
 * @typedef {import("../../../client/src/types.js").Event} Event
 * @typedef {import("../map/chart.js").SeatingChart} SeatingChart
 */

/** @type {Map<string, Promise<SeatingChart>>} laying out ten thousand seats once is enough */
const charts = new Map();

/**
 * @param {Event} event
 * @returns {Promise<SeatingChart>} with the event's prices
 */
export async function chartOf(event) {
  const chart = await laidOut(event);
  chart.reprice(event.prices);
  return chart;
}

/** @param {Event} event */
function laidOut(event) {
  const known = charts.get(event.id);
  if (known) return known;
  const made = load(event);
  charts.set(event.id, made);
  made.catch(() => charts.delete(event.id));
  return made;
}

/** @param {Event} event */
async function load(event) {
  const standing = event.areas.reduce((sum, area) => sum + area.capacity, 0);
  const [{ SeatingChart }, plan] = await Promise.all([
    import("../map/chart.js"),
    // An event with only standing areas has no plan.
    standing === event.capacity ? undefined : client.getSeatingPlan(event.id),
  ]);
  return new SeatingChart(plan, event);
}
