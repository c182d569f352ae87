import assert from "node:assert/strict";
import test from "node:test";
import { Problem } from "../../client/src/index.js";
import { actorHeaders } from "../site/organizer/desk.js";
import { readQuery } from "../site/organizer/order-search.js";
import { Poller, pauseWhileHidden } from "../site/organizer/poller.js";
import { buyerPath, eventPath, parseRoute } from "../site/organizer/routes.js";
import { blockAll, portions, sortSeats } from "../site/organizer/seat-choice.js";
import { exampleChart } from "./map-plans.js";

test("paths parse to the routes they were made from", () => {
  assert.deepEqual(parseRoute("/organizer"), { name: "events" });
  assert.deepEqual(parseRoute("/organizer/"), { name: "events" });
  assert.deepEqual(parseRoute("/organizer/new"), { name: "new" });
  assert.deepEqual(parseRoute("/organizer/events/a-1"), { name: "event", event: "a-1", tab: "live" });
  assert.deepEqual(parseRoute("/organizer/events/a%2Fb/orders"), { name: "event", event: "a/b", tab: "orders" });
  for (const path of ["/", "/organizer/x", "/organizer/events/a/x", "/organizer/events/a/orders/b", "/organizer/events/%E0%A4%A"]) {
    assert.deepEqual(parseRoute(path), { name: "unknown" }, path);
  }
  assert.deepEqual(parseRoute(buyerPath("a/b", "byr_1")), { name: "event", event: "a/b", tab: "orders", buyer: "byr_1" });
  assert.deepEqual(parseRoute("/organizer/events/a/buyers"), { name: "unknown" });
  assert.deepEqual(parseRoute(eventPath("a/b", "seats")), { name: "event", event: "a/b", tab: "seats" });
});

test("a name in any language fits into a header", () => {
  assert.deepEqual(actorHeaders("김하늘"), { "Onsale-Actor": "%EA%B9%80%ED%95%98%EB%8A%98" });
});

test("chosen seats are sorted by what can be done with them", () => {
  const codes = new TextEncoder().encode(".hxb.");
  assert.deepEqual(sortSeats(new Set([0, 1, 2, 3, 4]), codes), { free: [0, 4], blocked: [3], taken: [1, 2] });
});

test("names are split into portions that fit a request, complete and in order", () => {
  const names = Array.from({ length: 5000 }, (_, index) => `구역-${index}`);
  const all = portions(names);
  assert.deepEqual(all.flat(), names);
  for (const portion of all) assert.ok(new TextEncoder().encode(JSON.stringify({ seats: portion })).length < 64 * 1024);
  assert.deepEqual(portions(["aaaa", "b", "c"], 8), [["aaaa"], ["b", "c"]]);
  assert.deepEqual(portions([]), []);
});

const taken = (names) => new Problem(
  { type: "/problems/seats-unavailable", title: "Taken", status: 409, unavailable: names },
);
const takenOf = (error) => (error instanceof Problem ? error.body.unavailable : undefined);

test("seats taken meanwhile are skipped and counted", async () => {
  const asked = [];
  const block = async (names) => {
    asked.push(names);
    if (names.includes("b")) throw taken(["b"]);
  };
  assert.deepEqual(await blockAll(["a", "b", "c"], block, takenOf), { done: 2, taken: 1 });
  assert.deepEqual(asked, [["a", "b", "c"], ["a", "c"]]);
});

test("another refusal stops it and reports the progress; one naming none of our seats can't loop forever", async () => {
  const down = new Error("down");
  const result = await blockAll(["a"], async () => { throw down; }, takenOf);
  assert.deepEqual(result, { done: 0, taken: 0, error: down });
  const odd = await blockAll(["a"], async () => { throw taken(["z"]); }, takenOf);
  assert.equal(odd.error.slug, "seats-unavailable");
});

test("what is typed is read as an order, a buyer, an address or a seat, in words too", () => {
  const chart = exampleChart("arena");
  const seat = { kind: "seat", seat: "F1-3-12" };
  for (const text of ["F1-3-12", " f1-3-12 ", "F1 row 3 seat 12", "F1, row 3, seat 12", "F1구역 3열 12번", "f1 3 12"]) {
    assert.deepEqual(readQuery(text, chart), seat, text);
  }
  assert.deepEqual(readQuery("  ", chart), { kind: "all" });
  assert.deepEqual(readQuery("ord_01ab", chart), { kind: "order", order: "ord_01ab" });
  assert.deepEqual(readQuery("byr_01ab", chart), { kind: "buyer", buyer: "byr_01ab" });
  assert.deepEqual(readQuery(" Fan@Example.com ", chart), { kind: "email", email: "Fan@Example.com" });
  assert.deepEqual(readQuery("nowhere", chart), { kind: "unknown" });
  // Without the plan it is left to the server.
  assert.deepEqual(readQuery("F1 row 3 seat 12", undefined), { kind: "seat", seat: "F1 row 3 seat 12" });
});

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("a poller has one request at a time, rests while paused, and stops", async () => {
  let asked = 0;
  let atOnce = 0;
  let most = 0;
  const poller = new Poller(async () => {
    asked += 1;
    most = Math.max(most, (atOnce += 1));
    await wait(15);
    atOnce -= 1;
    return true;
  }, 5);
  poller.start();
  await wait(10);
  poller.now();
  poller.now();
  await wait(100);
  assert.equal(most, 1);
  assert.ok(asked >= 3, `asked ${asked} times`);
  poller.pause(true);
  await wait(30);
  const before = asked;
  await wait(50);
  assert.equal(asked, before);
  poller.pause(false);
  await wait(30);
  assert.ok(asked > before);
  poller.stop();
  await wait(30);
  const end = asked;
  await wait(40);
  assert.equal(asked, end);
});

test("a poller that gets no answers polls less and less often", async () => {
  let asked = 0;
  const poller = new Poller(async () => {
    asked += 1;
    return false;
  }, 10, 1000);
  poller.start();
  await wait(200);
  poller.stop();
  assert.ok(asked <= 5, `asked ${asked} times`);
});

test("what rests while the page is hidden is told so at once and on every change, until it ends", (context) => {
  const page = Object.assign(new EventTarget(), { hidden: true });
  globalThis.document = page;
  context.after(() => delete globalThis.document);
  const told = [];
  const ending = new AbortController();
  pauseWhileHidden((isHidden) => told.push(isHidden), ending.signal);
  for (page.hidden of [false, true]) page.dispatchEvent(new Event("visibilitychange"));
  ending.abort();
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(told, [true, false, true]);
});
