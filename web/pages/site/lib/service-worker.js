/**
 * @typedef {{ createScriptURL(url: string): string }} URLPolicy
 * @typedef {{ createPolicy(name: string, rules: URLPolicy): URLPolicy }} TrustedTypes
 */

/** The server has each at the root, because a worker may only serve pages below its own address. */
const WORKERS = ["/door-worker.js", "/ticket-worker.js"];

/** @type {URLPolicy | undefined} a page may make it only once */
let policy;

/**
 * Lets a service worker serve the pages below a path. Browsers without service workers (plain http, private windows)
 * and failures are passed over: the pages work without, and registering is repeated the next time.
 * @param {string} worker one of ours @param {string} scope
 */
export async function registerWorker(worker, scope) {
  if (!navigator.serviceWorker) return;
  const trustedTypes = /** @type {TrustedTypes | undefined} */ (Reflect.get(globalThis, "trustedTypes"));
  policy ??= trustedTypes?.createPolicy("onsale", {
    createScriptURL: (url) => {
      if (!WORKERS.includes(url)) throw new TypeError("Not one of our workers.");
      return url;
    },
  });
  const url = /** @type {string} */ (policy?.createScriptURL(worker) ?? worker);
  await navigator.serviceWorker.register(url, { scope }).catch(() => {});
}
