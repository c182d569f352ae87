import assert from "node:assert/strict";
import test from "node:test";
import { Problem } from "../src/problem.js";
import { newKey, repeating } from "../src/repeating.js";

const away = (status, seconds) => new Problem({ type: "about:blank", title: "Away", status }, seconds);

/** Sends until there is nothing left to throw; notes the pauses. */
async function run(problems, options = {}) {
  const pauses = [];
  let sent = 0;
  const wait = async (milliseconds) => void pauses.push(milliseconds);
  const send = async () => {
    sent += 1;
    const problem = problems.shift();
    if (problem) throw problem;
    return "answer";
  };
  const answer = await repeating(send, { wait, ...options }).catch((error) => error);
  return { answer, sent, pauses };
}

test("pauses grow and are jittered; four tries are the most", async () => {
  const { answer, sent, pauses } = await run([away(502), away(503), away(504), away(503), away(503)]);
  assert.equal(answer.status, 503);
  assert.equal(sent, 4);
  assert.equal(pauses.length, 3);
  pauses.forEach((pause, index) => {
    const growing = 250 * 2 ** index;
    assert.ok(pause >= growing / 2 && pause < growing * 1.5, `${pause}`);
  });
  const several = await Promise.all(Array.from({ length: 20 }, () => run([away(503)])));
  assert.ok(new Set(several.map((one) => one.pauses[0])).size > 10);
});

test("a server that names its pause is not asked sooner; one that names a long one is not asked again", async () => {
  const { answer, pauses } = await run([away(503, 3), Problem.unreachable("reset")]);
  assert.equal(answer, "answer");
  assert.ok(pauses[0] > 3000 && pauses[1] < 1000);
  assert.equal((await run([away(503, 60)])).sent, 1);
});

test("nothing else is repeated: what was decided, what was too fast, what the caller gave up, what isn't a problem", async () => {
  for (const problem of [away(409), away(429, 1), away(500), away(401), new TypeError("ours")]) {
    assert.equal((await run([problem])).sent, 1);
  }
  const ending = new AbortController();
  ending.abort();
  assert.equal((await run([away(503)], { signal: ending.signal })).sent, 1);
});

test("no key comes twice", () => {
  const keys = new Set(Array.from({ length: 1000 }, newKey));
  assert.equal(keys.size, 1000);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
});
