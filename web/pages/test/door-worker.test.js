import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { SITE, makeWorker as makeAnyWorker } from "./worker-world.js";

function makeWorker() {
  const made = makeAnyWorker("door/worker.js", { page: "door.html", isPage: (path) => path === "/door" });
  return { ...made, open: () => made.get("/door", "navigate") };
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
