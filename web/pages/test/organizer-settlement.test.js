import assert from "node:assert/strict";
import test from "node:test";
import { parseRoute } from "../site/organizer/routes.js";
import { bars, dayAfter, reach, total } from "../site/organizer/settlement-days.js";
import { TYPES, typesOf, typesWords } from "../site/organizer/webhook-words.js";

const day = (name, more) => ({
  day: name, gross: 0, fees: 0, refunds: 0, disputes: 0, net: 0, provider: 0, difference: 0, ...more,
});

test("a week has seven days, those without anything too, across months and leap days", () => {
  const week = bars([day("2028-02-28", { gross: 100, net: 90, fees: 10 }), day("2028-01-01", { gross: 7 })], "2028-03-01", 7);
  assert.deepEqual(week.map((bar) => bar.day), [
    "2028-02-24", "2028-02-25", "2028-02-26", "2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01",
  ]);
  assert.deepEqual(week[4], { day: "2028-02-28", gross: 100, fees: 10, back: 0, net: 90 });
  assert.equal(week[5].gross, 0);
  assert.equal(dayAfter("2027-12-31", 1), "2028-01-01");
});

test("a total sums what the days have", () => {
  const sum = total([day("a", { gross: 5, net: 4, difference: -1 }), day("b", { gross: 7, refunds: 12, net: -5 })]);
  assert.deepEqual(sum, day("", { gross: 12, refunds: 12, net: -1, difference: -1 }));
});

test("a picture reaches what it shows: days of refunds alone, fees given back, nothing at all", () => {
  assert.deepEqual(reach(bars([], "2028-03-01", 7)), { up: 1, down: 0 });
  assert.deepEqual(reach([{ day: "", gross: 0, fees: 0, back: 300, net: -300 }]), { up: 0, down: 300 });
  assert.deepEqual(reach([{ day: "", gross: 100, fees: -20, back: 50, net: 70 }]), { up: 100, down: 50 });
});

test("everything is one word, so that later types are meant too", () => {
  assert.deepEqual(typesOf([...TYPES]), ["*"]);
  assert.deepEqual(typesOf(TYPES.slice(1)), TYPES.slice(1));
  assert.equal(typesWords(["onsale.order.confirmed.v1", "onsale.mail.*"]), "order.confirmed, mail.*");
  assert.deepEqual(parseRoute("/organizer/webhooks"), { name: "webhooks" });
  assert.deepEqual(parseRoute("/organizer/events/e/settlement"), { name: "event", event: "e", tab: "settlement" });
});
