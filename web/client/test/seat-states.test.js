import assert from "node:assert/strict";
import test from "node:test";
import { SeatStates } from "../src/index.js";

test("a snapshot and its deltas yield the states", () => {
  const states = new SeatStates();
  states.replace({ version: 17, seats: "..hxb", areas: [{ name: "Standing", free: 10 }] });
  assert.equal(states.freeSeats, 2);
  const areas = [{ name: "Standing", free: 8 }];
  assert.deepEqual(states.apply({ version: 18, seats: [[0, "h"], [2, "."], [3, "x"]], areas }), [0, 2, 3]);
  assert.equal(states.version, 18);
  assert.equal([0, 1, 2, 3, 4].map((index) => states.stateOf(index)).join(""), "h..xb");
  assert.equal(states.freeSeats, 2);
  assert.equal(states.areas.get("Standing"), 8);
});

test("a seat outside the plan is ignored, and a new snapshot replaces everything", () => {
  const states = new SeatStates();
  states.replace({ version: 1, seats: "..", areas: [{ name: "A", free: 1 }] });
  assert.deepEqual(states.apply({ version: 2, seats: [[-1, "x"], [2, "x"], [1, "x"]], areas: [] }), [1]);
  states.replace({ version: 9, seats: "x", areas: [] });
  assert.equal(states.codes.length, 1);
  assert.equal(states.areas.size, 0);
});
