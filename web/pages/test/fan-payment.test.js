import assert from "node:assert/strict";
import test, { afterEach } from "node:test";
import { KeptHolds } from "../site/fan/holds.js";
import { actionAddress, pay } from "../site/fan/payment.js";

const hold = { hold: "hld_1", seats: ["A-1"], area: null, quantity: 1, lines: [], amount: 1, currency: "KRW",
  expiresAt: "2026-11-24T10:00:00.000Z" };
const longer = { ...hold, expiresAt: "2026-11-24T10:01:00.000Z" };
const order = (state, changes = {}) => ({ order: "ord_1", event: "e", state, tickets: [], lines: [], ...changes });
const declined = order("declined", { declineCode: "insufficient_funds" });
const problem = (slug, status) => [{ type: `/problems/${slug}`, title: slug }, status];

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

/** @param {[body: unknown, status?: number][]} answers in the order of the requests */
function serve(...answers) {
  const asked = [];
  globalThis.fetch = async (url, { method, headers, body }) => {
    asked.push({ what: `${method} ${url}`, key: headers["idempotency-key"], token: headers.authorization,
      method: body && JSON.parse(body).payment.method });
    const [answer, status = 200] = answers.shift() ?? problem("not-found", 404);
    return new Response(JSON.stringify(answer), { status });
  };
  return asked;
}

function keptHolds() {
  const map = new Map();
  const shelf = {
    getItem: (name) => map.get(name) ?? null,
    setItem: (name, value) => map.set(name, value),
    removeItem: (name) => map.delete(name),
  };
  const holds = new KeptHolds("e", () => shelf);
  holds.add(hold);
  return holds;
}

/** Pays, and returns what was reported on the way. */
async function payWith(holds, method = "pm_card_visa") {
  const told = [];
  await pay({
    event: "e", hold: "hld_1", method, holds, pass: () => "pass", session: () => "session",
    onOrder: (of, left) => told.push([of.state, left?.expiresAt]),
    onTrouble: (trouble) => trouble && told.push([trouble.slug]),
    signal: new AbortController().signal,
  });
  return told;
}

test("a declined payment leaves the hold, and the next payment is another order under another key", async () => {
  const holds = keptHolds();
  const asked = serve([declined, 201], [longer], [order("confirmed"), 201]);
  assert.deepEqual(await payWith(holds, "pm_card_chargeDeclined"), [["declined", longer.expiresAt]]);
  const { hold: left, method, order: known, declined: code } = holds.get("hld_1");
  assert.deepEqual([left, method, known, code], [longer, undefined, undefined, "insufficient_funds"]);
  assert.deepEqual(await payWith(holds, "pm_card_visa"), [["confirmed", undefined]]);
  assert.deepEqual(asked.map(({ what }) => what), [
    "POST /v1/events/e/orders", "GET /v1/events/e/holds/hld_1", "POST /v1/events/e/orders",
  ]);
  const [first, looked, second] = asked;
  assert.deepEqual([first.method, second.method], ["pm_card_chargeDeclined", "pm_card_visa"]);
  assert.notEqual(first.key, second.key);
  assert.equal(looked.token, "Bearer pass", "a session can't read holds");
});

test("if a declined payment leaves no hold, that is reported and nothing can be sent twice", async () => {
  for (const [slug, status] of [["not-found", 404], ["hold-expired", 410], ["not-admitted", 409]]) {
    const holds = keptHolds();
    const { key } = holds.get("hld_1");
    serve([declined, 201], problem(slug, status));
    assert.deepEqual(await payWith(holds), [["declined", undefined]], slug);
    assert.equal(holds.get("hld_1").key, key);
    assert.equal(holds.get("hld_1").order, "ord_1");
  }
});

test("while it is unknown whether the hold is left, the order is not reported", async () => {
  const holds = keptHolds();
  const asked = serve([declined, 201], problem("overloaded", 503), [declined], [longer]);
  assert.deepEqual(await payWith(holds), [["overloaded"], ["declined", longer.expiresAt]]);
  assert.equal(asked[2].what, "GET /v1/events/e/orders/ord_1");
});

test("a payment that the bank wants confirmed is reported and left to the order's page", async () => {
  const holds = keptHolds();
  const asked = serve([order("requires_action", { action: { type: "redirect", url: "https://bank.example/" } }), 202]);
  assert.deepEqual(await payWith(holds), [["requires_action", undefined]]);
  assert.equal(asked.length, 1);
  // Coming back before it is final follows the same order.
  serve([order("authorizing")], [order("confirmed")]);
  assert.deepEqual(await payWith(holds), [["authorizing", undefined], ["confirmed", undefined]]);
});

test("only http and https addresses are accepted for confirming a payment", () => {
  const at = (url) => actionAddress(order("requires_action", { action: { type: "redirect", url } }));
  assert.equal(at("https://bank.example/3ds?x=1"), "https://bank.example/3ds?x=1");
  assert.equal(at("http://127.0.0.1:9/confirm"), "http://127.0.0.1:9/confirm");
  const others = ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "blob:https://a/b", "/here", "//x", "", 7];
  for (const bad of others) {
    assert.equal(at(bad), undefined, String(bad));
  }
  assert.equal(actionAddress(order("requires_action")), undefined);
});
