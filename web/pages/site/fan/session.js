import { Kept } from "../lib/storage.js";
import { client, clock } from "./api.js";
import { forgetTickets } from "./offline.js";
import { routeOf } from "./routes.js";

/**
 * @typedef {object} KeptSession
 * @property {string} token
 * @property {string} expiresAt
 * @property {string} [buyer] who it is; unknown for an older session made elsewhere
 * @property {string} [email]
 */

const PREFIX = "onsale.fan.";

/** @param {any} value @returns {value is KeptSession} */
const isSession = (value) => typeof value?.token === "string" && typeof value.expiresAt === "string";

const kept = new Kept("fan.session", isSession);

/** @param {any} value @returns {value is string} */
const isPath = (value) => typeof value === "string" && value.startsWith("/");

const cameFrom = new Kept("fan.cameFrom", isPath);

/** @typedef {{ email: string, expiresAt: string }} AskedCode where a code was mailed, and until when it is good */

/** @param {any} value @returns {value is AskedCode} */
const isAsked = (value) => typeof value?.email === "string" && typeof value.expiresAt === "string";

/** Phones drop a tab whose owner reads the mail elsewhere, so it is kept. Each tab has its own. */
const asked = new Kept("fan.askedCode", isAsked, () => sessionStorage);

/** @returns {KeptSession | undefined} who is signed in, while the session is valid */
export function session() {
  const value = kept.get();
  return value && Date.parse(value.expiresAt) > Date.now() ? value : undefined;
}

/**
 * @param {string} email @param {string} [code] the digits that were mailed
 * @returns {Promise<KeptSession | undefined>} undefined if a code was mailed, which is needed
 */
export async function signIn(email, code) {
  const answer = await client.createSession(email, code);
  if (!("token" in answer)) {
    asked.set({ email, expiresAt: answer.expiresAt });
    if (routeOf(location.pathname).name !== "signIn") cameFrom.set(location.pathname);
    return undefined;
  }
  const made = { ...answer, email };
  kept.set(made);
  asked.set(undefined);
  return made;
}

/** @returns {AskedCode | undefined} the code that this tab waits for, while it is good */
export function askedCode() {
  const value = asked.get();
  return value && Date.parse(value.expiresAt) > clock.now() ? value : undefined;
}

/** Goes back to asking for an address. */
export function forgetCode() {
  asked.set(undefined);
}

/** @returns {string} the path where the code was asked for, maybe in another tab */
export function comeFrom() {
  const path = cameFrom.get();
  cameFrom.set(undefined);
  return path !== undefined && routeOf(path).name !== "missing" && routeOf(path).name !== "signIn" ? path : "/";
}

/**
 * Takes a session issued by the organizer's identity provider. The server verifies it; here it is only read.
 * @param {string} token
 * @returns {KeptSession | undefined} undefined if it is not a session token
 */
export function takeSession(token) {
  try {
    const claims = token.trim().split(".")[1] ?? "";
    const { exp, sub } = JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/")));
    const made = {
      token: token.trim(),
      expiresAt: new Date(exp * 1000).toISOString(),
      ...(typeof sub === "string" && { buyer: sub }),
    };
    kept.set(made);
    return made;
  } catch {
    return undefined;
  }
}

/** Drops a session that the server no longer accepts. Everything else stays for whoever signs in again. */
export function dropSession() {
  kept.set(undefined);
}

/** Forgets who is signed in and everything stored for them. */
export function signOut() {
  void forgetTickets();
  for (const storage of [localStorage, sessionStorage]) {
    try {
      const names = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
      for (const name of names) if (name.startsWith(PREFIX)) storage.removeItem(name);
    } catch {
      // Storage is disabled, so nothing was stored.
    }
  }
}

/** @param {() => void} changed called when another tab signs in or out */
export function onSessionChange(changed) {
  kept.onChange(changed);
}
