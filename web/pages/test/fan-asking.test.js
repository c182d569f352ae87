import assert from "node:assert/strict";
import test from "node:test";
import { Problem } from "../../client/src/index.js";
import { SPREAD_MILLISECONDS, takeRefusal } from "../site/fan/asking.js";

const refused = (slug, status, seconds) =>
  takeRefusal(new Problem({ type: `/problems/${slug}`, title: slug, status }, seconds));

test("who asks for the pass too often waits as long as the server says, and hears nothing of it", () => {
  assert.deepEqual(refused("rate-limited", 429, 7), { isTold: false, pauseMilliseconds: 7000, then: undefined });
  assert.equal(refused("rate-limited", 429).pauseMilliseconds, SPREAD_MILLISECONDS);
});

test("that it is not one's turn yet is no news; what keeps one from asking is", () => {
  assert.equal(refused("not-admitted", 409).isTold, false);
  assert.equal(refused("onsale-closed", 409).isTold, false);
  assert.deepEqual(refused("overloaded", 503, 2), { isTold: true, pauseMilliseconds: 2000, then: undefined });
  assert.equal(refused("unreachable", 0).isTold, true);
});

test("a place that was used is spent; a ticket that is not taken, or is another buyer's, is asked for anew", () => {
  assert.equal(refused("place-spent", 410).then, "spend");
  for (const [slug, status] of [["unauthenticated", 401], ["forbidden", 403], ["invalid-request", 422]]) {
    assert.equal(refused(slug, status).then, "renew", slug);
  }
});
