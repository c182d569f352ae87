import assert from "node:assert/strict";
import test from "node:test";
import { KeptHolds, heldEverywhere, newKey } from "../site/fan/holds.js";

class Shelf {
  map = new Map();
  getItem(name) {
    return this.map.get(name) ?? null;
  }
  setItem(name, value) {
    this.map.set(name, value);
  }
  removeItem(name) {
    this.map.delete(name);
  }
}

const hold = { hold: "hld_1", seats: ["A-1"], area: null, quantity: 1, lines: [], amount: 1, currency: "KRW",
  expiresAt: "2026-11-24T10:00:00.000Z" };
const END = Date.parse(hold.expiresAt);

test("a hold's key is made once and shared with later loads and other tabs", () => {
  const shelf = new Shelf();
  new KeptHolds("e", () => shelf).add(hold);
  const first = new KeptHolds("e", () => shelf).begin("hld_1", "pm_card_visa");
  assert.match(first.key, /^[0-9a-f]{32}$/);
  const again = new KeptHolds("e", () => shelf);
  again.add(hold);
  assert.deepEqual(again.begin("hld_1", "pm_card_visa"), first);
});

test("a payment is recorded before it is sent, and a second click with another card repeats the first", () => {
  const shelf = new Shelf();
  const holds = new KeptHolds("e", () => shelf);
  holds.add(hold);
  const first = holds.begin("hld_1", "pm_sandbox_slow");
  assert.equal(JSON.parse([...shelf.map.values()][0])[0].method, "pm_sandbox_slow");
  assert.deepEqual(holds.begin("hld_1", "pm_card_visa"), first);
});

test("after a definite refusal another card may be chosen under the same key", () => {
  const holds = new KeptHolds("e", () => new Shelf());
  const shelf = new Shelf();
  const kept = new KeptHolds("e", () => shelf);
  kept.add(hold);
  const first = kept.begin("hld_1", "a");
  kept.refused("hld_1");
  assert.deepEqual(kept.begin("hld_1", "b"), { key: first.key, method: "b" });
  assert.equal(holds.begin("hld_none", "a"), undefined);
});

test("after a declined payment the hold has a new key in every tab", () => {
  const shelf = new Shelf();
  const holds = new KeptHolds("e", () => shelf);
  const other = new KeptHolds("e", () => shelf);
  holds.add(hold);
  const { key } = holds.begin("hld_1", "a");
  holds.ordered("hld_1", key, "ord_1");
  assert.equal(other.paidBy("ord_1").hold.hold, "hld_1");
  holds.declined({ ...hold, expiresAt: "2026-11-24T10:01:00.000Z" }, key, "card_declined");
  assert.equal(holds.paidBy("ord_1"), undefined);
  assert.deepEqual(holds.expire(END), [], "it has the new expiry");
  const again = holds.begin("hld_1", "b");
  assert.notEqual(again.key, key);
  assert.equal(again.method, "b");
  // A tab that only now learns of the first order does not affect the next one.
  other.declined(hold, key, "card_declined");
  other.ordered("hld_1", key, "ord_1");
  assert.deepEqual(other.begin("hld_1", "c"), again);
  assert.equal(other.paidBy("ord_1"), undefined);
});

test("expired holds are forgotten, but never one whose payment may have been sent", () => {
  const shelf = new Shelf();
  const holds = new KeptHolds("e", () => shelf);
  holds.add(hold);
  holds.add({ ...hold, hold: "hld_2" });
  holds.begin("hld_2", "a");
  assert.deepEqual(holds.expire(END - 1), []);
  assert.deepEqual(holds.expire(END).map((entry) => entry.hold.hold), ["hld_1"]);
  assert.deepEqual(holds.all().map((entry) => entry.hold.hold), ["hld_2"]);
});

test("without storage, holds last as long as the page and keep their keys", () => {
  const holds = new KeptHolds("e", () => {
    throw new Error("switched off");
  });
  holds.add(hold);
  const first = holds.begin("hld_1", "a");
  assert.deepEqual(holds.begin("hld_1", "b"), first);
  holds.remove("hld_1");
  assert.deepEqual(holds.all(), []);
});

test("corrupt storage counts as empty", () => {
  const shelf = new Shelf();
  shelf.setItem("onsale.fan.holds.e", '[{"hold":1}]');
  assert.deepEqual(new KeptHolds("e", () => shelf).all(), []);
});

test("keys differ", () => {
  assert.notEqual(newKey(), newKey());
});

test("what is held anywhere is found, first what ends first, but what is being paid or over", () => {
  const shelf = Object.assign(new Shelf(), {
    key: (/** @type {number} */ index) => [...shelf.map.keys()][index] ?? null,
  });
  Object.defineProperty(shelf, "length", { get: () => shelf.map.size });
  const storage = () => /** @type {any} */ (shelf);
  const later = { ...hold, hold: "hld_2", expiresAt: "2026-11-24T10:01:00.000Z" };
  shelf.setItem("onsale.language", '"ko"');
  new KeptHolds("late", storage).add(later);
  new KeptHolds("e", storage).add(hold);
  new KeptHolds("paid", storage).add({ ...hold, hold: "hld_3" });
  new KeptHolds("paid", storage).begin("hld_3", "pm_card_visa");
  const names = (/** @type {number} */ now) => heldEverywhere(now, storage).map(({ event, hold }) => [event, hold.hold]);
  assert.deepEqual(names(END - 1), [["e", "hld_1"], ["late", "hld_2"]]);
  assert.deepEqual(names(END), [["late", "hld_2"]]);
  assert.deepEqual(heldEverywhere(END, () => { throw new Error("disabled"); }), []);
});
