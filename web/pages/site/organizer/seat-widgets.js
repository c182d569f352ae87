import "../map/seat-list.js";
import "../map/seat-map.js";

/**
 * What the organizer's pages use of the map and of the list beside it.
 * @typedef {object} SeatWidget
 * @property {(chart: import("../map/chart.js").SeatingChart, states: import("../../../client/src/index.js").SeatStates) => void} load
 * @property {(changed?: number[]) => void} update
 * @property {Set<number>} selected
 * @property {string} mode
 */
/** @typedef {{ kind: "seat", index: number } | { kind: "seats", indexes: number[] } | { kind: "area", name: string }} Pick */

/** @param {"seat-map" | "seat-list"} name @returns {HTMLElement & SeatWidget} */
export const seatWidget = (name) => /** @type {any} */ (document.createElement(name));

/**
 * Keeps widgets at what is known of an event.
 * @param {import("./live-event.js").LiveEvent} live @param {(HTMLElement & SeatWidget)[]} widgets @param {AbortSignal} signal
 */
export function follow(live, widgets, signal) {
  let isLoaded = false;
  const update = (/** @type {number[] | undefined} */ changed) => {
    if (!live.chart || live.states.version === undefined) return;
    for (const widget of widgets) {
      if (isLoaded) widget.update(changed);
      else widget.load(live.chart, live.states);
    }
    isLoaded = true;
  };
  live.on("seats", update, signal);
  update(undefined);
}
