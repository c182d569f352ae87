import { Kept } from "../lib/storage.js";
import { client } from "./api.js";

/**
 * @typedef {object} KeptSession
 * @property {string} token
 * @property {string} expiresAt
 * @property {string} [buyer] not known of a session that was made elsewhere
 * @property {string} [email]
 */

const PREFIX = "onsale.fan.";

/** @param {any} value @returns {value is KeptSession} */
const isSession = (value) => typeof value?.token === "string" && typeof value.expiresAt === "string";

const kept = new Kept("fan.session", isSession);

/** @returns {KeptSession | undefined} who one is, as long as it counts */
export function session() {
  const value = kept.get();
  return value && Date.parse(value.expiresAt) > Date.now() ? value : undefined;
}

/** @param {string} email @returns {Promise<KeptSession>} */
export async function signIn(email) {
  const made = { ...(await client.createSession(email)), email };
  kept.set(made);
  return made;
}

/**
 * Takes a session that the organizer's identity provider has made. The server checks it; here only its end is read.
 * @param {string} token
 * @returns {KeptSession | undefined} nothing if it is none
 */
export function takeSession(token) {
  try {
    const claims = token.trim().split(".")[1] ?? "";
    const { exp } = JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/")));
    const made = { token: token.trim(), expiresAt: new Date(exp * 1000).toISOString() };
    kept.set(made);
    return made;
  } catch {
    return undefined;
  }
}

/** The session counts no more: the server said so. What else is kept stays, for whoever signs in again. */
export function dropSession() {
  kept.set(undefined);
}

/** Forgets who one is, and all that was kept for them. */
export function signOut() {
  for (const storage of [localStorage, sessionStorage]) {
    try {
      const names = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
      for (const name of names) if (name.startsWith(PREFIX)) storage.removeItem(name);
    } catch {
      // Storage is switched off, so nothing was kept.
    }
  }
}

/** @param {() => void} changed told when another tab has signed in or out */
export function onSessionChange(changed) {
  kept.onChange(changed);
}
