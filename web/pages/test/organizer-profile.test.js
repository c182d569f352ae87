import assert from "node:assert/strict";
import test from "node:test";
import { changeFrom } from "../site/organizer/profile-dialog.js";

const event = /** @type {any} */ ({ title: "Gala", description: "One night", ageLimit: 12 });
const typed = { title: "Gala", description: "One night", posterURL: "", terms: "", ageLimit: "12", runningMinutes: "" };

test("only what was changed is sent; what was emptied is taken away", () => {
  assert.deepEqual(changeFrom(event, typed), {});
  assert.deepEqual(changeFrom(event, { ...typed, title: " Gala night ", terms: "No refunds" }), { title: "Gala night", terms: "No refunds" });
  assert.deepEqual(changeFrom(event, { ...typed, description: " ", ageLimit: "", runningMinutes: " 90 " }), {
    description: null,
    ageLimit: null,
    runningMinutes: 90,
  });
});
