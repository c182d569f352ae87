import { Kept } from "../lib/storage.js";

/**
 * @typedef {import("../../../client/src/types.js").Place} Place
 * @typedef {import("../../../client/src/types.js").Pass} Pass
 */

/** @param {any} value @returns {value is Place & { buyer?: string }} */
const isPlace = (value) =>
  typeof value?.ticket === "string" && (value.number === null || typeof value.number === "number");

/**
 * A pass as it is kept, with the orders of its that were declined.
 * @typedef {Pass & { declined?: string[] }} KeptPass
 */

/** So many declined payments end a pass. */
export const DECLINES_MOST = 5;

/** @param {any} value @returns {value is KeptPass} */
const isPass = (value) =>
  typeof value?.pass === "string" &&
  typeof value.expiresAt === "string" &&
  (value.declined === undefined || Array.isArray(value.declined));

/** @param {KeptPass} pass @param {string} order each counts once, however often it is heard of @returns {KeptPass} */
export const withDecline = (pass, order) => ({ ...pass, declined: [...new Set([...(pass.declined ?? []), order])] });

/**
 * A pass that has ended; no clock takes that back, and ours is right to half a second only.
 * @param {KeptPass} pass @returns {KeptPass}
 */
export const ended = (pass) => ({ ...pass, expiresAt: new Date(0).toISOString() });

/** @param {KeptPass | undefined} pass */
export const isDeclinedTooOften = (pass) => (pass?.declined?.length ?? 0) >= DECLINES_MOST;

/** @param {any} value @returns {value is string} */
const isText = (value) => typeof value === "string";

/**
 * What is kept of a fan's way through one event: place and pass for all tabs, the checkout for this one.
 * @param {string} event
 */
export function keptWay(event) {
  return {
    place: new Kept(`fan.place.${event}`, isPlace),
    pass: new Kept(`fan.pass.${event}`, isPass),
    /** The commitment as it was seen in the lobby: what the draw must later agree with. */
    commitment: new Kept(`fan.commitment.${event}`, isText),
    /** Which hold is being paid. */
    checkout: new Kept(`fan.checkout.${event}`, isText, () => sessionStorage),
  };
}
