import assert from "node:assert/strict";
import test from "node:test";
import { Attendance } from "../site/door/attendance.js";

const settled = async () => {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

test("who is in is asked every 15 seconds, more slowly while there is no answer, and not while nobody looks", async () => {
  const pauses = [];
  let go = () => {};
  const { setTimeout: before } = globalThis;
  globalThis.setTimeout = (work, milliseconds) => {
    pauses.push(milliseconds);
    go = work;
  };
  try {
    const at = { isIdle: false, asked: 0, isUp: true, changed: 0 };
    const attendance = new Attendance({
      event: "night",
      now: () => 1000 * at.asked,
      ask: async () => {
        at.asked += 1;
        if (!at.isUp) throw new Error("no answer");
        return { tickets: 10, checkedIn: at.asked };
      },
      changed: () => (at.changed += 1),
      isIdle: () => at.isIdle,
    });
    attendance.wake();
    await settled();
    assert.deepEqual(attendance.counts, { event: "night", tickets: 10, checkedIn: 1, at: 1000 });
    assert.equal(attendance.isAnswered, true);
    at.isUp = false;
    for (let i = 0; i < 5; i += 1) {
      go();
      await settled();
    }
    assert.deepEqual(attendance.counts, { event: "night", tickets: 10, checkedIn: 1, at: 1000 }, "what was heard last stands");
    assert.equal(attendance.isAnswered, false, "and is known to be old");
    at.isUp = true;
    at.isIdle = true;
    go();
    await settled();
    assert.equal(at.asked, 6, "nobody looks");
    at.isIdle = false;
    go();
    await settled();
    assert.deepEqual(pauses, [15_000, 30_000, 60_000, 120_000, 120_000, 120_000, 120_000, 15_000]);
    assert.equal(at.changed, 3);
    attendance.end();
    go();
    await settled();
    assert.equal(at.asked, 7, "it has ended");
  } finally {
    globalThis.setTimeout = before;
  }
});

test("what was heard last is there after a reload, for its own event", async () => {
  const store = { heard: undefined };
  const kept = { get: () => store.heard, set: (heard) => void (store.heard = heard) };
  const parts = { event: "night", kept, now: () => 5, changed: () => {}, isIdle: () => false };
  const attendance = new Attendance({ ...parts, ask: async () => ({ tickets: 10, checkedIn: 4 }) });
  attendance.wake();
  await settled();
  attendance.end();
  const later = new Attendance({ ...parts, ask: async () => Promise.reject(new Error("no answer")) });
  assert.deepEqual([later.counts, later.isAnswered], [{ event: "night", tickets: 10, checkedIn: 4, at: 5 }, false]);
  assert.equal(new Attendance({ ...parts, event: "other", ask: async () => ({ tickets: 0, checkedIn: 0 }) }).counts, undefined);
});

test("an answer that comes after signing out isn't kept", async () => {
  const told = [];
  let answer = () => {};
  const attendance = new Attendance({
    event: "night",
    kept: { get: () => undefined, set: (heard) => told.push(heard) },
    ask: () => new Promise((resolve) => (answer = () => resolve({ tickets: 1, checkedIn: 1 }))),
    changed: () => told.push("changed"),
    isIdle: () => false,
  });
  attendance.wake();
  attendance.end();
  answer();
  await settled();
  assert.deepEqual(told, []);
});

test("a scan while the server is asked has it asked once more", async () => {
  const at = { asked: 0, answer: (/** @type {any} */ _) => {} };
  const attendance = new Attendance({
    event: "night",
    ask: () => {
      at.asked += 1;
      return new Promise((resolve) => (at.answer = resolve));
    },
    changed: () => {},
    isIdle: () => false,
  });
  const answered = async () => {
    at.answer({ tickets: 10, checkedIn: at.asked });
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  try {
    attendance.wake();
    await settled();
    attendance.wake();
    attendance.wake();
    assert.equal(at.asked, 1, "one question at a time");
    await answered();
    assert.equal(at.asked, 2);
    await answered();
    assert.equal(at.asked, 2);
    assert.equal(attendance.counts?.checkedIn, 2);
  } finally {
    attendance.end();
  }
});
