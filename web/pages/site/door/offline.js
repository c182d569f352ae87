/**
 * @typedef {{ createScriptURL(url: string): string }} URLPolicy
 * @typedef {{ createPolicy(name: string, rules: URLPolicy): URLPolicy }} TrustedTypes
 */

const WORKER = "/door-worker.js";

/**
 * Makes the page open without a network, too. Without service workers (plain http, private windows) it keeps working
 * only while it stays open.
 */
export function keepForOffline() {
  if (!navigator.serviceWorker) return;
  const trustedTypes = /** @type {TrustedTypes | undefined} */ (Reflect.get(globalThis, "trustedTypes"));
  const policy = trustedTypes?.createPolicy("onsale", {
    createScriptURL: (url) => {
      if (url !== WORKER) throw new TypeError("Not the door's worker.");
      return url;
    },
  });
  const url = /** @type {string} */ (policy?.createScriptURL(WORKER) ?? WORKER);
  navigator.serviceWorker.register(url, { scope: "/door" }).catch(() => {
    // Retried the next time the page opens.
  });
}
