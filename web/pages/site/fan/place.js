import { Kept } from "../lib/storage.js";

/**
 * @typedef {import("../../../client/src/types.js").PlaceTicket} PlaceTicket
 * @typedef {import("../../../client/src/types.js").Pass} Pass
 */

/** @param {any} value @returns {value is PlaceTicket & { buyer?: string }} */
const isPlace = (value) =>
  typeof value?.ticket === "string" && (value.number === null || typeof value.number === "number");

/**
 * A pass as stored, with the orders under it that were declined.
 * @typedef {Pass & { declined?: string[] }} KeptPass
 */

/** How many declined payments end a pass. */
export const DECLINES_MOST = 5;

/** @param {any} value @returns {value is KeptPass} */
const isPass = (value) =>
  typeof value?.pass === "string" &&
  typeof value.expiresAt === "string" &&
  (value.declined === undefined || Array.isArray(value.declined));

/** @param {KeptPass} pass @param {string} order counted once, however often it is reported @returns {KeptPass} */
export const withDecline = (pass, order) => ({ ...pass, declined: [...new Set([...(pass.declined ?? []), order])] });

/**
 * Marks a pass as ended for good. Going by its own expiry could revive it: our clock is only accurate to half a second.
 * @param {KeptPass} pass @returns {KeptPass}
 */
export const ended = (pass) => ({ ...pass, expiresAt: new Date(0).toISOString() });

/** @param {KeptPass | undefined} pass */
export const isDeclinedTooOften = (pass) => (pass?.declined?.length ?? 0) >= DECLINES_MOST;

/** @param {any} value @returns {value is string} */
const isText = (value) => typeof value === "string";

/**
 * What is stored of a fan's way through one event: place and pass for all tabs, the checkout for this tab only.
 * @param {string} event
 */
export function keptWay(event) {
  return {
    place: new Kept(`fan.place.${event}`, isPlace),
    pass: new Kept(`fan.pass.${event}`, isPass),
    /** The commitment as seen in the lobby, which the draw must match later. */
    commitment: new Kept(`fan.commitment.${event}`, isText),
    /** Which hold is being paid. */
    checkout: new Kept(`fan.checkout.${event}`, isText, () => sessionStorage),
  };
}
