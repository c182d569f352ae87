/**
 * The scripts that the page starts beside itself. Its Trusted Types policy lets no other address become one.
 *
 * @typedef {{ createScriptURL(url: string): string }} URLPolicy
 * @typedef {{ createPolicy(name: string, rules: URLPolicy): URLPolicy }} TrustedTypes
 */

/** The service worker. */
export const OFFLINE_WORKER = "/door-worker.js";
/** Reads codes; its address has the hash of all assets. */
export const READING_WORKER = new URL("./qr/worker.js", import.meta.url).href;

const trustedTypes = /** @type {TrustedTypes | undefined} */ (Reflect.get(globalThis, "trustedTypes"));
const policy = trustedTypes?.createPolicy("onsale", {
  createScriptURL: (url) => {
    if (url !== OFFLINE_WORKER && url !== READING_WORKER) throw new TypeError("Not one of the door's workers.");
    return url;
  },
});

/** @param {string} url @returns {string} trusted, where the browser asks for that */
export const scriptURL = (url) => /** @type {string} */ (policy?.createScriptURL(url) ?? url);
