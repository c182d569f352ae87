import assert from "node:assert/strict";
import test from "node:test";
import { rowsAtEdge } from "../site/map/row-names.js";
import { fit } from "../site/map/view.js";
import { exampleChart } from "./map-plans.js";

const chart = exampleChart("arena");
const size = { width: 390, height: 500 };
const section = /** @type {import("../site/map/chart.js").Section} */ (chart.sections[1]);

/** A view of the section, shifted sideways. @param {number} shift in seats */
function shifted(shift) {
  const scale = 26 / chart.spacing;
  const view = fit(section.bounds, size, 0, scale);
  return { ...view, x: view.x - shift * 26 };
}

test("rows that the left edge cuts are named at it, each where it is", () => {
  const view = shifted(6);
  const rows = rowsAtEdge(chart, view, size);
  for (const { name, first } of section.rows) {
    const y = (chart.y[first] ?? 0) * view.scale + view.y;
    assert.ok(rows.some((row) => row.name === name && Math.abs(row.y - y) < 1), `row ${name} at ${y}`);
  }
});

test("rows whose own name is in sight are not named twice, nor any while seats are small", () => {
  assert.deepEqual(rowsAtEdge(chart, fit(chart.bounds, size, 24), size), []);
  // The section begins at the edge.
  const { scale, y } = shifted(0);
  const begun = { scale, x: 20 - section.bounds.left * scale, y };
  const own = rowsAtEdge(chart, begun, size).filter((row) => section.rows.some(({ first }) => Math.abs(row.y - ((chart.y[first] ?? 0) * scale + y)) < 1));
  assert.deepEqual(own, []);
});
