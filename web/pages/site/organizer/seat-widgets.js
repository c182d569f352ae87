import "../map/seat-list.js";
import "../map/seat-map.js";

/**
 * @typedef {import("../../../client/src/index.js").SeatStates} SeatStates
 * @typedef {import("../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * What the organizer's pages use of the map and the list.
 * @typedef {object} SeatWidget
 * @property {(chart: SeatingChart, states: SeatStates) => void} load
 * @property {(changed?: number[]) => void} update
 * @property {Set<number>} selected
 * @property {string} mode
 */
/** @typedef {{ kind: "seat", index: number } | { kind: "seats", indexes: number[] } | { kind: "area", name: string }} Pick */

/** @param {"seat-map" | "seat-list"} name @returns {HTMLElement & SeatWidget} */
export const seatWidget = (name) => /** @type {any} */ (document.createElement(name));

/**
 * An event's seats in their current states.
 * @typedef {object} Seats
 * @property {SeatingChart} chart
 * @property {SeatStates} states
 * @property {number[] | undefined} changed since the last call; undefined if any may have
 */

/**
 * Keeps widgets up to date.
 * @param {import("./tab-models.js").Follow<Seats>} onSeats @param {(HTMLElement & SeatWidget)[]} widgets
 */
export function follow(onSeats, widgets) {
  let isLoaded = false;
  onSeats(({ chart, states, changed }) => {
    for (const widget of widgets) {
      if (isLoaded) widget.update(changed);
      else widget.load(chart, states);
    }
    isLoaded = true;
  });
}
