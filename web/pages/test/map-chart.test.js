import assert from "node:assert/strict";
import test from "node:test";
import { SeatingChart } from "../site/map/chart.js";
import { exampleChart, examplePlan } from "./map-plans.js";

const event = { currency: "KRW", prices: [{ category: "VIP", amount: 5 }], areas: [] };

for (const name of /** @type {const} */ (["arena", "theatre"])) {
  test(`${name}: every seat is in plan order, at its position, with its names`, () => {
    const chart = exampleChart(name);
    let index = 0;
    for (const zone of examplePlan(name).zones) {
      for (const row of zone.rows ?? []) {
        for (const seat of row.seats) {
          assert.equal(chart.name(index), seat.seat_guid);
          assert.equal(chart.indexOf(seat.seat_guid), index);
          assert.deepEqual(chart.label(index), { section: zone.name, row: row.row_number, seat: seat.seat_number });
          assert.equal(chart.categoryAt(index).name, seat.category);
          assert.equal(chart.x[index], Math.fround(zone.position.x + row.position.x + seat.position.x));
          assert.equal(chart.y[index], Math.fround(zone.position.y + row.position.y + seat.position.y));
          index += 1;
        }
      }
    }
    assert.equal(chart.seatCount, index);
  });

  test(`${name}: sections and rows follow each other without a gap, inside their bounds`, () => {
    const chart = exampleChart(name);
    let next = 0;
    for (const section of chart.sections) {
      assert.equal(section.first, next);
      let inSection = section.first;
      for (const row of section.rows) {
        assert.equal(row.first, inSection);
        inSection += row.count;
      }
      assert.equal(inSection, section.first + section.count);
      for (let index = section.first; index < inSection; index += 1) {
        assert.ok(chart.x[index] > section.bounds.left && chart.x[index] < section.bounds.right);
        assert.ok(chart.y[index] > section.bounds.top && chart.y[index] < section.bounds.bottom);
      }
      assert.ok(section.bounds.left >= chart.bounds.left && section.bounds.bottom <= chart.bounds.bottom);
      next += section.count;
    }
    assert.equal(next, chart.seatCount);
  });
}

test("the arena has 10,884 seats in 72 sections and a standing area with a shape", () => {
  const chart = exampleChart("arena");
  assert.equal(chart.seatCount, 10884);
  assert.equal(chart.sections.length, 72);
  const [standing] = chart.areas;
  assert.deepEqual({ ...standing, shape: undefined }, { name: "Standing", category: "Standing", amount: 132000, capacity: 3000, shape: undefined });
  assert.deepEqual(standing?.shape?.bounds, { left: 960, top: 540, right: 1240, bottom: 660 });
  assert.ok(chart.decor.length === 1 && chart.decor[0]?.isStage);
});

test("a section has a lowest price, over all its categories or one", () => {
  const chart = exampleChart("theatre");
  assert.equal(chart.minimumAmount(0), 165000);
  assert.equal(chart.minimumAmount(0, "VIP"), 198000);
  assert.equal(chart.minimumAmount(/** @type {any} */ (chart.sections[2])), 110000);
  assert.ok(Number.isNaN(chart.minimumAmount(2, "VIP")));
});

test("omitted positions are zero, and a category the plan doesn't list is added", () => {
  const chart = new SeatingChart(
    /** @type {any} */ ({
      categories: [],
      zones: [{ name: "Z", rows: [{ row_number: "1", seats: [{ seat_guid: "a", seat_number: "1", category: "X" }] }] }],
    }),
    event,
  );
  assert.deepEqual([chart.x[0], chart.y[0]], [0, 0]);
  assert.equal(chart.categoryAt(0).name, "X");
  assert.match(chart.categoryAt(0).color, /^#[\da-f]{6}$/);
  assert.ok(Number.isNaN(chart.categoryAt(0).amount));
});

test("a stage is decor with its own text; where none is drawn it is before the dearest seats", () => {
  const area = { shape: "rectangle", rectangle: { width: 100, height: 20 }, position: { x: 10, y: 0 }, text: { text: "Stage" } };
  const plan = /** @type {any} */ ({ categories: [], zones: [{ name: "Z", position: { x: 5, y: 7 }, rows: [], areas: [area] }] });
  const [stage] = new SeatingChart(plan, event).decor;
  assert.equal(stage?.text, "Stage");
  assert.deepEqual(stage?.bounds, { left: 15, top: 7, right: 115, bottom: 27 });
  const theatre = exampleChart("theatre");
  const [guess] = theatre.decor;
  assert.ok(guess?.isStage && theatre.decor.length === 1);
  for (const { bounds } of theatre.sections) assert.ok(guess.bounds.bottom < bounds.top, "the dearest seats are in front");
});

test("a stage that no plan shows is drawn before the seats, on its side", () => {
  const seat = (guid, x, y) => ({ seat_guid: guid, seat_number: guid, category: "X", position: { x, y } });
  const row = (y) => ({ row_number: String(y), seats: [seat(`a${y}`, 0, y), seat(`b${y}`, 20, y), seat(`c${y}`, 40, y)] });
  const plan = /** @type {any} */ ({ categories: [], zones: [{ name: "Z", rows: [row(0), row(20)] }] });
  const drawn = (stage) => new SeatingChart(plan, { ...event, stage }).decor;
  const [above] = drawn({ x: 20, y: -5 });
  assert.ok(above?.isStage && above.bounds.bottom < 0 && (above.bounds.left + above.bounds.right) / 2 === 20);
  const [below] = drawn({ x: 20, y: 30 });
  assert.ok(below && below.bounds.top > 20);
  const [beside] = drawn({ x: 90, y: 10 });
  assert.ok(beside && beside.bounds.left > 40 && (beside.bounds.top + beside.bounds.bottom) / 2 === 10);
  assert.equal(drawn(undefined).length, 1);
  const rows = [0, 20, 40, 60, 80].map(row);
  const deep = new SeatingChart(/** @type {any} */ ({ categories: [], zones: [{ name: "Z", rows }] }), { ...event, stage: { x: 20, y: 40 } });
  const [middle] = deep.decor;
  assert.ok(middle && (middle.bounds.top + middle.bounds.bottom) / 2 === 40);
  const area = { shape: "rectangle", rectangle: { width: 40, height: 10 }, position: { x: 0, y: -40 }, text: { text: "무대" } };
  const named = { ...plan, zones: [{ ...plan.zones[0], areas: [area] }] };
  assert.equal(new SeatingChart(named, { ...event, stage: { x: 20, y: 0 } }).decor.length, 1);
});

test("an event without a plan has only its areas", () => {
  const chart = new SeatingChart(undefined, { ...event, areas: [{ name: "Floor", capacity: 9, category: "VIP" }] });
  assert.equal(chart.seatCount, 0);
  assert.deepEqual(chart.areas, [{ name: "Floor", category: "VIP", amount: 5, capacity: 9 }]);
  assert.deepEqual(chart.bounds, { left: 0, top: 0, right: 0, bottom: 0 });
});

test("new prices are the categories' and the areas', and only a change counts as one", () => {
  const chart = exampleChart("arena");
  const [first, second] = chart.categories;
  const prices = chart.categories.map(({ name, amount }) => ({ category: name, amount }));
  chart.reprice(prices);
  assert.equal(chart.edition, 0);
  chart.reprice(prices.map((price) => (price.category === first.name ? { ...price, amount: 77 } : price)));
  assert.equal(chart.edition, 1);
  assert.equal(chart.categories[0].amount, 77);
  assert.equal(chart.categories[1].amount, second.amount);
  const standing = new SeatingChart(undefined, { ...event, areas: [{ name: "Floor", capacity: 3, category: "VIP" }] });
  standing.reprice([{ category: "VIP", amount: 6 }]);
  assert.equal(standing.areas[0].amount, 6);
});
