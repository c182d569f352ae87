import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { organizerCatalog } from "../site/catalog/organizer.js";
import { addCatalog, setLanguage } from "../site/lib/i18n.js";
import { actionWords } from "../site/organizer/audit-view.js";
import { faultWords, fieldFor, fromServer } from "../site/organizer/fault-words.js";
import { pointerParts, pointerWords } from "../site/organizer/pointer-words.js";

addCatalog(organizerCatalog);

const request = {
  seatingPlan: {
    categories: [{ name: "VIP" }],
    zones: [
      { name: "F0" },
      { name: "F1", rows: [{}, { row_number: "3", seats: [{ seat_number: "11" }, { seat_number: "12" }] }] },
    ],
  },
  areas: [{ name: "Pit" }, { name: "" }],
  prices: [{ category: "VIP" }],
};

test("a pointer into the plan is described with the plan's own names", () => {
  setLanguage("en");
  assert.equal(pointerWords("/seatingPlan/zones/1/rows/1/seats/1", request), "zone F1, row 3, seat 12");
  assert.equal(
    pointerWords("/seatingPlan/zones/1/rows/1/seats/1/category", request),
    "zone F1, row 3, seat 12, category",
  );
  assert.equal(
    pointerWords("/seatingPlan/zones/1/rows/0/seats/4", request),
    "zone F1, row number 1, seat number 5",
  );
  assert.equal(pointerWords("/prices/0/amount", request), "price of VIP");
  assert.equal(pointerWords("/areas/1/name", request), "Standing area 2, name");
  assert.equal(pointerWords("/onsale/opensAt", request), "Sale opens at");
  assert.equal(pointerWords("", request), "");
  assert.equal(pointerWords("/unheard/of", request), "of");
  setLanguage("ko");
  assert.equal(pointerWords("/seatingPlan/zones/1/rows/1/seats/1/category", request), "F1구역 3열 12번 좌석의 등급");
});

test("a pointer's escapes are decoded", () => {
  assert.deepEqual(pointerParts("/a~1b/c~0d/0"), ["a/b", "c~d", "0"]);
  assert.deepEqual(pointerParts(""), []);
});

test("the server's sentences are translated; unknown ones stay as they are", () => {
  const fault = fromServer(
    { pointer: "/seatingPlan/zones/1/rows/1/seats/0/category", detail: "is not among the plan's categories: Gold" },
  );
  setLanguage("en");
  assert.equal(
    faultWords(fault, request),
    "zone F1, row 3, seat 11, category: “Gold” is not among the plan's categories.",
  );
  setLanguage("ko");
  assert.equal(faultWords(fault, request), "F1구역 3열 11번 좌석의 등급: ‘Gold’ 등급이 배치도의 등급 목록에 없습니다.");
  assert.deepEqual(fromServer({ pointer: "/limits/holdSeconds", detail: "must be from 1 to 86400" }), {
    pointer: "/limits/holdSeconds",
    reason: "fromTo",
    values: { least: 1, most: 86400 },
  });
  assert.equal(faultWords(fromServer({ pointer: "", detail: "is odd" }), request), "is odd");
});

test("other places that a fault points to are described in words too", () => {
  setLanguage("en");
  const fault = {
    pointer: "/seatingPlan/zones/1/rows/1/seats/1/seat_guid",
    reason: "seat.twice",
    values: { name: "X", first: "/seatingPlan/zones/1/rows/1/seats/0" },
  };
  assert.match(faultWords(fault, request), /zone F1, row 3, seat 12, seat_guid: “X” is there already: zone F1, row 3, seat 11\./);
});

test("actions seen at the payment provider have words; an unknown action stays as it is", () => {
  setLanguage("en");
  assert.equal(actionWords("refund-seen"), "Refunded at the payment provider");
  assert.equal(actionWords("dispute-seen"), "Payment disputed");
  assert.equal(actionWords("unheard-of"), "unheard-of");
  setLanguage("ko");
  assert.equal(actionWords("dispute-seen"), "결제 이의 제기 접수");
});

test("a fault belongs to its field or the nearest one enclosing it", () => {
  const fields = new Set(["/title", "/onsale/opensAt", "/prices/0/amount"]);
  assert.equal(fieldFor("/title", fields), "/title");
  assert.equal(fieldFor("/onsale/opensAt/deeper", fields), "/onsale/opensAt");
  assert.equal(fieldFor("/prices", fields), undefined);
  assert.equal(fieldFor("", fields), undefined);
});

const PLURAL = /\.(zero|one|two|few|many|other)$/;
const bases = (catalog) => [...new Set(Object.keys(catalog).map((key) => key.replace(PLURAL, "")))].sort();

test("both languages have the same texts with the same placeholders", () => {
  assert.deepEqual(bases(organizerCatalog.ko), bases(organizerCatalog.en));
  const names = (text) => [...new Set(text.replace(/\{(\w+):[^}]+\}/g, "{$1}").match(/\{\w+\}/g) ?? [])].sort();
  for (const [key, text] of Object.entries(organizerCatalog.ko)) {
    const english = organizerCatalog.en[key];
    assert.ok(english !== undefined, key);
    assert.deepEqual(names(text), names(english), key);
    assert.ok(text.trim() !== "" || key === "org.place.between", key);
  }
});

test("the catalog has exactly the texts that the pages use", () => {
  const folder = new URL("../site/organizer/", import.meta.url);
  const source = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
  const known = new Set(bases(organizerCatalog.en));
  const named = [...source.matchAll(/"(org\.[\w.-]+)"/g)].map((match) => match[1]);
  for (const key of named) assert.ok(known.has(key), key);
  // The others are composed: `org.phase.${…}`.
  const patterns = [...source.matchAll(/`(org\.[^`]*\$\{[^`]*)`/g)].map(
    (match) => new RegExp(`^${match[1].replace(/\$\{[^}]*\}/g, "@").replace(/[.]/g, "\\.").replace(/@/g, ".+")}$`),
  );
  for (const key of known) {
    assert.ok(named.includes(key) || patterns.some((pattern) => pattern.test(key)), `${key} is not used`);
  }
  for (const match of source.matchAll(/"(?:add\()?[^"]*", "((?:seat|plan|file|price)\.\w+)"/g)) assert.ok(known.has(`org.fault.${match[1]}`), match[1]);
});
