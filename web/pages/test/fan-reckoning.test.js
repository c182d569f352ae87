import assert from "node:assert/strict";
import test from "node:test";
import { estimate, odds, positionOf } from "../site/fan/reckoning.js";

const facts = (changes = {}) => ({
  free: 1000, capacity: 2000, admittedThrough: 500, activeShoppers: 0, position: 100, ticketsPerBuyer: 4, ...changes,
});

test("the position is never negative", () => {
  assert.equal(positionOf(10, 4), 6);
  assert.equal(positionOf(4, 10), 0);
});

test("the estimate is a range around the pace, and undefined without a pace", () => {
  assert.equal(estimate(100, 0), undefined);
  assert.deepEqual(estimate(0, 0), { fewest: 0, most: 1 });
  assert.deepEqual(estimate(100, 10), { fewest: 8, most: 13 });
  assert.equal(estimate(1, 100)?.most, 1);
});

test("the odds fall with everyone ahead and with every ticket sold", () => {
  assert.equal(odds(facts()).word, "likely");
  assert.equal(odds(facts({ position: 500 })).word, "uncertain");
  assert.equal(odds(facts({ position: 5000 })).word, "unlikely");
  assert.equal(odds(facts({ free: 0 })).word, "none");
  assert.equal(odds(facts({ free: 1, position: 1 })).word, "unlikely");
  assert.equal(odds(facts({ free: 2, position: 1 })).word, "likely");
});

test("tickets per shopper are learned from earlier shoppers and capped at the limit", () => {
  const modest = odds(facts({ capacity: 1500, free: 1000, admittedThrough: 500 }));
  assert.ok(modest.perShopper > 0.9 && modest.perShopper < 1.2, String(modest.perShopper));
  const greedy = odds(facts({ capacity: 20_000, free: 1000, admittedThrough: 500 }));
  assert.equal(greedy.perShopper, 4);
  assert.equal(odds(facts({ admittedThrough: 0, capacity: 1000 })).perShopper, 2);
});

test("current shoppers count half", () => {
  const without = odds(facts()).before;
  const withSome = odds(facts({ activeShoppers: 100 })).before;
  assert.ok(withSome > without);
});

test("what is left is what is free minus what goes to those ahead", () => {
  const { left, before } = odds(facts());
  assert.equal(left, 1000 - before);
});
