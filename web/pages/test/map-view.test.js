import assert from "node:assert/strict";
import test from "node:test";
import { between, clamp, fit, toPlan, visible, zoomAt } from "../site/map/view.js";

const bounds = { left: 100, top: 50, right: 500, bottom: 250 };
const size = { width: 800, height: 600 };
const limits = { least: 0.1, most: 10 };

test("fit shows everything, centered and as large as possible", () => {
  const view = fit(bounds, size, 20);
  assert.equal(view.scale, 1.9);
  assert.deepEqual(toPlan(view, { x: 400, y: 300 }), { x: 300, y: 150 });
  const part = visible(view, size);
  assert.ok(part.left < 100 && part.right > 500 && part.top < 50 && part.bottom > 250);
  assert.equal(fit(bounds, size, 20, 1).scale, 1);
});

test("zooming keeps what is under the pointer in place, even at the limits", () => {
  const view = { scale: 2, x: -30, y: 12 };
  const at = { x: 123, y: 456 };
  for (const factor of [1.3, 0.2, 1000, 0.0001]) {
    const next = zoomAt(view, at, factor, limits);
    const before = toPlan(view, at);
    const after = toPlan(next, at);
    assert.ok(Math.abs(before.x - after.x) < 1e-9 && Math.abs(before.y - after.y) < 1e-9);
    assert.ok(next.scale >= limits.least && next.scale <= limits.most);
  }
});

test("clamp centers a small plan and keeps the screen covered by a large one", () => {
  assert.deepEqual(clamp({ scale: 1, x: 999, y: -999 }, bounds, size, 10), { scale: 1, x: 100, y: 150 });
  const right = clamp({ scale: 4, x: 5000, y: 0 }, bounds, size, 10);
  assert.equal(right.x + bounds.left * 4, 10);
  const left = clamp({ scale: 4, x: -5000, y: 0 }, bounds, size, 10);
  assert.equal(left.x + bounds.right * 4, 790);
});

test("a flight starts and ends at its views and scales geometrically", () => {
  const from = { scale: 1, x: 0, y: 0 };
  const to = { scale: 4, x: -300, y: -200 };
  assert.deepEqual(between(from, to, 0), { scale: 1, x: 0, y: 0 });
  assert.deepEqual(between(from, to, 1), to);
  const half = between(from, to, 0.5);
  assert.equal(half.scale, 2);
  // The point that both views show in the same place: 100, 200/3.
  assert.ok(Math.abs(100 * half.scale + half.x - 100) < 1e-9);
});
