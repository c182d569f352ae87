import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { webcrypto } from "node:crypto";
import vm from "node:vm";

const SITE = new URL("../site/", import.meta.url);
const source = readFileSync(new URL("door/worker.js", SITE), "utf8");
const ORIGIN = "https://tickets.example";

/** The worker in a minimal fake browser, with a server that has the real files. */
function makeWorker() {
  const listeners = new Map();
  const stores = new Map();
  const put = (store) => async (url, response) => void store.set(new URL(url, ORIGIN).href, response);
  const caches = {
    has: async (name) => stores.has(name),
    keys: async () => [...stores.keys()],
    delete: async (name) => stores.delete(name),
    open: async (name) => {
      if (!stores.has(name)) stores.set(name, new Map());
      return { put: put(stores.get(name)) };
    },
    match: async (url, { cacheName } = {}) => {
      for (const [name, store] of stores) {
        const found = cacheName !== undefined && name !== cacheName ? undefined : store.get(new URL(url, ORIGIN).href);
        if (found) return found.clone();
      }
      return undefined;
    },
  };
  const world = { hash: "h1", pageHash: "", isUp: true, missing: "", asked: [] };
  const fetch = async (input) => {
    const { pathname } = new URL(input.url ?? input, ORIGIN);
    world.asked.push(pathname);
    if (!world.isUp) throw new TypeError("fetch failed");
    if (pathname === world.missing) return new Response("", { status: 404 });
    if (pathname === "/door") {
      const page = readFileSync(new URL("door.html", SITE), "utf8");
      return new Response(page.replaceAll("{{assets}}", `/assets/${world.pageHash || world.hash}`));
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
  const globals = { self, caches, fetch, URL, Response, AbortController, setTimeout, clearTimeout, TextEncoder };
  vm.runInNewContext(source, { ...globals, crypto: webcrypto, Uint8Array, Error, Map });

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
  return { world, stores, install: () => dispatch("install"), get, open: () => get("/door", "navigate") };
}

/** All modules the page needs, found by following the real imports. */
function modulesOf(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(new URL(name, SITE), "utf8");
  for (const [, , to] of text.matchAll(/^(import|} from)\b.*?"(\.[^"]+)";$/gm)) {
    const { pathname } = new URL(to, new URL(name, "file:///web/pages/site/"));
    modulesOf(pathname.replace("/web/pages/site/", "").replace("/web/", "../../"), found);
  }
  return found;
}

test("installing caches the page with every module and style, so the page opens without a network", async () => {
  const { world, stores, install, get, open } = makeWorker();
  await install();
  const [kept] = [...stores.values()];
  const paths = [...kept.keys()].map((url) => new URL(url).pathname);
  const modules = modulesOf("door/main.js");
  // Loaded only when the camera needs it, perhaps without a network.
  modulesOf("door/qr/worker.js", modules);
  assert.ok(modules.size > 40, `${modules.size} modules`);
  for (const module of modules) {
    const path = new URL(module, "file:///assets/h1/pages/site/").pathname;
    assert.ok(paths.includes(path), `${path} is not kept`);
  }
  assert.ok(paths.includes("/assets/h1/pages/site/styles/door.css"));
  assert.ok(paths.includes("/assets/h1/client/src/onsale-client.js"));

  world.isUp = false;
  assert.match(await (await open()).text(), /door\/main\.js/);
  for (const path of paths) if (path !== "/door") assert.equal((await get(path)).status, 200, path);
});

test("the API, other pages and writes are left to the browser", async () => {
  const { world, install, get } = makeWorker();
  await install();
  world.asked.length = 0;
  assert.equal(await get("/v1/events"), undefined);
  assert.equal(await get("/v1/events/night/check-ins", "cors", "POST"), undefined);
  assert.equal(await get("/.well-known/onsale-keys.json"), undefined);
  assert.equal(await get("/doors", "navigate"), undefined);
  assert.deepEqual(world.asked, []);
});

test("a new version replaces the old one once it is complete", async () => {
  const { world, stores, install, open } = makeWorker();
  await install();
  const [old] = [...stores.keys()];
  world.hash = "h2";
  world.missing = "/assets/h2/pages/site/door/gate.js";
  assert.match(await (await open()).text(), /assets\/h2/);
  assert.deepEqual([...stores.keys()], [old], "an incomplete version is discarded");
  world.missing = "";
  await open();
  assert.equal(stores.size, 1);
  assert.notEqual([...stores.keys()][0], old);
  world.isUp = false;
  assert.match(await (await open()).text(), /assets\/h2/);
});

test("an incomplete installation fails, so that it is retried", async () => {
  const { world, stores, install } = makeWorker();
  world.missing = "/assets/h1/pages/site/styles/base.css";
  await assert.rejects(install());
  assert.equal(stores.size, 0);
});

test("a page whose files have changed meanwhile is not cached: no version is mixed with another", async () => {
  const { world, stores, install } = makeWorker();
  world.pageHash = "h1";
  world.hash = "h2";
  await assert.rejects(install(), /not of this version/);
  assert.equal(stores.size, 0);
});

test("a server error does not replace the cached page", async () => {
  const { world, install, open } = makeWorker();
  await install();
  world.missing = "/door";
  assert.equal((await open()).status, 200);
});
