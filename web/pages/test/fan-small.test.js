import assert from "node:assert/strict";
import test from "node:test";
import catalog from "../site/catalog/fan.js";
import { ServerClock } from "../site/fan/clock.js";
import { isEmail } from "../site/fan/email.js";
import { Selection } from "../site/fan/selection.js";
import { eventPath, orderPath, routeOf } from "../site/fan/routes.js";
import { countdown } from "../site/fan/words.js";
import { addCatalog, setLanguage } from "../site/lib/i18n.js";

test("email addresses follow the server's rule", () => {
  for (const good of ["fan@example.com", "a@b", "김@한국.kr"]) assert.equal(isEmail(good), true, good);
  for (const bad of ["", "fan", "@b", "a@", "a@b@c", "a b@c", `a@${"b".repeat(260)}`, "a\t@b"]) {
    assert.equal(isEmail(bad), false, bad);
  }
});

test("paths parse to the routes they were made from", () => {
  assert.deepEqual(routeOf("/"), { name: "list" });
  assert.deepEqual(routeOf(eventPath("a b/c")), { name: "event", event: "a b/c" });
  assert.deepEqual(routeOf(orderPath("e", "ord_1")), { name: "order", event: "e", order: "ord_1" });
  assert.deepEqual(routeOf("/orders/"), { name: "orders" });
  // The bank's page returns here.
  assert.deepEqual(routeOf("/events/a%2Fb/orders/ord_1"), { name: "order", event: "a/b", order: "ord_1" });
  for (const path of ["/nothing", "/events", "/events/e/orders", "/events/e/orders/o/x", "/events/e/seats/o",
    "/orders/e/o/x", "/events/%E0%A4"]) {
    assert.deepEqual(routeOf(path), { name: "missing" }, path);
  }
});

test("the clock follows the server's, whatever the device's says, and gets more precise", () => {
  let count = 0;
  const clock = new ServerClock(() => count, 0);
  const server = Date.parse("2026-11-24T10:00:00.900Z");
  const say = (at) => new Date(Math.floor((server + at) / 1000) * 1000).toUTCString();
  for (let at = 0; at <= 5000; at += 370) {
    count = at + 40;
    clock.observe(at, say(at + 20));
  }
  assert.ok(Math.abs(clock.now() - (server + count)) < 600, String(clock.now() - server - count));
  clock.observe(count, null);
  clock.observe(count, "nonsense");
  assert.ok(Math.abs(clock.now() - (server + count)) < 600);
});

test("after a sleep the next response corrects the clock", () => {
  let count = 1000;
  const clock = new ServerClock(() => count, 0);
  clock.observe(900, "Tue, 24 Nov 2026 10:00:00 GMT");
  count = 2000;
  clock.observe(1900, "Tue, 24 Nov 2026 11:00:00 GMT");
  assert.ok(Math.abs(clock.now() - Date.parse("2026-11-24T11:00:00Z")) < 1600);
});

test("both languages have the same strings with the same placeholders", () => {
  const bases = (texts) => [...new Set(Object.keys(texts).map((key) => key.replace(/\.(one|other)$/, "")))].sort();
  assert.deepEqual(bases(catalog.ko), bases(catalog.en));
  const values = (text) => [...new Set(text.replace(/\{(\w+):[^}]+\}/g, "{$1}").match(/\{\w+\}/g) ?? [])].sort();
  for (const [key, text] of Object.entries(catalog.ko)) {
    assert.ok(text !== "", key);
    const english = catalog.en[key];
    if (english !== undefined) assert.deepEqual(values(text), values(english), key);
  }
});

test("picked seats that others took are dropped and reported along with the whole selection", () => {
  const selection = new Selection();
  assert.equal(selection.toggle(1, 2), "picked");
  assert.equal(selection.toggle(2, 2), "picked");
  assert.equal(selection.toggle(3, 2), "full");
  assert.deepEqual(selection.dropTaken((index) => index !== 2), { lost: [2], before: [1, 2] });
  assert.deepEqual([...selection.seats], [1]);
  assert.equal(selection.toggle(1, 2), "dropped");
});

test("a countdown with days always shows its hours", () => {
  addCatalog(catalog);
  setLanguage("en");
  assert.equal(countdown(59), "0:59");
  assert.equal(countdown(86_399), "23:59:59");
  assert.equal(countdown(86_400), "1 day 0:00:00");
  assert.equal(countdown(86_400 + 3561), "1 day 0:59:21");
  assert.equal(countdown(86_400 + 3599.5), "1 day 1:00:00");
  assert.equal(countdown(2 * 86_400 + 3661), "2 days 1:01:01");
});
