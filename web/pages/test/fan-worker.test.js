import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { SITE, makeWorker as makeAnyWorker } from "./worker-world.js";

function makeWorker() {
  const isPage = (/** @type {string} */ path) => path.startsWith("/orders") || path.startsWith("/events/");
  const made = makeAnyWorker("fan/worker.js", { page: "index.html", isPage });
  return { ...made, open: (path = "/orders/night/ord_1") => made.get(path, "navigate") };
}

/** All modules an order's page needs, found by following the real imports, also those on demand but for an event's. */
function modulesOf(name, found = new Set()) {
  if (found.has(name) || /\/(event-page|shop)\.js$/.test(name)) return found;
  found.add(name);
  const text = readFileSync(new URL(name, SITE), "utf8");
  const named = [...text.matchAll(/^(?:import|} from)\b.*?"(\.[^"]+)";$/gm), ...text.matchAll(/\bimport\("(\.[^"]+)"\)[^.}]/g)];
  for (const [, to] of named) {
    const { pathname } = new URL(to, new URL(name, "file:///web/pages/site/"));
    modulesOf(pathname.replace("/web/pages/site/", "").replace("/web/", "../../"), found);
  }
  return found;
}

const paths = (store) => [...store.keys()].map((url) => new URL(url).pathname);

test("installing keeps whatever an order's page loads, so that it opens without a network", async () => {
  const { world, stores, install, get, open } = makeWorker();
  await install();
  const [kept] = [...stores.values()];
  const modules = modulesOf("fan/main.js");
  for (const needed of ["fan/views/order.js", "fan/views/ticket-screen.js", "fan/kept-orders.js", "map/chart.js"]) {
    assert.ok(modules.has(needed), needed);
  }
  for (const module of modules) {
    const path = new URL(module, "file:///kept/h1/pages/site/").pathname;
    assert.ok(paths(kept).includes(path), `${path} is not kept`);
  }
  for (const style of ["base", "fan", "tickets"]) {
    assert.ok(paths(kept).includes(`/kept/h1/pages/site/styles/${style}.css`), style);
  }
  assert.ok(!paths(kept).some((path) => path.endsWith("/shop.js")), "the shop is of no use offline");

  world.isUp = false;
  for (const path of ["/orders", "/orders/night/ord_1", "/events/night/orders/ord_1"]) {
    const page = await open(path);
    assert.equal(page.headers.get("content-security-policy"), "default-src 'none'");
    const html = await page.text();
    assert.match(html, /\/kept\/h1\/pages\/site\/fan\/main\.js/);
    assert.doesNotMatch(html, /\/assets\//);
  }
  for (const path of paths(kept)) if (path !== "/orders") assert.equal((await get(path)).status, 200, path);
});

test("everything but the pages of orders is left to the browser", async () => {
  const { world, install, get } = makeWorker();
  await install();
  world.asked.length = 0;
  for (const path of ["/", "/events/night", "/events/night/seats/orders", "/sign-in", "/door", "/organizer",
    "/organizer/events/night/orders", "/v1/events/night/orders/ord_1", "/orders/night", "/orders/a/b/c"]) {
    assert.equal(await get(path, "navigate"), undefined, path);
  }
  assert.equal(await get("/v1/orders"), undefined);
  assert.equal(await get("/orders/night/ord_1"), undefined, "only as a navigation");
  assert.equal(await get("/orders/night/ord_1", "navigate", "POST"), undefined);
  assert.equal(await get("/assets/h1/pages/site/fan/main.js"), undefined);
  assert.deepEqual(world.asked, []);
});

test("a page online has its assets from the server, and nothing is loaded twice once it is kept", async () => {
  const { world, install, open } = makeWorker();
  await install();
  world.asked.length = 0;
  assert.match(await (await open()).text(), /\/assets\/h1\//);
  assert.deepEqual(world.asked, ["/orders/night/ord_1"]);
});

test("a new version replaces the old one once it is complete", async () => {
  const { world, stores, install, get, open } = makeWorker();
  await install();
  const [old] = [...stores.keys()];
  world.hash = "h2";
  world.missing = "/assets/h2/pages/site/fan/views/ticket.js";
  assert.match(await (await open()).text(), /\/assets\/h2/);
  assert.deepEqual([...stores.keys()], [old], "an incomplete version is discarded");
  world.missing = "";
  await open();
  assert.equal(stores.size, 1);
  assert.notEqual([...stores.keys()][0], old);
  world.isUp = false;
  assert.match(await (await open()).text(), /\/kept\/h2/);
  // A page of the old version gets nothing, rather than a module of the new one.
  const late = await get("/kept/h1/pages/site/fan/views/order.js");
  assert.equal(late.type, "error");
});

test("a server that changes its version meanwhile doesn't get two versions mixed", async () => {
  const { world, stores, install, open } = makeWorker();
  await install();
  const [old] = [...stores.keys()];
  world.hash = "h2";
  const page = open();
  // The page is of version 2; by the time its assets are asked for, the server has the third.
  world.asked.push = function (path) {
    if (path.startsWith("/assets/")) world.hash = "h3";
    return Array.prototype.push.call(this, path);
  };
  await page;
  assert.deepEqual([...stores.keys()], [old]);
});

test("a version that was left half kept is completed, and no page of it is shown before", async () => {
  const { world, stores, install, open } = makeWorker();
  await install();
  const [kept] = [...stores.values()];
  const whole = kept.size;
  for (const url of [...kept.keys()].filter((url) => url.includes("/orders") || url.endsWith("ticket.js"))) kept.delete(url);
  world.isUp = false;
  await assert.rejects(open(), /fetch failed/);
  world.isUp = true;
  await open();
  assert.equal(kept.size, whole);
});

test("a server error doesn't hide the kept page, and without one it is shown", async () => {
  const { world, stores, install, open } = makeWorker();
  await install();
  world.missing = "/orders/night/ord_1";
  assert.equal((await open()).status, 200);
  stores.clear();
  assert.equal((await open()).status, 404);
});

test("an incomplete installation fails, so that it is repeated", async () => {
  const { world, stores, install } = makeWorker();
  world.missing = "/assets/h1/pages/site/styles/tickets.css";
  await assert.rejects(install());
  assert.equal(stores.size, 0);
});
