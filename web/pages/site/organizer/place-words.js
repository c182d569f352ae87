import { t } from "../lib/i18n.js";
import { seatRows } from "../map/seat-rows.js";

/** @typedef {import("../map/chart.js").SeatingChart} SeatingChart */

const SEATS_SHOWN = 4;

/** @param {SeatingChart | undefined} chart @param {string} seat */
export function seatWords(chart, seat) {
  const index = chart?.indexOf(seat);
  return chart && index !== undefined ? t("org.seat", chart.label(index)) : seat;
}

/**
 * The places of an order or a hold in a line, the first few of many.
 * @param {SeatingChart | undefined} chart until it is there, seats are shown by their `seat_guid`s
 * @param {{ seats: string[], area: string | null, quantity: number }} places
 */
export function placesWords(chart, { seats, area, quantity }) {
  if (area !== null) return t("org.order.places", { name: area, count: quantity });
  const shown = seats.slice(0, SEATS_SHOWN);
  const rest = seats.length - shown.length;
  const rows = seatRows(shown, chart);
  const words = rows
    ? rows.map(({ section, row, seats }) => t("org.seats.names", { section, row, seats: seats.join(", "), count: seats.length }))
    : shown;
  return words.join(", ") + (rest > 0 ? ` ${t("org.order.more", { count: rest })}` : "");
}
