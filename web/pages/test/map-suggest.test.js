import assert from "node:assert/strict";
import test from "node:test";
import { nearbyFree } from "../site/map/suggest.js";
import { exampleChart, statesWith } from "./map-plans.js";

const arena = exampleChart("arena");
const theatre = exampleChart("theatre");
const at = (/** @type {string} */ name) => /** @type {number} */ (arena.indexOf(name));
const names = (/** @type {number[] | undefined} */ seats) => seats?.map((index) => arena.name(index));

test("suggests the two next to the lost seats, in the same row, leaving no single seat", () => {
  const gone = [at("F1-3-6"), at("F1-3-7")];
  const found = nearbyFree(arena, statesWith(arena.seatCount, gone), gone, 2);
  assert.ok(found);
  const row = arena.rowAt(gone[0] ?? 0);
  assert.ok(found.every((index) => arena.rowAt(index) === row));
  assert.ok(["F1-3-4,F1-3-5", "F1-3-8,F1-3-9"].includes(String(names(found))));
});

test("a picked seat that is still free may be among the suggested", () => {
  const gone = at("F1-3-7");
  assert.deepEqual(names(nearbyFree(arena, statesWith(arena.seatCount, [gone]), [at("F1-3-6"), gone], 2)), ["F1-3-5", "F1-3-6"]);
});

test("when the row is full, suggests adjacent seats at the same price in another row", () => {
  const row = arena.rowAt(at("F1-3-1"));
  assert.ok(row);
  const full = Array.from({ length: row.count }, (_, place) => row.first + place);
  const found = nearbyFree(arena, statesWith(arena.seatCount, full), [at("F1-3-6")], 3);
  assert.equal(found?.length, 3);
  for (const index of found ?? []) {
    assert.equal(arena.categoryAt(index).name, "VIP");
    assert.equal(arena.label(index).section, "F1");
  }
  assert.ok(["2", "4"].includes(arena.label(found?.[0] ?? 0).row));
});

test("does not suggest seats across an aisle or a taken seat", () => {
  const row = /** @type {import("../site/map/chart.js").Row} */ (theatre.sections[0]?.rows[0]);
  let aisle = row.first;
  while (theatre.distance(aisle, aisle + 1) < theatre.spacing * 1.75) aisle += 1;
  const everySecond = [];
  for (let index = 0; index < theatre.seatCount; index += 1) if (index !== aisle && index !== aisle + 1) everySecond.push(index);
  const states = statesWith(theatre.seatCount, everySecond);
  assert.equal(nearbyFree(theatre, states, [aisle], 2), undefined);
  assert.deepEqual(nearbyFree(theatre, states, [aisle + 1], 1), [aisle + 1]);
});

test("suggests nothing if nothing is free, given or wanted", () => {
  const all = Array.from({ length: arena.seatCount }, (_, index) => index);
  assert.equal(nearbyFree(arena, statesWith(arena.seatCount, all), [1], 1), undefined);
  assert.equal(nearbyFree(arena, statesWith(arena.seatCount), [], 2), undefined);
  assert.equal(nearbyFree(arena, statesWith(arena.seatCount), [1], 0), undefined);
});
