import assert from "node:assert/strict";
import test from "node:test";
import { journey, nextMoment, phaseOf } from "../site/fan/journey.js";

const NOW = Date.parse("2026-11-24T10:00:00.000Z");
const LATER = "2026-11-24T10:05:00.000Z";
const EARLIER = "2026-11-24T09:55:00.000Z";

const event = (onsale = {}) => ({
  id: "e", title: "E", venue: "V", startsAt: LATER, currency: "KRW", prices: [], areas: [], capacity: 100,
  limits: { ticketsPerBuyer: 4, holdSeconds: 300, preventOrphans: false },
  onsale: {
    phase: "open", lobbyOpensAt: null, opensAt: EARLIER, closesAt: null, waitingRoom: true, maxActiveShoppers: 1,
    passSeconds: 600, ...onsale,
  },
});
const room = (changes = {}) => ({
  phase: "open", opensAt: EARLIER, issued: 10, admittedThrough: 3, admittedPerMinute: 1, activeShoppers: 1, free: 50,
  drawCommitment: null, drawSeed: null, lobbySize: null, ...changes,
});
const facts = (changes = {}) => ({
  event: event(), room: room(), now: NOW, place: undefined, isSpent: false, pass: undefined, holds: [],
  checkout: undefined, order: undefined, ...changes,
});
const hold = (changes = {}) => ({ id: "hld_1", expiresAt: LATER, isSent: false, ...changes });
const step = (changes) => journey(facts(changes)).step;

test("the steps of a sale, in order", () => {
  const scheduled = { event: event({ phase: "scheduled", opensAt: LATER }), room: room({ phase: "closed" }) };
  assert.equal(step(scheduled), "before");
  const lobby = { room: room({ phase: "lobby" }) };
  assert.equal(step(lobby), "enter");
  assert.equal(step({ ...lobby, place: { number: null } }), "lobby");
  assert.deepEqual(
    (({ step, needs }) => [step, needs])(journey(facts({ place: { number: null } }))),
    ["drawing", "place"],
  );
  const line = journey(facts({ place: { number: 8 } }));
  assert.equal(line.step, "line");
  assert.equal(line.position, 5);
  const called = journey(facts({ place: { number: 3 } }));
  assert.deepEqual([called.step, called.needs], ["called", "pass"]);
  assert.equal(step({ place: { number: 3 }, pass: { expiresAt: LATER } }), "shop");
  const held = { place: { number: 3 }, pass: { expiresAt: LATER }, holds: [hold()] };
  assert.equal(step(held), "shop");
  assert.equal(step({ ...held, checkout: "hld_1" }), "checkout");
  assert.equal(step({ ...held, checkout: "hld_1", holds: [hold({ isSent: true })] }), "paying");
  for (const [state, expected] of [["authorizing", "paying"], ["requires_action", "confirming"], ["confirmed", "paid"],
    ["declined", "failed"], ["expired", "failed"]]) {
    assert.equal(step({ ...held, checkout: "hld_1", order: { state } }), expected);
  }
});

test("an ended pass no longer counts, but its holds can be paid", () => {
  assert.equal(step({ isSpent: true, pass: { expiresAt: EARLIER } }), "spent");
  const shop = journey(facts({ isSpent: true, pass: { expiresAt: EARLIER }, holds: [hold()] }));
  assert.equal(shop.step, "shop");
  assert.equal(shop.hasPass, false);
});

test("a payment that may have been sent is followed, whatever happens to hold, pass and sale", () => {
  const sent = [hold({ isSent: true, expiresAt: EARLIER })];
  const over = { event: event({ phase: "closed" }), room: room({ phase: "closed" }) };
  assert.equal(step({ ...over, holds: sent, checkout: "hld_1" }), "paying");
});

test("an expired hold is not checked out", () => {
  const gone = { checkout: "hld_1", holds: [hold({ expiresAt: EARLIER })] };
  assert.equal(step({ place: { number: 3 }, pass: { expiresAt: LATER }, ...gone }), "shop");
});

test("the place in line is kept while paused or sold out", () => {
  for (const phase of ["paused", "soldOut"]) {
    const there = journey(facts({ room: room({ phase }), place: { number: 2 } }));
    assert.deepEqual([there.step, there.needs, there.phase], ["line", null, phase]);
  }
  assert.equal(step({ room: room({ phase: "soldOut" }) }), "soldOut");
  assert.equal(step({ room: room({ phase: "paused" }) }), "enter");
});

test("without a waiting room the pass is claimed at once", () => {
  const open = { event: event({ waitingRoom: false }) };
  assert.equal(step(open), "enter");
  assert.equal(journey(facts({ ...open, place: { number: 99 } })).needs, "pass");
  const scheduled = { event: event({ waitingRoom: false, opensAt: LATER }), room: room({ phase: "closed" }) };
  assert.equal(step({ ...scheduled, place: { number: 99 } }), "before");
});

test("a closed room means that the sale is over or has not begun", () => {
  assert.equal(phaseOf(event({ phase: "scheduled" }), room({ phase: "closed" }), NOW), "scheduled");
  assert.equal(phaseOf(event({ phase: "closed" }), room({ phase: "closed" }), NOW), "closed");
  assert.equal(phaseOf(event({ phase: "open", closesAt: EARLIER }), room({ phase: "closed" }), NOW), "closed");
  const over = { event: event({ phase: "closed" }), room: room({ phase: "closed" }) };
  assert.equal(step({ ...over, place: { number: 3 } }), "closed");
});

test("counts down to the lobby, then to the opening", () => {
  const onsale = event({ lobbyOpensAt: LATER, opensAt: "2026-11-24T11:00:00.000Z" }).onsale;
  assert.deepEqual(nextMoment(onsale, NOW), { kind: "lobby", at: LATER });
  assert.equal(nextMoment(onsale, Date.parse(LATER)).kind, "opening");
  assert.equal(nextMoment({ ...onsale, waitingRoom: false }, NOW).kind, "opening");
});
