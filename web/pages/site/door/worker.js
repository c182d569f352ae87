/**
 * The door's service worker: lets `/door` open without a network. It caches the page and the assets it needs, and
 * nothing else; responses from `/v1` are never cached.
 */

const PREFIX = "onsale-door-";
const PAGE = "/door";
const PAGE_MILLISECONDS = 3000;

const scope = /** @type {any} */ (self);

/**
 * Assets named by a page's attributes, by a module's static imports (at the start of a line; others are types), and as
 * another worker's script, with which come the modules that a page loads only when it needs them.
 */
const NAMED_BY_PAGE = /\b(?:src|href)="([^"]+)"/g;
const NAMED_AS_WORKER = /\bnew URL\("(\.[^"]+)", import\.meta\.url\)/g;
const NAMED_BY_MODULE = /^(?:import|export)\b[^;"'`=]*?(?:\bfrom\s*)?["']([^"']+)["'];/gm;

/** @param {string} text @param {RegExp} named @param {string} base the address of the text @returns {string[]} */
function assetsNamedIn(text, named, base) {
  return [...text.matchAll(named)]
    .map((match) => new URL(match[1] ?? "", base))
    .filter((url) => url.origin === scope.location.origin && url.pathname.startsWith("/assets/"))
    .map((url) => url.href);
}

/**
 * Caches a version of the page, completely or not at all. Each version has its own cache, named after the hash of the
 * page, and older ones are deleted once the new one is complete.
 * @param {Response} page
 */
async function keep(page) {
  const address = new URL(PAGE, scope.location.origin).href;
  const text = await page.clone().text();
  const name = PREFIX + (await nameOf(text));
  if (await caches.match(address, { cacheName: name })) return;
  /** @type {Map<string, Response>} */
  const found = new Map();
  const open = assetsNamedIn(text, NAMED_BY_PAGE, address);
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    if (found.has(url)) continue;
    const response = await fetch(url);
    // What the server has no longer under this address, it answers with the newest and forbids to store.
    const isOfVersion = response.ok && !/no-store/.test(response.headers.get("cache-control") ?? "");
    if (!isOfVersion) throw new Error(`${url} is not of this version.`);
    found.set(url, response.clone());
    if (!new URL(url).pathname.endsWith(".js")) continue;
    const module = await response.text();
    for (const named of [NAMED_BY_MODULE, NAMED_AS_WORKER]) open.push(...assetsNamedIn(module, named, url));
  }
  try {
    const cache = await caches.open(name);
    for (const [url, response] of found) await cache.put(url, response);
    // The last, so that a page in the cache has all of its assets there.
    await cache.put(address, page.clone());
  } catch (error) {
    await caches.delete(name);
    throw error;
  }
  for (const other of await caches.keys()) {
    if (other.startsWith(PREFIX) && other !== name) await caches.delete(other);
  }
}

/** @param {string} text @returns {Promise<string>} */
async function nameOf(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {any} event */
async function openPage(event) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), PAGE_MILLISECONDS);
  try {
    const response = await fetch(PAGE, { signal: limit.signal });
    if (!response.ok) throw new Error(`The page answers ${response.status}.`);
    const whole = new Response(await response.arrayBuffer(), response);
    // If caching fails now, a later opening tries again.
    event.waitUntil(keep(whole.clone()).catch(() => {}));
    return whole;
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept) return kept;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Request} request for an asset; the address has a hash, so the cache never goes stale */
async function openAsset(request) {
  return (await caches.match(request.url)) ?? fetch(request);
}

scope.addEventListener("install", (/** @type {any} */ event) => {
  scope.skipWaiting();
  event.waitUntil(
    fetch(PAGE).then((page) => {
      if (!page.ok) throw new Error(`The page answers ${page.status}.`);
      return keep(page);
    }),
  );
});

scope.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(scope.clients.claim()));

scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (url.origin !== scope.location.origin || event.request.method !== "GET") return;
  if (event.request.mode === "navigate" && url.pathname === PAGE) event.respondWith(openPage(event));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(openAsset(event.request));
});
