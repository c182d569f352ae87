import assert from "node:assert/strict";
import test from "node:test";
import { Problem } from "../../client/src/index.js";
import { SPREAD_MILLISECONDS, takeRefusal } from "../site/fan/asking.js";

const refused = (slug, status, seconds) =>
  takeRefusal(new Problem({ type: `/problems/${slug}`, title: slug, status }, seconds));

test("after asking for the pass too often, the page silently waits as long as the server says", () => {
  assert.deepEqual(refused("rate-limited", 429, 7), { isTold: false, pauseMilliseconds: 7000, then: undefined });
  assert.equal(refused("rate-limited", 429).pauseMilliseconds, SPREAD_MILLISECONDS);
});

test("not being called yet is not reported, but what prevents asking is", () => {
  assert.equal(refused("not-admitted", 409).isTold, false);
  assert.equal(refused("onsale-closed", 409).isTold, false);
  assert.deepEqual(refused("overloaded", 503, 2), { isTold: true, pauseMilliseconds: 2000, then: undefined });
  assert.equal(refused("unreachable", 0).isTold, true);
});

test("a used place is spent; a ticket that is not accepted, or is another buyer's, is requested again", () => {
  assert.equal(refused("place-spent", 410).then, "spend");
  for (const [slug, status] of [["unauthenticated", 401], ["forbidden", 403], ["invalid-request", 422]]) {
    assert.equal(refused(slug, status).then, "renew", slug);
  }
});
