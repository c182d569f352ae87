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
    assert.deepEqual(attendance.counts, { tickets: 10, checkedIn: 1 });
    at.isUp = false;
    for (let i = 0; i < 5; i += 1) {
      go();
      await settled();
    }
    assert.deepEqual(attendance.counts, { tickets: 10, checkedIn: 1 }, "what was heard last stands");
    at.isUp = true;
    at.isIdle = true;
    go();
    await settled();
    assert.equal(at.asked, 6, "nobody looks");
    at.isIdle = false;
    go();
    await settled();
    assert.deepEqual(pauses, [15_000, 30_000, 60_000, 120_000, 120_000, 120_000, 120_000, 15_000]);
    assert.equal(at.changed, 2);
    attendance.end();
    go();
    await settled();
    assert.equal(at.asked, 7, "it has ended");
  } finally {
    globalThis.setTimeout = before;
  }
});
