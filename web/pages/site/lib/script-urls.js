/**
 * The scripts that pages start beside themselves. The pages' Trusted Types policy lets no other address become one; a
 * page may make it only once.
 *
 * @typedef {{ createScriptURL(url: string): string }} URLPolicy
 * @typedef {{ createPolicy(name: string, rules: URLPolicy): URLPolicy }} TrustedTypes
 */

/** Service workers. The server has each at the root, because one may only serve pages below its own address. */
export const DOOR_WORKER = "/door-worker.js";
export const TICKET_WORKER = "/ticket-worker.js";
/** Reads codes at the door; its address has the hash of all assets. */
export const READING_WORKER = new URL("../door/qr/worker.js", import.meta.url).href;

const SCRIPTS = [DOOR_WORKER, TICKET_WORKER, READING_WORKER];

const trustedTypes = /** @type {TrustedTypes | undefined} */ (Reflect.get(globalThis, "trustedTypes"));
const policy = trustedTypes?.createPolicy("onsale", {
  createScriptURL: (url) => {
    if (!SCRIPTS.includes(url)) throw new TypeError("Not one of our scripts.");
    return url;
  },
});

/** @param {string} url @returns {string} trusted, where the browser asks for that */
export const scriptURL = (url) => /** @type {string} */ (policy?.createScriptURL(url) ?? url);
