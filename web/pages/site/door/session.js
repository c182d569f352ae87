import { Kept } from "../lib/storage.js";

/**
 * At which event's door this device stands, and with which token. In `localStorage`, so that the page goes on after a
 * reload without a network.
 *
 * @typedef {{ token: string, event: { id: string, title: string, venue: string } }} DoorSession
 */

/** @param {any} value @returns {value is DoorSession} */
function isSession(value) {
  return (
    typeof value?.token === "string" && typeof value.event?.id === "string" && typeof value.event.title === "string"
  );
}

export const keptSession = new Kept("door.session", isSession);
