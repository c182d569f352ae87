import assert from "node:assert/strict";
import test from "node:test";
import catalog from "../site/catalog/fan.js";
import { TicketCodes } from "../site/fan/ticket-codes.js";
import { categoryWords, placeOf, placeWords } from "../site/fan/ticket-place.js";
import { addCatalog, setLanguage } from "../site/lib/i18n.js";
import { SeatingChart } from "../site/map/chart.js";

addCatalog(catalog);

const event = {
  currency: "KRW",
  prices: [{ category: "VIP", amount: 2 }, { category: "Floor", amount: 1 }],
  areas: [{ name: "Pit", capacity: 10, category: "Floor" }],
};
const seat = (guid, number) => ({ seat_guid: guid, seat_number: number, category: "VIP", position: { x: 0, y: 0 } });
const chart = new SeatingChart(
  {
    categories: [{ name: "VIP", color: "#000000" }],
    zones: [
      { name: "F2", rows: [{ row_number: "5", seats: [seat("F2-5-7", "7")] }] },
      { name: "", rows: [{ row_number: "", seats: [seat("stool", "3")] }] },
    ],
  },
  event,
);
const order = { lines: [{ category: "VIP" }, { category: "Floor" }] };
const words = (ticket, known = chart, of = order) => {
  const place = placeOf(ticket, of, event, known);
  return [categoryWords(place), placeWords(place)];
};

test("a ticket says its category and its place in words", () => {
  setLanguage("en");
  assert.deepEqual(words({ seat: "F2-5-7" }), ["VIP", "F2 section, row 5, seat 7"]);
  assert.deepEqual(words({ seat: "stool" }), ["VIP", "seat 3"]);
  assert.deepEqual(words({ area: "Pit" }), ["Floor", "Pit · Standing"]);
  setLanguage("ko");
  assert.deepEqual(words({ seat: "F2-5-7" }), ["VIP석", "F2구역 5열 7번"]);
  assert.deepEqual(words({ area: "Pit" }), ["Floor", "Pit · 스탠딩"]);
});

test("nothing is said twice: an area that is named after its category, or after standing", () => {
  setLanguage("en");
  assert.equal(categoryWords({ category: "Floor", area: "Floor" }), "");
  assert.equal(placeWords({ category: "S", area: "Standing A" }), "Standing A");
});

test("until the plan is known a seat has its code, and the category of an order that has only one", () => {
  assert.deepEqual(words({ seat: "F2-5-7" }, null), ["", "F2-5-7"]);
  setLanguage("en");
  assert.deepEqual(words({ seat: "F2-5-7" }, null, { lines: [{ category: "VIP" }] }), ["VIP", "F2-5-7"]);
  assert.deepEqual(words({ seat: "gone" }, chart), ["", "gone"]);
});

test("a code is asked for once, again after a failure, and never if it was kept", async () => {
  const asked = [];
  let isDown = true;
  const codes = new TicketCodes(async (ticket) => {
    asked.push(ticket);
    if (isDown) throw new Error("down");
    return new Blob([`<svg>${ticket}</svg>`]);
  }, { kept: "<svg>kept</svg>" });
  await assert.rejects(codes.text("one"), /down/);
  isDown = false;
  const address = await codes.address("one");
  assert.equal(await codes.address("one"), address);
  assert.deepEqual(await codes.all(["one", "kept"]), { one: "<svg>one</svg>", kept: "<svg>kept</svg>" });
  assert.deepEqual(asked, ["one", "one"]);
  assert.equal(await (await fetch(address)).text(), "<svg>one</svg>");
  codes.close();
  await assert.rejects(fetch(address));
});
