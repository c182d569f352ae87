import assert from "node:assert/strict";
import test from "node:test";
import { choose, shownPart } from "../site/door/aim.js";
import { FrameReader } from "../site/door/frame-reader.js";
import { frameFor } from "../site/door/frame.js";
import { Sightings } from "../site/door/gate.js";

const at = (text, x = 0.5, y = 0.5) => ({ text, x, y });

test("the only code in view is taken, or else the one in the aim's frame", () => {
  assert.deepEqual(choose([]), { code: undefined, isSeveral: false });
  assert.deepEqual(choose([at("a", 0.05)]), { code: "a", isSeveral: false });
  assert.deepEqual(choose([at("a"), at("b", 0.05)]), { code: "a", isSeveral: false });
  assert.deepEqual(choose([at("a", 0.4), at("b", 0.6)]), { code: undefined, isSeveral: true });
  assert.deepEqual(choose([at("a", 0.05), at("b", 0.95)]), { code: undefined, isSeveral: true });
  assert.deepEqual(choose([at("a", 0.4), at("a", 0.6)]), { code: "a", isSeveral: false }, "the same code twice");
  assert.deepEqual(choose([at("a", -0.1), at("b", 0.5, 1.2)]), { code: undefined, isSeveral: false }, "beside the picture");
});

test("what is shown of a picture is its middle", () => {
  assert.deepEqual(shownPart(1280, 720, 4 / 3), { x: 160, y: 0, width: 960, height: 720 });
  assert.deepEqual(shownPart(720, 1280, 4 / 3), { x: 0, y: 370, width: 720, height: 540 });
});

test("frames are small: of a large picture by turns all of it and its middle", () => {
  const small = shownPart(1280, 720, 4 / 3);
  for (const turn of [0, 1]) assert.deepEqual(frameFor(small, turn), { part: small, width: 960, height: 720 });
  const large = shownPart(3840, 2160, 4 / 3);
  assert.deepEqual(frameFor(large, 0), { part: large, width: 960, height: 720 });
  assert.deepEqual(frameFor(large, 1), { part: { x: 1440, y: 720, width: 960, height: 720 }, width: 960, height: 720 });
});

test("codes that stay in view are one scan each, also when they take turns", () => {
  const sightings = new Sightings();
  assert.equal(sightings.isNew("a", 0, true), true);
  for (let now = 100; now < 10_000; now += 200) {
    assert.equal(sightings.isNew("a", now, true), false);
    assert.equal(sightings.isNew("b", now + 100, true), now === 100);
  }
  assert.equal(sightings.isNew("a", 12_900, true), true, "away for 3 s");
});

test("a code that comes while another is judged has its turn afterwards", () => {
  const sightings = new Sightings();
  assert.equal(sightings.isNew("a", 0, true), true);
  assert.equal(sightings.isNew("b", 100, false), false);
  // The first, still in view after a slow answer, is no second scan.
  for (let now = 200; now < 4000; now += 200) assert.equal(sightings.isNew("a", now, false), false);
  assert.equal(sightings.isNew("b", 3900, false), false);
  assert.equal(sightings.isNew("b", 4000, true), true);
  assert.equal(sightings.isNew("a", 4100, true), false);
});

/** Workers that behave as told, one after the other. */
function makeWorkers(...behaviors) {
  const made = [];
  const make = () => {
    const behave = behaviors[made.length] ?? behaviors.at(-1);
    const worker = { isEnded: false, terminate: () => (worker.isEnded = true) };
    worker.postMessage = (frame) => queueMicrotask(() => behave(worker, frame));
    made.push(worker);
    return worker;
  };
  return { made, make };
}
const answer = (worker, frame) => worker.onmessage({ data: [{ text: `${frame.width}`, x: 0, y: 0 }] });
const crash = (worker) => worker.onerror({ preventDefault() {} });
const silence = () => {};
const image = () => ({ width: 2, height: 2, data: new Uint8ClampedArray(16) });
const here = async () => () => [{ text: "here", x: 0, y: 0 }];
const never = async () => assert.fail("the page need not read");
const texts = async (reading) => (await reading).map(({ text }) => text);

test("frames are read by one worker, which ends with the camera", async () => {
  const { made, make } = makeWorkers(answer);
  const reader = new FrameReader(make, never);
  assert.deepEqual(await texts(reader.read(image())), ["2"]);
  assert.deepEqual(await texts(reader.read(image())), ["2"]);
  assert.equal(made.length, 1);
  reader.end();
  assert.equal(made[0].isEnded, true);
});

test("a worker that crashes or falls silent costs a frame, and is replaced", async () => {
  for (const failure of [crash, silence]) {
    const { made, make } = makeWorkers(failure, answer);
    const reader = new FrameReader(make, never, 20);
    assert.deepEqual(await texts(reader.read(image())), []);
    assert.equal(made[0].isEnded, true);
    assert.deepEqual(await texts(reader.read(image())), ["2"]);
  }
});

test("where no worker works, the page reads frames itself, and says so if it can't", async () => {
  const refuse = () => {
    throw new TypeError("no workers");
  };
  for (const make of [makeWorkers(crash).make, refuse]) {
    const reader = new FrameReader(make, here);
    assert.deepEqual(await texts(reader.read(image())), []);
    assert.deepEqual(await texts(reader.read(image())), []);
    assert.deepEqual(await texts(reader.read(image())), ["here"]);
  }
  const lost = new FrameReader(refuse, () => Promise.reject(new TypeError("no module")));
  await lost.read(image());
  await lost.read(image());
  await assert.rejects(lost.read(image()));
});
