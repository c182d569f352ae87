import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { findJSONFault } from "../site/organizer/json-fault.js";
import { FAULTS_MOST, FILE_BYTES_MOST, checkPlan, readPlan, summarize } from "../site/organizer/plan-check.js";

const seat = (guid, over = {}) => ({ seat_guid: guid, seat_number: guid, position: { x: 1, y: 2 }, category: "A", ...over });
const planOf = (seats, over = {}) => ({
  name: "Hall",
  categories: [{ name: "A", color: "#123456" }, { name: "B" }],
  zones: [{ name: "Z", position: { x: 0, y: 0 }, rows: [{ row_number: "1", seats }] }],
  ...over,
});
const bytes = (text) => new TextEncoder().encode(text).buffer;
const reasons = ({ faults }) => faults.map(({ pointer, reason }) => `${pointer} ${reason}`);

test("a valid plan has no faults and is summarized", () => {
  const { plan, faults } = checkPlan(
    planOf([seat("1"), seat("2", { category: "B" }), seat("3")], {
      zones: [
        {
          name: "Z",
          rows: [
            { row_number: "1", seats: [seat("1"), seat("2", { category: "B" })] },
            { row_number: "2", seats: [seat("3")] },
          ],
        },
        { name: "Floor", areas: [{ text: "Standing" }, { text: { text: "Pit" } }, { text: "Stage" }, {}] },
      ],
    }),
  );
  assert.deepEqual(faults, []);
  assert.deepEqual(summarize(plan), {
    zones: 1,
    rows: 2,
    seats: 3,
    categories: [{ name: "A", color: "#123456", seats: 2 }, { name: "B", color: undefined, seats: 1 }],
    drawnAreas: ["Standing", "Pit"],
  });
});

test("faults of single seats are located, and the plan can still be shown", () => {
  const read = checkPlan(
    planOf(
      [seat("1"), seat("1"), seat("", { category: "Z" }), seat("x".repeat(201)), seat("5", { category: undefined })],
    ),
  );
  const row = "/seatingPlan/zones/0/rows/0/seats";
  assert.deepEqual(reasons(read), [
    `${row}/1/seat_guid seat.twice`,
    `${row}/2/seat_guid missing`,
    `${row}/2/category seat.unknownCategory`,
    `${row}/3/seat_guid tooLong`,
    `${row}/4/category missing`,
  ]);
  assert.equal(read.faults[0].values.first, `${row}/0`);
  assert.ok(read.plan);
});

test("a missing, invalid or far-off position is reported, and a plan lacking one is not drawn", () => {
  const row = "/seatingPlan/zones/0/rows/0/seats";
  const missing = checkPlan(
    planOf(
      [
        seat("1", { position: undefined }),
        seat("2", { position: { x: 1 } }),
        seat("3", { position: { x: "1", y: 0 } }),
      ],
    ),
  );
  assert.deepEqual(
    reasons(missing),
    [`${row}/0/position missing`, `${row}/1/position/y missing`, `${row}/2/position/x notNumber`],
  );
  assert.equal(missing.plan, undefined);
  const far = checkPlan(planOf([seat("1", { position: { x: 1e8, y: 0 } })]));
  assert.deepEqual(reasons(far), [`${row}/0/position seat.outOfRange`]);
  const zone = checkPlan(planOf([], { zones: [{ name: "Z", position: { x: 0 }, rows: [] }] }));
  assert.deepEqual(reasons(zone), ["/seatingPlan/zones/0/position/y missing"]);
});

test("a plan with the wrong structure is refused with the place", () => {
  assert.deepEqual(reasons(checkPlan([])), ["/seatingPlan plan.notObject"]);
  assert.deepEqual(reasons(checkPlan({})), ["/seatingPlan/categories missing", "/seatingPlan/zones missing"]);
  assert.deepEqual(reasons(checkPlan(planOf([], { zones: [{ rows: {} }, 3, { rows: [{}] }, { rows: [{ seats: [null] }] }] }))), [
    "/seatingPlan/zones/0/rows notList",
    "/seatingPlan/zones/1 notObject",
    "/seatingPlan/zones/2/rows/0/seats missing",
    "/seatingPlan/zones/3/rows/0/seats/0 notObject",
  ]);
});

test("the number of faults is limited", () => {
  const { faults } = checkPlan(planOf(Array.from({ length: 500 }, () => seat("same"))));
  assert.equal(faults.length, FAULTS_MOST);
});

test("a file that is not JSON is refused with line and column", () => {
  const [fault] = readPlan(bytes('{\n  "name": "한글",\n  "zones": [1, 2,]\n}')).faults;
  assert.deepEqual([fault.reason, fault.values], ["file.notJSONAt", { line: 3, column: 18, excerpt: "]" }]);
  assert.equal(readPlan(bytes('{"zones": [{')).faults[0].reason, "file.cutOff");
  assert.equal(readPlan(bytes("  \n")).faults[0].reason, "file.empty");
  assert.equal(readPlan(new Uint8Array([0xc7, 0xd1, 0xb1, 0xdb]).buffer).faults[0].reason, "file.notUTF8");
  assert.equal(readPlan(new ArrayBuffer(FILE_BYTES_MOST + 1)).faults[0].reason, "file.tooLarge");
});

test("a byte order mark is accepted", () => {
  assert.deepEqual(readPlan(bytes("\ufeff" + JSON.stringify(planOf([seat("1")])))).faults, []);
});

test("findJSONFault agrees with JSON.parse on whether there is a fault", () => {
  const texts = [
    "{}", "[]", "null", "-0.5e+3", '"\\u00e9\\n"', '[{"a":[1,{"b":null}]}]', " \t\n1 ",
    "{]", "[,1]", "{1:2}", '{"a" 1}', '{"a":1,}', "[1 2]", "01", "1.", "+1", "tru", '"\\x"', '"a\nb"', "'a'", "[1]]", "", "{", '"abc', "nulll",
  ];
  for (const text of texts) {
    let isJSON = true;
    try {
      JSON.parse(text);
    } catch {
      isJSON = false;
    }
    assert.equal(findJSONFault(text) === undefined, isJSON, text);
  }
});

test("the example plans are valid", (context) => {
  for (const name of ["arena", "theatre"]) {
    let file;
    try {
      file = readFileSync(new URL(`../../../Sources/onsale/Examples/${name}.json`, import.meta.url));
    } catch {
      context.skip(`no ${name}.json`);
      return;
    }
    const { plan, faults } = readPlan(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
    assert.deepEqual(faults, []);
    assert.ok(summarize(plan).seats > 1000);
  }
});
