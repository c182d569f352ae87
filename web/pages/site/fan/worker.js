/**
 * The tickets' service worker: lets a buyer's orders open without a network. It answers for the pages of orders, and
 * for nothing else: it is registered for their paths alone, and whatever else they ask for goes to the network as ever.
 *
 * A page that comes from the cache has all of its assets at `/kept/…` instead of `/assets/…`. The cache alone answers
 * there, so no page ever runs with modules of two versions.
 */

const PREFIX = "onsale-tickets-pages-";
const PAGE = "/orders";
const PAGES = /^\/(?:orders(?:\/[^/]+\/[^/]+)?|events\/[^/]+\/orders\/[^/]+)\/?$/;
const PAGE_MILLISECONDS = 3000;
/** What the page imports only when it shows an order, relative to its own script. */
const ORDERS_ASSETS = ["views/order.js", "../map/chart.js", "../styles/tickets.css"];

const scope = /** @type {any} */ (self);

/** Assets named by a page's attributes, and by a module's static imports (at the start of a line; others are types). */
const NAMED_BY_PAGE = /\b(?:src|href)="([^"]+)"/g;
const NAMED_BY_MODULE = /^(?:import|export)\b[^;"'`=]*?(?:\bfrom\s*)?["']([^"']+)["'];/gm;

/** @param {string} text @param {RegExp} named @param {string} base the address of the text @returns {string[]} */
function assetsNamedIn(text, named, base) {
  return [...text.matchAll(named)].map((match) => assetAt(match[1] ?? "", base)).filter((url) => url !== "");
}

/** @param {string} reference @param {string} base @returns {string} its address; empty if it is none of our assets */
function assetAt(reference, base) {
  const url = new URL(reference, base);
  return url.origin === scope.location.origin && url.pathname.startsWith("/assets/") ? url.href : "";
}

/** @param {string} address of an asset, or a text with such addresses */
const keptAddresses = (address) => address.replaceAll("/assets/", "/kept/");

/**
 * Caches a version of the page, completely or not at all. Each version has its own cache, named after the hash of the
 * page, and older ones are deleted once the new one is complete.
 * @param {Response} page
 */
async function keep(page) {
  const text = await page.text();
  const name = PREFIX + (await nameOf(text));
  const address = new URL(PAGE, scope.location.origin).href;
  if (await caches.match(address, { cacheName: name })) return;
  const script = /<script[^>]*\bsrc="([^"]+)"/.exec(text)?.[1] ?? "";
  const open = assetsNamedIn(text, NAMED_BY_PAGE, address);
  open.push(...ORDERS_ASSETS.map((path) => assetAt(path, new URL(script, address).href)));
  /** @type {Map<string, Response>} */
  const found = new Map();
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    if (found.has(url)) continue;
    const response = await fetch(url);
    // What the server has no longer under this address, it answers with the newest and forbids to store.
    const isOfVersion = response.ok && !/no-store/.test(response.headers.get("cache-control") ?? "");
    if (!isOfVersion) throw new Error(`${url} is not of this version.`);
    const body = await response.arrayBuffer();
    // A new response has no address of its own, so a module's imports resolve to where it was asked for.
    found.set(url, new Response(body, { headers: response.headers }));
    if (url.endsWith(".js")) open.push(...assetsNamedIn(new TextDecoder().decode(body), NAMED_BY_MODULE, url));
  }
  try {
    const cache = await caches.open(name);
    for (const [url, response] of found) await cache.put(keptAddresses(url), response);
    // The last, so that a page in the cache has all of its assets there.
    await cache.put(address, new Response(keptAddresses(text), { headers: page.headers }));
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

/** @param {any} event @returns {Promise<Response>} the server's page; the kept one if it doesn't come soon */
async function openPage(event) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), PAGE_MILLISECONDS);
  try {
    const response = await fetch(event.request.url, { signal: limit.signal });
    if (!response.ok) throw new Error(`The page answers ${response.status}.`);
    const whole = new Response(await response.arrayBuffer(), response);
    // If caching fails now, a later opening tries again.
    event.waitUntil(keep(whole.clone()).catch(() => {}));
    return whole;
  } catch (error) {
    return (await caches.match(PAGE)) ?? fetch(event.request);
  } finally {
    clearTimeout(timer);
  }
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

scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin !== scope.location.origin || event.request.method !== "GET") return;
  if (event.request.mode === "navigate" && PAGES.test(pathname)) event.respondWith(openPage(event));
  else if (pathname.startsWith("/kept/")) {
    event.respondWith(caches.match(event.request.url).then((kept) => kept ?? Response.error()));
  }
});
