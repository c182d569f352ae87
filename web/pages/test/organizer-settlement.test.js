import assert from "node:assert/strict";
import test from "node:test";
import { formatBriefMoney, setLanguage } from "../site/lib/i18n.js";
import { bars, dayAfter, partsOf, periodOf, reach, total } from "../site/organizer/settlement-days.js";

const day = (name, more) => ({
  day: name, gross: 0, fees: 0, refunds: 0, disputes: 0, net: 0, provider: 0, difference: 0, ...more,
});

test("a picture has all days of its period, those without anything too, across months and leap days", () => {
  const days = [day("2028-02-28", { gross: 100, net: 90, fees: 10 })];
  const week = bars(days, { from: "2028-02-24", to: "2028-03-01" });
  assert.deepEqual(week.map((bar) => bar.day), [
    "2028-02-24", "2028-02-25", "2028-02-26", "2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01",
  ]);
  assert.deepEqual(week[4], { day: "2028-02-28", gross: 100, fees: 10, back: 0, net: 90 });
  assert.equal(week[5].gross, 0);
  assert.equal(dayAfter("2027-12-31", 1), "2028-01-01");
});

test("a short period shows no other days, an open one its own, a long one its last month", () => {
  const days = [day("2028-01-01", { gross: 7 }), day("2028-03-01", { gross: 8 })];
  assert.deepEqual(bars(days, { from: "2028-03-01", to: "2028-03-01" }).map((bar) => bar.day), ["2028-03-01"]);
  const all = bars(days, {});
  assert.deepEqual([all.length, all.at(0).day, all.at(-1).gross], [31, "2028-01-31", 8]);
  assert.deepEqual(bars([], {}), []);
});

test("an address says which period; a bare one means the last week, an empty end all there is", () => {
  const now = new Date(2028, 2, 1, 12).getTime();
  assert.deepEqual(periodOf("", now), { from: "2028-02-24", to: "2028-03-01" });
  assert.deepEqual(periodOf("?from=2028-01-01&to=", now), { from: "2028-01-01" });
  assert.deepEqual(periodOf("?from=&to=", now), {});
  assert.deepEqual(periodOf("?from=2028-1-1&to=9999-99-99", now), {});
});

test("a total sums what the days have", () => {
  const sum = total([day("a", { gross: 5, net: 4, difference: -1 }), day("b", { gross: 7, refunds: 12, net: -5 })]);
  assert.deepEqual(sum, day("", { gross: 12, refunds: 12, net: -1, difference: -1 }));
});

test("what is sold stands on the line, what comes off hangs from it, fees given back stand above", () => {
  assert.deepEqual(partsOf({ day: "", gross: 100, fees: 10, back: 30, net: 60 }), [
    { name: "gross", from: 0, to: 100 }, { name: "fees", from: 0, to: -10 }, { name: "back", from: -10, to: -40 },
  ]);
  assert.deepEqual(partsOf({ day: "", gross: 0, fees: -5, back: 50, net: -45 }), [
    { name: "fees", from: 0, to: 5 }, { name: "back", from: 0, to: -50 },
  ]);
});

test("a picture reaches what it shows: days of refunds alone, fees given back, nothing at all", () => {
  assert.deepEqual(reach([{ day: "", gross: 0, fees: 0, back: 0, net: 0 }]), { up: 1, down: 0 });
  assert.deepEqual(reach([{ day: "", gross: 0, fees: 0, back: 300, net: -300 }]), { up: 0, down: 300 });
  assert.deepEqual(reach([{ day: "", gross: 100, fees: -20, back: 50, net: 70 }]), { up: 120, down: 50 });
});

test("an axis has short amounts in the currency's own units", () => {
  setLanguage("en");
  assert.equal(formatBriefMoney(1_500_000, "KRW"), "₩1.5M");
  assert.equal(formatBriefMoney(1_500_000, "USD"), "$15K");
});
