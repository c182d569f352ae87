import assert from "node:assert/strict";
import test from "node:test";
import { areaPath, band, linePath, nearest, scale, thinned, timeTicks, valueTicks } from "../site/organizer/chart-scale.js";
import { minutesToSellOut, pacePerMinute, perMinute, soldInBurst } from "../site/organizer/pace.js";
import { RecentSales } from "../site/organizer/recent-sales.js";

const sample = (second, sold = 0) => ({ at: second * 1000, sold });

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

test("an estimate ends with the pace, before the last minute forgets it", () => {
  const samples = Array.from({ length: 61 }, (_, second) => sample(second, Math.min(second, 40) * 2));
  assert.equal(pacePerMinute(samples), 80);
  assert.equal(soldInBurst(samples), 0);
  assert.equal(minutesToSellOut(300, 80, 0), undefined);
  assert.equal(soldInBurst(samples.slice(0, 41)), 20);
  assert.equal(minutesToSellOut(300, 60, 20), 5);
  assert.equal(soldInBurst([sample(0), sample(9, 5)]), undefined);
  assert.equal(minutesToSellOut(300, 60, undefined), 5);
});

test("a pace is told of any count, from what it grew by in the last minute", () => {
  const samples = [{ at: 0, lost: 3 }, { at: 60_000, lost: 5 }, { at: 120_000, lost: 9 }];
  assert.equal(perMinute(samples, ({ lost }) => lost), 4);
  assert.equal(perMinute(samples, ({ lost }) => lost, 1), 2);
  assert.equal(perMinute(samples, ({ lost }) => lost, 0), undefined);
});

test("recent sales keep what the pace takes and no more, and start over when the clock is set back", () => {
  const recent = new RecentSales();
  for (let second = 0; second <= 600; second += 1) recent.add(sample(second, second));
  assert.equal(recent.samples.length, 61);
  assert.equal(pacePerMinute(recent.samples), 60);
  recent.add(sample(10, 700));
  assert.deepEqual(recent.samples, [sample(10, 700)]);
});

test("after a silence they recall the server's last minute, in this device's time", () => {
  const recent = new RecentSales();
  recent.add(sample(100, 0));
  // The server's clock is an hour ahead.
  const remembered = Array.from({ length: 121 }, (_, second) => ({ at: (3600 + 580 + second) * 1000, sold: second }));
  recent.recall(remembered, 700_000);
  assert.equal(recent.samples.length, 61);
  assert.equal(recent.samples.at(-1).at, 700_000);
  assert.equal(pacePerMinute(recent.samples), 60);
  recent.add(sample(701, 121));
  assert.equal(pacePerMinute(recent.samples), 60);
  recent.recall([], 800_000);
  assert.equal(recent.samples.at(-1).at, 701_000);
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

test("days begin at this device's midnight, and are days even where an hour is missing or twice", () => {
  const ticks = timeTicks(new Date(2026, 2, 1, 5).getTime(), new Date(2026, 3, 1, 5).getTime(), 10).map((tick) => new Date(tick));
  assert.ok(ticks.length > 2);
  for (const tick of ticks) assert.deepEqual([tick.getHours(), tick.getMinutes()], [0, 0]);
  const [first] = timeTicks(new Date(2026, 2, 1, 5).getTime(), new Date(2026, 2, 2, 5).getTime(), 5);
  assert.equal(new Date(first).getHours() % 6, 0);
});

test("paths go along the points, areas back along the line below", () => {
  const points = [{ x: 0, y: 1 }, { x: 1.04, y: 2 }, { x: 5, y: 3 }];
  assert.equal(linePath(points), "M0 1L1 2L5 3");
  assert.equal(areaPath(points, [{ x: 0, y: 9 }, { x: 5, y: 7 }]), "M0 1L1 2L5 3L5 7L0 9Z");
  assert.equal(linePath([]), "");
  assert.equal(areaPath([], []), "");
});

test("a thinned line keeps every peak, both ends, and its order, and leaves out only what covers no other pixel", () => {
  const points = Array.from({ length: 10_000 }, (_, index) => ({ x: index / 50, y: index === 4321 ? 99 : index === 4330 ? -99 : index % 7 }));
  const kept = thinned(points);
  assert.ok(kept.length <= 200 * 4);
  assert.ok(kept.includes(points[4321]) && kept.includes(points[4330]));
  assert.equal(kept[0], points[0]);
  assert.equal(kept.at(-1), points.at(-1));
  assert.ok(kept.every(({ x }, index) => index === 0 || x > kept[index - 1].x));
  const few = points.filter((_, index) => index % 50 === 0);
  assert.deepEqual(thinned(few), few);
  assert.deepEqual(thinned([]), []);
});

test("a band tells the mean of every column and how far the values go apart", () => {
  const points = [{ x: 0, y: 4 }, { x: 0.5, y: 8 }, { x: 0.9, y: 3 }, { x: 1.5, y: 2 }];
  assert.deepEqual(band([...points, { x: 9, y: 1 }]).mean.map(({ y }) => y), [5, 2, 1]);
  // More points than pixels: the columns are wider.
  const crowd = Array.from({ length: 80 }, (_, index) => ({ x: index / 10, y: index % 2 }));
  assert.deepEqual(band(crowd).mean.map(({ y }) => y), [0.5, 0.5]);
  assert.deepEqual(band(crowd).top.map(({ y }) => y), [0, 0]);
  assert.deepEqual(band(crowd).bottom.map(({ y }) => y), [1, 1]);
  assert.deepEqual(band([]).mean, []);
});

test("a band of one column has its mean, its top and its bottom", () => {
  const points = [{ x: 0, y: 4 }, { x: 0.5, y: 8 }, { x: 0.9, y: 3 }, { x: 7, y: 2 }];
  assert.deepEqual(band(points).mean.map(({ y }) => y), [5, 2]);
  assert.deepEqual(band(points).top.map(({ y }) => y), [3, 2]);
  assert.deepEqual(band(points).bottom.map(({ y }) => y), [8, 2]);
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
