import assert from "node:assert/strict";
import test from "node:test";
import { contains, distanceToEdge, hull } from "../site/map/geometry.js";
import { SeatGrid } from "../site/map/grid.js";
import { exampleChart } from "./map-plans.js";

for (const name of /** @type {const} */ (["arena", "theatre"])) {
  const chart = exampleChart(name);
  const grid = new SeatGrid(chart);
  const all = [...chart.x.keys()];

  test(`${name}: every seat is found at its position`, () => {
    for (const index of all) assert.equal(grid.nearest(chart.x[index] ?? 0, chart.y[index] ?? 0, 1), index);
  });

  test(`${name}: a rectangle finds the same seats as checking each one`, () => {
    const { left, top, right, bottom } = chart.bounds;
    for (const [from, to] of [[0, 1], [0.2, 0.4], [0.31, 0.33], [0.9, 1.5]]) {
      const box = {
        left: left + (right - left) * (from ?? 0),
        right: left + (right - left) * (to ?? 0),
        top: top + (bottom - top) * (from ?? 0),
        bottom: top + (bottom - top) * (to ?? 0),
      };
      const inside = (/** @type {number} */ index) => {
        const x = chart.x[index] ?? 0;
        const y = chart.y[index] ?? 0;
        return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
      };
      assert.deepEqual(grid.within(box).sort((a, b) => a - b), all.filter(inside));
    }
  });

  test(`${name}: every seat lies in its section's hull or on its edge`, () => {
    for (const section of chart.sections) {
      for (let index = section.first; index < section.first + section.count; index += 1) {
        const x = chart.x[index] ?? 0;
        const y = chart.y[index] ?? 0;
        assert.ok(contains(section.hull, x, y) || distanceToEdge(section.hull, x, y) < 1e-6);
      }
    }
  });
}

test("no seat is found far from all of them", () => {
  const chart = exampleChart("arena");
  assert.equal(new SeatGrid(chart).nearest(1100, 600, 20), undefined);
  assert.equal(new SeatGrid(chart).nearest(-5000, -5000, 20), undefined);
});

test("the hull of a square with points inside has its four corners", () => {
  const corners = hull([[0, 0], [4, 0], [2, 2], [4, 4], [0, 4], [1, 3], [2, 0]].map(([x, y]) => ({ x: x ?? 0, y: y ?? 0 })));
  assert.equal(corners.length, 4);
  assert.ok(contains(corners, 2, 3) && !contains(corners, 5, 3));
  assert.equal(distanceToEdge(corners, 6, 2), 2);
});
