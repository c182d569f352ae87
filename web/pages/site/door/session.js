import { Kept } from "../lib/storage.js";

/**
 * The event whose door this device is at, its token, and the name of the token's account, if it has one. Kept in
 * `localStorage`, so that the page keeps working after a reload without a network.
 *
 * @typedef {{ token: string, name?: string, event: { id: string, title: string, venue: string } }} DoorSession
 */

/** @param {any} value @returns {value is DoorSession} */
function isSession(value) {
  return (
    typeof value?.token === "string" && typeof value.event?.id === "string" && typeof value.event.title === "string"
  );
}

export const keptSession = new Kept("door.session", isSession);
