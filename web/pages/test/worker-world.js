import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import vm from "node:vm";

export const SITE = new URL("../site/", import.meta.url);
const ORIGIN = "https://tickets.example";

/**
 * A service worker in a minimal fake browser, with a server that has the real files and knows only its own version.
 * @param {string} script of the worker, in the site
 * @param {{ page: string, isPage: (path: string) => boolean }} served which page is served, and where
 */
export function makeWorker(script, { page, isPage }) {
  const listeners = new Map();
  const stores = new Map();
  const caches = {
    keys: async () => [...stores.keys()],
    delete: async (name) => stores.delete(name),
    open: async (name) => {
      if (!stores.has(name)) stores.set(name, new Map());
      return { put: async (url, response) => void stores.get(name).set(new URL(url, ORIGIN).href, response) };
    },
    match: async (url, { cacheName } = {}) => {
      for (const [name, store] of stores) {
        const found = cacheName !== undefined && name !== cacheName ? undefined : store.get(new URL(url, ORIGIN).href);
        if (found) return found.clone();
      }
      return undefined;
    },
  };
  /** `pageHash` is the version that the page names, if it is another than the server's. */
  const world = { hash: "h1", pageHash: "", isUp: true, missing: "", asked: [] };
  const fetch = async (input) => {
    const { pathname } = new URL(input.url ?? input, ORIGIN);
    world.asked.push(pathname);
    if (!world.isUp) throw new TypeError("fetch failed");
    if (pathname === world.missing) return new Response("", { status: 404 });
    if (isPage(pathname)) {
      const text = readFileSync(new URL(page, SITE), "utf8");
      return new Response(text.replaceAll("{{assets}}", `/assets/${world.pageHash || world.hash}`), {
        headers: { "content-security-policy": "default-src 'none'" },
      });
    }
    const [, hash, path] = /^\/assets\/(h\d)\/(.*)$/.exec(pathname) ?? [];
    const headers = { "cache-control": hash === world.hash ? "public, max-age=31536000, immutable" : "no-store" };
    try {
      return new Response(readFileSync(new URL(`../../${path}`, SITE)), { headers });
    } catch {
      return new Response("", { status: 404 });
    }
  };
  const self = {
    location: new URL(ORIGIN),
    addEventListener: (name, listener) => listeners.set(name, listener),
    skipWaiting() {},
    clients: { claim: async () => {} },
  };
  const globals = { self, caches, fetch, URL, Response, AbortController, setTimeout, clearTimeout };
  const source = readFileSync(new URL(script, SITE), "utf8");
  vm.runInNewContext(source, { ...globals, TextEncoder, TextDecoder, crypto: webcrypto, Uint8Array, Error, Map });

  /** @returns {Promise<Response | undefined>} the response; undefined if the worker leaves it to the browser */
  const dispatch = async (name, more = {}) => {
    let answer;
    const waits = [];
    listeners.get(name)({
      ...more,
      waitUntil: (promise) => waits.push(promise),
      respondWith: (promise) => (answer = promise),
    });
    const response = await answer;
    await Promise.all(waits);
    return response;
  };
  const get = (path, mode = "cors", method = "GET") =>
    dispatch("fetch", { request: { url: ORIGIN + path, mode, method } });
  return { world, stores, install: () => dispatch("install"), get };
}
