import assert from "node:assert/strict";
import test from "node:test";
import { pricePointer, termsFaults, termsFrom, typedTerms, warningsOfChange } from "../site/organizer/terms-change.js";

const event = /** @type {any} */ ({
  currency: "USD",
  prices: [{ category: "VIP", amount: 12_050 }, { category: "R", amount: 8000 }, { category: "unused", amount: 0 }],
  limits: { ticketsPerBuyer: 4, holdSeconds: 300, preventOrphans: false },
});
const typed = () => typedTerms(event, ["VIP", "R"]);

test("only the prices and limits that were changed are sent", () => {
  assert.deepEqual(typed().prices, { VIP: "120.50", R: "80.00" });
  assert.deepEqual(termsFaults(event, typed()), []);
  assert.deepEqual(termsFrom(event, typed()), {});
  assert.deepEqual(termsFrom(event, { ...typed(), prices: { VIP: " 99 ", R: "80" } }), { prices: [{ category: "VIP", amount: 9900 }] });
  assert.deepEqual(termsFrom(event, { ...typed(), holdSeconds: "60", preventOrphans: true }), {
    limits: { holdSeconds: 60, preventOrphans: true },
  });
});

test("what is no price or limit is told at its field", () => {
  const faults = termsFaults(event, { ...typed(), prices: { VIP: "", R: "8.001" }, ticketsPerBuyer: "0", holdSeconds: "soon" });
  assert.deepEqual(
    faults.map(({ pointer, reason }) => [pointer, reason]),
    [
      [pricePointer("VIP"), "price.missing"],
      [pricePointer("R"), "price.notAmount"],
      ["/limits/ticketsPerBuyer", "fromTo"],
      ["/limits/holdSeconds", "fromTo"],
    ],
  );
});

test("what nobody means is warned of, if it is the change", () => {
  const reasons = (/** @type {any} */ change) => warningsOfChange(change, 500).map(({ reason }) => reason);
  assert.deepEqual(reasons({}), []);
  assert.deepEqual(reasons({ prices: [{ category: "VIP", amount: 1 }], limits: { preventOrphans: true } }), []);
  assert.deepEqual(reasons({ prices: [{ category: "VIP", amount: 0 }] }), ["costsNothing"]);
  assert.deepEqual(reasons({ limits: { ticketsPerBuyer: 21, holdSeconds: 59 } }), ["ticketsPerBuyer", "holdSeconds"]);
});
