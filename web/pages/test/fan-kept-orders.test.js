import assert from "node:assert/strict";
import test from "node:test";
import { KeptOrders } from "../site/fan/kept-orders.js";

/** A CacheStorage with as much as the kept orders use. */
function makeStorage() {
  const stores = new Map();
  return {
    stores,
    keys: async () => [...stores.keys()],
    delete: async (name) => stores.delete(name),
    open: async (name) => {
      if (!stores.has(name)) stores.set(name, new Map());
      const store = stores.get(name);
      return {
        put: async (address, response) => void store.set(address, response),
        delete: async (address) => store.delete(address),
        matchAll: async () => [...store.values()].map((response) => response.clone()),
      };
    },
  };
}

const order = (name, minute = 0, more = {}) => ({
  at: new Date(Date.UTC(2026, 10, 28, 5, minute)).toISOString(),
  order: { order: name, event: "night", tickets: [] }, event: { id: "night", startsAt: "2026-12-01T10:00:00.000Z", runningMinutes: 120 }, places: {}, codes: {}, ...more,
});
const before = () => Date.UTC(2026, 10, 28);
const names = (kept) => kept.map(({ order }) => order.order);

test("an order is found again by its buyer, and replaced by what is newer", async () => {
  const orders = new KeptOrders(makeStorage(), before);
  await orders.keep("byr_1", order("ord_1"));
  await orders.keep("byr_1", order("ord_1", 2));
  assert.equal((await orders.find("byr_1", "night", "ord_1")).at, order("", 2).at);
  assert.equal((await orders.all("byr_1")).length, 1);
  assert.equal(await orders.find("byr_1", "night", "ord_2"), undefined);
  assert.equal(await orders.find("byr_1", "day", "ord_1"), undefined);
});

test("no other buyer who is signed in is shown it; without a session, the last one's are", async () => {
  const orders = new KeptOrders(makeStorage(), before);
  await orders.keep("byr_1", order("ord_1"));
  assert.deepEqual(await orders.all("byr_2"), []);
  // Somebody whose name a session doesn't tell.
  assert.deepEqual(await orders.all(""), []);
  assert.deepEqual(names(await orders.all(undefined)), ["ord_1"]);
});

test("what another buyer keeps deletes the first one's, and touches nothing that isn't ours", async () => {
  const storage = makeStorage();
  await storage.open("onsale-door-1");
  const orders = new KeptOrders(storage, before);
  await orders.keep("byr_1", order("ord_1"));
  await orders.keep("byr_2", order("ord_2"));
  assert.deepEqual(names(await orders.all(undefined)), ["ord_2"]);
  assert.equal(storage.stores.size, 2);
  assert.ok(storage.stores.has("onsale-door-1"));
});

test("the oldest give way beyond twenty, whatever the order they came in", async () => {
  const orders = new KeptOrders(makeStorage(), before);
  for (let minute = 0; minute < 25; minute += 1) await orders.keep("byr_1", order(`ord_${minute}`, (minute * 7) % 25));
  const kept = await orders.all("byr_1");
  assert.equal(kept.length, 20);
  const times = kept.map(({ at }) => at);
  assert.deepEqual(times, [...times].sort().reverse());
});

test("an order that is too large is not kept, and one that has ended is forgotten", async () => {
  const orders = new KeptOrders(makeStorage(), before);
  await orders.keep("byr_1", order("ord_1", 0, { codes: { tkt: "x".repeat(1_000_001) } }));
  assert.deepEqual(await orders.all("byr_1"), []);
  await orders.keep("byr_1", order("ord_1"));
  await orders.forget("byr_2", "night", "ord_1");
  assert.equal((await orders.all("byr_1")).length, 1);
  await orders.forget("byr_1", "night", "ord_1");
  assert.deepEqual(await orders.all("byr_1"), []);
});

test("what is kept of an event is deleted a day after its end, and not kept again", async () => {
  const storage = makeStorage();
  let now = Date.UTC(2026, 10, 28);
  const orders = new KeptOrders(storage, () => now);
  const untold = { id: "night", startsAt: "2026-12-01T10:00:00.000Z" };
  await orders.keep("byr_1", order("ord_1"));
  await orders.keep("byr_1", order("ord_2", 1, { event: untold }));
  now = Date.UTC(2026, 11, 2, 11, 59);
  assert.deepEqual(names(await orders.all("byr_1")), ["ord_2", "ord_1"]);
  now = Date.UTC(2026, 11, 2, 12, 1);
  assert.deepEqual(names(await orders.all("byr_1")), ["ord_2"]);
  await orders.keep("byr_1", order("ord_1", 2));
  assert.deepEqual(names(await orders.all("byr_1")), ["ord_2"]);
  // An event that doesn't say how long it takes is over within a day. No name of a buyer stays behind.
  now = Date.UTC(2026, 11, 3, 10, 1);
  await orders.forgetOver();
  assert.equal(storage.stores.size, 0);
});

test("without storage, or with one that refuses, nothing is kept and nothing fails", async () => {
  const refuse = async () => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  };
  for (const storage of [undefined, { keys: refuse, open: refuse, delete: refuse }]) {
    const orders = new KeptOrders(storage, before);
    await orders.keep("byr_1", order("ord_1"));
    await orders.forget("byr_1", "night", "ord_1");
    assert.deepEqual(await orders.all(undefined), []);
  }
});
