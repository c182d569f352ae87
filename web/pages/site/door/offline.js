/**
 * @typedef {{ createScriptURL(url: string): string }} URLPolicy
 * @typedef {{ createPolicy(name: string, rules: URLPolicy): URLPolicy }} TrustedTypes
 */

const WORKER = "/door-worker.js";

/**
 * Has the page open after a reload without a network, too. Where there are no service workers (plain http, private
 * windows) it goes on as long as it isn't closed.
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
    // It is tried again at the next opening.
  });
}
