import assert from "node:assert/strict";
import test from "node:test";
import catalog from "../site/catalog/fan.js";
import { OrderPages } from "../site/fan/order-pages.js";
import { DECLINES_MOST, isDeclinedTooOften, withDecline } from "../site/fan/place.js";
import { declineReason, isSentBack, standingOf } from "../site/fan/words.js";
import { addCatalog, setLanguage } from "../site/lib/i18n.js";

addCatalog(catalog);

test("paging reaches every order exactly once", async () => {
  const pages = [{ orders: ["a", "b"], next: "b" }, { orders: ["c"], next: null }];
  const asked = [];
  const all = new OrderPages(async (after) => {
    asked.push(after);
    return pages.shift();
  });
  await all.more();
  assert.deepEqual([all.orders, all.hasMore], [["a", "b"], true]);
  await all.more();
  assert.deepEqual([all.orders, all.hasMore], [["a", "b", "c"], false]);
  assert.deepEqual(asked, [undefined, "b"]);
});

test("a page that failed to load is requested again", async () => {
  const answers = [{ orders: ["a"], next: "a" }, undefined, { orders: ["b"], next: null }];
  const asked = [];
  const all = new OrderPages(async (after) => {
    asked.push(after);
    return answers.shift() ?? Promise.reject(new Error("lost"));
  });
  await all.more();
  await assert.rejects(all.more(), /lost/);
  assert.deepEqual([all.orders, all.hasMore], [["a"], true]);
  await all.more();
  assert.deepEqual(all.orders, ["a", "b"]);
  assert.deepEqual(asked, [undefined, "a", "a"]);
});

test("a disputed order is shown as disputed while it is confirmed", () => {
  assert.equal(standingOf({ state: "confirmed", disputed: true }), "disputed");
  assert.equal(standingOf({ state: "confirmed" }), "confirmed");
  assert.equal(standingOf({ state: "refunded", disputed: true }), "refunded");
});

test("every order state has a name and an explanation", () => {
  const states = ["authorizing", "requires_action", "confirmed", "declined", "expired", "refunding", "refunded",
    "disputed"];
  for (const texts of Object.values(catalog)) {
    for (const state of states) assert.ok(texts[`order.state.${state}`] && texts[`order.explain.${state}`], state);
  }
});

test("a declined payment says why, with its own text for each known code", () => {
  const known = ["card_declined", "authentication_required", "payment_intent_authentication_failure",
    "payment_mismatch"];
  for (const language of ["en", "ko"]) {
    setLanguage(language);
    assert.deepEqual(known.map(declineReason), known.map((code) => catalog[language][`decline.${code}`]));
    assert.ok(declineReason("do_not_honor").includes("do_not_honor"));
    assert.ok(declineReason("").includes("–"));
  }
  // Only this decline may have taken money; for the others the page says that none was.
  assert.deepEqual(known.filter(isSentBack), ["payment_mismatch"]);
});

test("a pass is used up by the maximum of declined payments, each counted once", () => {
  let pass = { pass: "p", expiresAt: "2026-11-24T10:00:00.000Z" };
  assert.equal(isDeclinedTooOften(undefined), false);
  for (let order = 1; order < DECLINES_MOST; order += 1) {
    // Reported again in another tab, or after a reload.
    pass = withDecline(withDecline(pass, `ord_${order}`), `ord_${order}`);
    assert.equal(isDeclinedTooOften(pass), false);
  }
  assert.equal(isDeclinedTooOften(withDecline(pass, "ord_last")), true);
});
