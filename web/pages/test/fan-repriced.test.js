import assert from "node:assert/strict";
import test from "node:test";
import { KeptHolds } from "../site/fan/holds.js";
import { repricedWords, shownOtherwise } from "../site/fan/repriced.js";
import { setLanguage } from "../site/lib/i18n.js";

const hold = /** @type {any} */ ({
  hold: "hld_1",
  currency: "KRW",
  lines: [{ category: "VIP", unitAmount: 90_000, quantity: 2 }, { category: "R", unitAmount: 50_000, quantity: 1 }],
});
const shown = [{ category: "VIP", amount: 99_000 }, { category: "R", amount: 50_000 }, { category: "S", amount: 1 }];

test("what costs other than was shown is named, from what to what", () => {
  const was = shownOtherwise(hold, shown);
  assert.deepEqual(was, [{ category: "VIP", amount: 99_000 }]);
  assert.deepEqual(shownOtherwise(hold, was.map((price) => ({ ...price, amount: 90_000 }))), []);
  assert.match(repricedWords(hold, was), /^VIP .99,000\u00a0→\u00a0.90,000$/);
  assert.equal(repricedWords(hold, []), "");
});

test("it is told until the hold is gone, whatever becomes of a payment", () => {
  const holds = new KeptHolds("night", () => {
    throw new Error("no storage");
  });
  const was = [{ category: "VIP", amount: 99_000 }];
  holds.add(hold, was);
  holds.add(hold);
  assert.deepEqual(holds.get("hld_1")?.was, was);
  const sent = holds.begin("hld_1", "card");
  holds.refused("hld_1");
  assert.deepEqual(holds.get("hld_1")?.was, was);
  holds.declined(hold, sent?.key ?? "", "card_declined");
  assert.deepEqual(holds.get("hld_1")?.was, was);
  assert.equal(holds.get("hld_1")?.declined, "card_declined");
});
