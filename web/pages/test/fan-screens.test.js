import assert from "node:assert/strict";
import test from "node:test";
import { SCREENS } from "../site/fan/screens.js";

const LATER = "2026-11-24T10:05:00.000Z";
const holds = ["hld_1", "hld_2"].map(
  (hold) => ({ hold: { hold, seats: [], expiresAt: LATER }, key: `key of ${hold}` }),
);
const known = (changes = {}) => ({
  event: { id: "e" }, room: { opensAt: LATER, lobbySize: 7, drawCommitment: "c" },
  journey: { phase: "open", position: 5, hasPass: true }, session: undefined, place: undefined,
  seenCommitment: undefined, pass: undefined, holds, checkout: undefined, order: undefined, trouble: undefined,
  ...changes,
});
const model = (step, changes, page = {}) => SCREENS[step].model(known(changes), page);

/** A page that only records what it is asked to do. */
function notes() {
  const asked = [];
  const page = new Proxy({}, { get: (_, name) => (...given) => asked.push([name, ...given]) });
  return { asked, page };
}

test("the checkout gets the hold being paid and why its last payment was declined", () => {
  const declined = { ...holds[1], declined: "card_declined" };
  const { hold, declined: code } = model("checkout", { holds: [holds[0], declined], checkout: "hld_2" });
  assert.deepEqual([hold.hold, code], ["hld_2", "card_declined"]);
  assert.equal(model("checkout", { checkout: "hld_1" }).declined, undefined);
});

test("the shop gets the holds without their payment keys", () => {
  assert.deepEqual(model("shop").holds, holds.map(({ hold }) => hold));
  assert.ok(!JSON.stringify(model("shop")).includes("key of"));
});

test("a fan's actions in a view reach the page", () => {
  const { asked, page } = notes();
  const checkout = model("checkout", { checkout: "hld_2" }, page);
  checkout.pay("pm_card_visa");
  checkout.leave();
  checkout.release();
  const shop = model("shop", {}, page);
  shop.hold({ seats: ["A-1"] });
  shop.startCheckout("hld_1");
  shop.release("hld_1");
  shop.leave();
  model("enter", {}, page).enter();
  model("failed", { order: { state: "declined" } }, page).tryAgain();
  assert.deepEqual(asked, [
    ["pay", "pm_card_visa"], ["leaveCheckout"], ["release", "hld_2"], ["hold", { seats: ["A-1"] }],
    ["startCheckout", "hld_1"], ["release", "hld_1"], ["leaveShop"], ["enter"], ["tryAgain"],
  ]);
});

test("the lobby gets the fan's index once there is a place", () => {
  assert.equal(model("lobby").lobbyIndex, undefined);
  assert.deepEqual(
    model("lobby", { place: { ticket: "t", number: null, lobbyIndex: 3 } }),
    { event: { id: "e" }, opensAt: LATER, lobbySize: 7, lobbyIndex: 3, drawCommitment: "c" },
  );
});

test("reaching a step without what it needs throws", () => {
  assert.throws(() => model("checkout", { checkout: "hld_3" }), /without what that step needs/);
  assert.throws(() => model("failed"), /without what that step needs/);
});
