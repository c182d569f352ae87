import assert from "node:assert/strict";
import test from "node:test";
import { areaPath, linePath, nearest, scale, timeTicks, valueTicks } from "../site/organizer/chart-scale.js";
import { GAP_MILLISECONDS, History, isSamples } from "../site/organizer/history.js";
import { minutesToSellOut, pacePerMinute } from "../site/organizer/pace.js";

const sample = (second, sold = 0) => ({ at: second * 1000, sold, held: 0, free: 0, waiting: 0, active: 0 });

test("the pace is what sold over the last minute", () => {
  const samples = Array.from({ length: 121 }, (_, second) => sample(second, second < 60 ? 0 : (second - 60) * 2));
  assert.equal(pacePerMinute(samples), 120);
  assert.equal(pacePerMinute(samples, 60), 0);
  assert.equal(pacePerMinute(samples, 90), 60);
});

test("the pace is undefined for a very short period and extrapolated for less than a minute", () => {
  assert.equal(pacePerMinute([]), undefined);
  assert.equal(pacePerMinute([sample(0), sample(5, 10)]), undefined);
  assert.equal(pacePerMinute([sample(0), sample(10, 10)]), 60);
});

test("the pace spans the whole of a gap, and refunds reduce it", () => {
  assert.equal(pacePerMinute([sample(0, 0), sample(600, 100)]), 10);
  assert.equal(pacePerMinute([sample(0, 30), sample(30, 0)]), -60);
});

test("the sell-out is the free tickets divided by the pace, if that is meaningful", () => {
  assert.equal(minutesToSellOut(300, 60), 5);
  assert.equal(minutesToSellOut(0, undefined), 0);
  assert.equal(minutesToSellOut(10, 0), undefined);
  assert.equal(minutesToSellOut(10, -5), undefined);
  assert.equal(minutesToSellOut(10, undefined), undefined);
  assert.equal(minutesToSellOut(1e9, 1), undefined);
});

test("the history stays bounded and keeps both its ends and all of the latest part", () => {
  const history = new History([], 100);
  for (let second = 1; second <= 1000; second += 1) history.add(sample(second, second));
  assert.ok(history.samples.length <= 100);
  assert.equal(history.samples[0].at, 1000);
  assert.equal(history.samples.at(-1).at, 1_000_000);
  const newest = history.samples.slice(-20).map(({ at }) => at / 1000);
  assert.deepEqual(newest, Array.from({ length: 20 }, (_, index) => 981 + index));
  assert.ok(history.samples.every(({ at }, index, all) => index === 0 || at > all[index - 1].at));
  assert.ok(history.samples.every(({ gap }) => gap === undefined), "thinning creates no gaps");
});

test("a silence is a gap, even after thinning, and samples from a clock set back are ignored", () => {
  const history = new History([], 10);
  history.add(sample(1));
  history.add({ ...sample(0), at: 1000 + GAP_MILLISECONDS + 1 });
  assert.equal(history.samples[1].gap, true);
  history.add(sample(2));
  assert.equal(history.samples.length, 2);
  for (let second = 20; second < 40; second += 1) history.add(sample(second));
  assert.equal(history.samples.filter(({ gap }) => gap).length, 1);
});

test("a stored history is validated", () => {
  assert.ok(isSamples([sample(1)]));
  assert.ok(!isSamples([{ at: 1 }]));
  assert.ok(!isSamples([{ ...sample(1), sold: null }]));
  assert.ok(!isSamples({}));
  assert.equal(new History(Array.from({ length: 50 }, (_, index) => sample(index)), 10).samples.length <= 10, true);
});

test("values get round integer ticks that cover them", () => {
  assert.deepEqual(valueTicks(0), [0, 1]);
  assert.deepEqual(valueTicks(1), [0, 1]);
  assert.deepEqual(valueTicks(3), [0, 1, 2, 3]);
  assert.deepEqual(valueTicks(13884), [0, 5000, 10000, 15000]);
  for (const most of [1, 2, 7, 9, 10, 11, 99, 100, 101, 12345, 999999]) {
    const ticks = valueTicks(most);
    assert.ok(ticks.at(-1) >= most && ticks.length <= 7, String(most));
    assert.ok(ticks.every(Number.isInteger));
  }
});

test("moments get round ticks within the range, never too many", () => {
  assert.deepEqual(timeTicks(0, 60_000, 6), [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
  assert.deepEqual(timeTicks(5, 5), []);
  for (const span of [1000, 61_000, 3_600_000, 86_400_000, 1e10]) {
    const ticks = timeTicks(123_456, 123_456 + span, 5);
    assert.ok(ticks.length <= 6, String(span));
    assert.ok(ticks.every((tick) => tick >= 123_456 && tick <= 123_456 + span));
  }
});

test("paths restart after a gap", () => {
  const points = [{ x: 0, y: 1 }, { x: 1.04, y: 2 }, { x: 5, y: 3, gap: true }, { x: 6, y: 4 }];
  assert.equal(linePath(points), "M0 1L1 2M5 3L6 4");
  assert.equal(areaPath(points, [9, 8, 7, 6]), "M0 1L1 2L1 8L0 9ZM5 3L6 4L6 6L5 7Z");
  assert.equal(linePath([]), "");
});

test("a scale maps ends to ends, and an empty range to its start", () => {
  const y = scale(0, 10, 100, 0);
  assert.deepEqual([y(0), y(5), y(10)], [100, 50, 0]);
  assert.equal(scale(3, 3, 7, 9)(3), 7);
});

test("the nearest sample is found on either side", () => {
  const samples = [sample(0), sample(10), sample(20)];
  assert.deepEqual([-5, 4, 6, 14, 16, 99].map((second) => nearest(samples, second * 1000)), [0, 0, 1, 1, 2, 2]);
  assert.equal(nearest([], 1), -1);
});
