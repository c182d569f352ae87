import { scriptURL } from "./script-urls.js";

/**
 * Lets a service worker serve the pages below a path. Browsers without service workers (plain http, private windows)
 * and failures are passed over: the pages work without, and registering is repeated the next time.
 * @param {string} worker one of ours @param {string} scope
 */
export async function registerWorker(worker, scope) {
  await navigator.serviceWorker?.register(scriptURL(worker), { scope }).catch(() => {});
}
