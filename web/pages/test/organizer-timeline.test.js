import assert from "node:assert/strict";
import test from "node:test";
import { RANGES, choiceOf, earlier, later, queryOf, windowOf } from "../site/organizer/time-range.js";
import { TimelineWindow, appended, momentsOf } from "../site/organizer/timeline-window.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.parse("2026-11-26T12:34:56.000Z");
const iso = (moment) => new Date(moment).toISOString();

test("without a moment the window ends now, by the second up to an hour and by the minute beyond", () => {
  for (const [range, length] of Object.entries(RANGES)) {
    const step = length <= HOUR ? 1 : 60;
    assert.deepEqual(windowOf({ range }, NOW), { from: NOW - length, to: NOW, step, isLive: true }, range);
  }
});

test("a window around a moment is by the second only while all its seconds are kept", () => {
  const recent = NOW - 30 * MINUTE;
  assert.deepEqual(windowOf({ range: "5m", around: recent }, NOW), {
    from: recent - 2.5 * MINUTE, to: recent + 2.5 * MINUTE, step: 1, isLive: false,
  });
  assert.equal(windowOf({ range: "5m", around: NOW - 58 * MINUTE }, NOW).step, 60);
  const yesterday = NOW - DAY;
  assert.deepEqual(windowOf({ range: "5m", around: yesterday }, NOW), {
    from: yesterday - 2.5 * MINUTE, to: yesterday + 2.5 * MINUTE, step: 60, isLive: false,
  });
});

test("a window that would reach into the future ends now, one from before the record begins with it", () => {
  assert.equal(windowOf({ range: "1h", around: NOW - 10 * MINUTE }, NOW).isLive, true);
  assert.equal(windowOf({ range: "5m", around: NOW + DAY }, NOW).to, NOW);
  const old = windowOf({ range: "1d", around: NOW - 400 * DAY }, NOW);
  assert.deepEqual([old.from, old.to], [NOW - 31 * DAY, NOW - 30 * DAY]);
});

test("earlier and later step by whole windows, to the oldest and back to the present", () => {
  /** @type {import("../site/organizer/time-range.js").Choice} */
  let choice = { range: "5m" };
  const first = earlier(choice, NOW);
  assert.equal(first.around % MINUTE, 0);
  assert.ok(Math.abs(first.around - (NOW - 7.5 * MINUTE)) <= MINUTE / 2);
  assert.deepEqual(earlier(first, NOW), { range: "5m", around: first.around - 5 * MINUTE });
  assert.deepEqual(later(earlier(first, NOW), NOW), first);
  assert.deepEqual(later({ range: "5m", around: NOW - 5 * MINUTE }, NOW), { range: "5m" });
  assert.equal(later({ range: "5m" }, NOW), undefined);
  assert.equal(earlier({ range: "31d" }, NOW), undefined);
  let steps = 0;
  for (choice = { range: "1d" }; choice !== undefined; choice = earlier(choice, NOW)) steps += 1;
  assert.ok(steps >= 31 && steps <= 32, `${steps} days`);
});

test("a choice goes through an address, and an address can't ask for nonsense", () => {
  for (const choice of [{ range: "5m" }, { range: "1d" }, { range: "30m", around: NOW }]) {
    assert.deepEqual(choiceOf(queryOf(choice)), choice);
  }
  assert.equal(queryOf({ range: "5m" }), "");
  assert.deepEqual(choiceOf("?range=toString&around=yesterday"), { range: "5m" });
});

const point = (at, sold = 0) => ({
  at: iso(at), sold, held: 0, free: 9, gross: 0, waiting: 0, activeShoppers: 0, confirmed: 0, declined: 0, expired: 0,
});

test("what is new replaces the step that was running, and nothing is drawn across a hole", () => {
  const [one, two, again, three, late] = momentsOf([point(0, 1), point(1000, 2), point(1000, 3), point(2000, 4), point(9000, 5)]);
  assert.deepEqual(appended([one, two], [again, three], 1), [one, again, three]);
  assert.deepEqual(appended([one], [two], 1), [one, two]);
  assert.deepEqual(appended([one, two], [], 1), [one, two]);
  assert.deepEqual(appended([], [one], 1), [one]);
  assert.deepEqual(appended([one, two], [late], 1), [late]);
});

/** A server whose event began at a moment: a point for every step from there to its own now. */
class Server {
  asked = [];
  isDown = false;

  constructor(began, now = NOW) {
    this.began = began;
    this.now = now;
  }

  ask = async ({ from, to, step }) => {
    this.asked.push({ from, to, step });
    if (this.isDown) throw new Error("down");
    const length = step * 1000;
    const slot = (moment) => Math.floor(moment / length);
    const first = Math.max(slot(Date.parse(from)), slot(this.began), slot(this.now) - (step === 1 ? 3600 : 44_640) + 1);
    const last = Math.min(slot(to === undefined ? this.now : Date.parse(to)), slot(this.now));
    const points = [];
    for (let at = first; at <= last; at += 1) points.push(point(at * length, at - slot(this.began)));
    return { step, points };
  };
}

/** Shows a window until it has changed so often that `isDone`. */
function shown(choice, server, isDone) {
  return new Promise((resolve) => {
    const timeline = new TimelineWindow(windowOf(choice, NOW), server.ask, (changed) => {
      if (isDone(changed)) resolve(changed);
    }, () => server.now);
    timeline.start();
  });
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const isDense = ({ moments, step }) =>
  moments.every(({ at }, index) => index === 0 || at - moments[index - 1].at === step * 1000);

test("the last minutes are there after one request, with the minute before them", async () => {
  const server = new Server(NOW - DAY);
  const timeline = await shown({ range: "5m" }, server, ({ isLoaded }) => isLoaded);
  timeline.stop();
  assert.deepEqual(server.asked, [{ from: iso(NOW - 6 * MINUTE), to: undefined, step: 1 }]);
  assert.equal(timeline.moments.length, 361);
  assert.deepEqual(timeline.bounds, { from: NOW - 5 * MINUTE, to: NOW });
});

test("a month comes in parts of bounded size, the newest first, and in one piece", async () => {
  const server = new Server(NOW - 60 * DAY);
  const parts = [];
  const timeline = await shown({ range: "31d" }, server, (changed) => {
    parts.push(changed.moments.length);
    assert.ok(isDense(changed));
    return changed.isLoaded;
  });
  timeline.stop();
  assert.equal(timeline.moments.length, 31 * 24 * 60);
  assert.equal(parts.length, 13);
  assert.ok(server.asked.length === 13 && parts[0] <= 3601);
});

test("a young event is not asked about the time before it began", async () => {
  const server = new Server(NOW - 2 * HOUR);
  const timeline = await shown({ range: "31d" }, server, ({ isLoaded }) => isLoaded);
  timeline.stop();
  assert.equal(server.asked.length, 1);
  assert.equal(timeline.moments.length, 121);
});

test("a window in the past is read once and then left alone", async () => {
  const around = NOW - DAY;
  const server = new Server(NOW - 2 * DAY);
  const timeline = await shown({ range: "5m", around }, server, ({ isLoaded }) => isLoaded);
  timeline.pause(true);
  timeline.pause(false);
  await pause(20);
  assert.deepEqual(server.asked, [{ from: iso(around - 3.5 * MINUTE), to: iso(around + 2.5 * MINUTE), step: 60 }]);
  assert.deepEqual(timeline.bounds, { from: around - 2.5 * MINUTE, to: around + 2.5 * MINUTE });
  assert.ok(isDense(timeline));
});

test("a live window asks only for what is new, and moves on", async () => {
  const server = new Server(NOW - DAY);
  const timeline = await shown({ range: "5m" }, server, ({ isLoaded }) => isLoaded);
  server.now += 3000;
  await pause(2100);
  timeline.stop();
  assert.deepEqual(server.asked.slice(1), [{ from: iso(NOW), to: undefined, step: 1 }]);
  assert.equal(timeline.moments.length, 361);
  assert.deepEqual(timeline.bounds, { from: NOW - 5 * MINUTE + 3000, to: NOW + 3000 });
  assert.ok(isDense(timeline));
});

test("hidden for long, it asks for no more than its window", async () => {
  const server = new Server(NOW - DAY);
  const timeline = await shown({ range: "5m" }, server, ({ isLoaded }) => isLoaded);
  timeline.pause(true);
  await pause(10);
  server.now += 2 * HOUR;
  timeline.pause(false);
  await pause(50);
  timeline.stop();
  assert.deepEqual(server.asked.slice(1), [{ from: iso(server.now - 6 * MINUTE), to: undefined, step: 1 }]);
  assert.equal(timeline.moments.length, 361);
  assert.ok(isDense(timeline));
});

test("a failed request is told, keeps what was there, and is asked again", async () => {
  const server = new Server(NOW - DAY);
  server.isDown = true;
  const timeline = await shown({ range: "5m" }, server, ({ problem }) => problem !== undefined);
  assert.deepEqual([timeline.problem.message, timeline.isLoaded], ["down", false]);
  const again = async (isDown) => {
    await pause(10);
    server.isDown = isDown;
    timeline.pause(true);
    timeline.pause(false);
    await pause(20);
  };
  await again(false);
  assert.deepEqual([timeline.problem, timeline.isLoaded, timeline.moments.length], [undefined, true, 361]);
  await again(true);
  assert.deepEqual([timeline.problem.message, timeline.moments.length], ["down", 361]);
  timeline.stop();
  assert.equal(server.asked.length, 3);
});

test("what arrives after the end changes nothing", async () => {
  let answer;
  let changes = 0;
  const timeline = new TimelineWindow(
    windowOf({ range: "5m" }, NOW), () => new Promise((resolve) => (answer = resolve)), () => (changes += 1), () => NOW,
  );
  timeline.start();
  await pause(10);
  timeline.stop();
  answer({ step: 1, points: [point(NOW)] });
  await pause(10);
  assert.deepEqual([changes, timeline.moments.length], [0, 0]);
});
