import { Problem } from "../../../client/src/index.js";
import { formatClock, formatDate, formatNumber, formatThere, t } from "../lib/i18n.js";
import { seatRows } from "../map/seat-rows.js";

/**
 * @typedef {import("../../../client/src/types.js").Hold} Hold
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * When something is, by the venue's clocks, with one's own second where they differ.
 * @param {string} moment @param {{ timeZone?: string }} event
 */
export function when(moment, event) {
  const { there, zone, own } = formatThere(moment, event.timeZone);
  return own === "" ? there : t("when.there", { there, zone, own });
}

/** @param {string} moment when the server last said so @returns {string} that this is a kept copy, and of when */
export function asOf(moment) {
  const isToday = new Date(moment).toDateString() === new Date().toDateString();
  return t("order.asOf", {
    time: formatDate(moment, isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" }),
  });
}

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;

/** Refusals with words of their own here; any other is shown in the server's words. */
const KNOWN = new Set([
  "unreachable", "rate-limited", "overloaded", "unavailable", "onsale-closed", "sold-out", "not-admitted", "purchase-limit",
  "orphan-seat", "seats-unavailable", "hold-expired", "place-spent", "not-cancellable", "unauthenticated", "not-found",
  "hold-ordered", "idempotency-conflict",
]);

/**
 * What a refusal means to the fan, and what to do about it.
 * @param {unknown} error @param {SeatingChart} [chart] for the names of seats
 * @returns {string}
 */
export function refusal(error, chart) {
  if (!(error instanceof Problem)) return t("refusal.other", { detail: String(error) });
  const { body, slug } = error;
  if (!KNOWN.has(slug)) return t("refusal.other", { detail: error.message });
  const seats = slug === "orphan-seat" ? body["orphans"] : body.unavailable;
  return t(`refusal.${slug}`, {
    seconds: error.retryAfterSeconds ?? 5,
    limit: Number(body["limit"] ?? 0),
    current: Number(body["current"] ?? 0),
    seats: Array.isArray(seats) ? seatNames(seats.map(String), chart) : "",
  });
}

/** @param {unknown} error @returns {boolean} whether it tells nothing but that the server can't answer now */
export const isUnreachable = (error) => error instanceof Problem && error.isPassing;

const DECLINES = new Set([
  "card_declined", "generic_decline", "insufficient_funds", "expired_card", "authentication_required",
  "payment_intent_authentication_failure", "authorization_released", "capture_refused", "payment_mismatch",
]);

/** @param {string} code @returns {string} why a payment was declined */
export function declineReason(code) {
  return DECLINES.has(code) ? t(`decline.${code}`) : t("decline.other", { code: code || "–" });
}

/** @param {string | undefined} code @returns {boolean} whether a declined payment took money that is being returned */
export const isSentBack = (code) => code === "payment_mismatch";

/** @param {Order} order @returns {import("../../../client/src/types.js").OrderState | "disputed"} what to call it */
export const standingOf = ({ state, disputed }) => (disputed && state === "confirmed" ? "disputed" : state);

/** @param {string} name a `seat_guid` @param {SeatingChart} [chart] @returns {string} where to sit, in words */
export function seatName(name, chart) {
  const index = chart?.indexOf(name);
  if (chart === undefined || index === undefined) return name;
  return t("seat.name", chart.label(index));
}

/**
 * Several seats, grouped by row: "Stalls, row C, seats 5, 6".
 * @param {string[]} names @param {SeatingChart} [chart]
 * @returns {string}
 */
export function seatNames(names, chart) {
  const rows = seatRows(names, chart);
  if (!rows) return names.join(", ");
  const parts = rows.map(({ section, row, seats }) =>
    t("seat.names", { section, row, seats: seats.join(", "), count: seats.length }),
  );
  return parts.join(t("list.separator"));
}

/** @param {Pick<Hold, "seats" | "area" | "quantity">} hold @param {SeatingChart} [chart] */
export function placesOf(hold, chart) {
  if (hold.area !== null) return t("hold.area", { area: hold.area, count: hold.quantity });
  return seatNames(hold.seats, chart);
}

/** @param {number} seconds shown with days when there are any */
export function countdown(seconds) {
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = seconds - days * DAY_SECONDS;
  if (days === 0) return formatClock(rest);
  // Next to days, bare minutes and seconds would look like hours and minutes.
  const clock = rest > HOUR_SECONDS - 1 ? formatClock(rest) : `0:${formatClock(rest).padStart(5, "0")}`;
  return t("countdown.days", { count: days, clock });
}

/** @param {{ fewest: number, most: number } | undefined} range */
export function waiting(range) {
  if (!range) return t("line.estimate.unknown");
  if (range.most <= 1) return t("line.estimate.soon");
  if (range.fewest >= 90) return t("line.estimate.hours", { hours: formatNumber(Math.round(range.most / 60)) });
  return t("line.estimate.minutes", { fewest: Math.max(1, range.fewest), most: range.most });
}
