import assert from "node:assert/strict";
import test from "node:test";
import { LiveEvent } from "../site/organizer/live-event.js";
import { controlsModel, liveModel, ordersModel, seatsModel } from "../site/organizer/tab-models.js";

const event = (phase) => ({ id: "e", onsale: { phase } });
const report = (sold) => ({ sold, orders: { confirmed: sold } });

/** A desk whose client records every call and answers with an event whose phase is the method's name. */
function desk() {
  const asked = [];
  const client = new Proxy({}, {
    get: (_, name) => async (...given) => {
      asked.push([name, ...given]);
      return event(name);
    },
  });
  return { asked, call: (work) => work(client, "token"), client, may: () => true };
}

/** A tab of an event without any data from the server yet. */
function tab() {
  const at = desk();
  const leaving = new AbortController();
  return { at, live: new LiveEvent("e", at), leaving, signal: leaving.signal };
}

test("a tab shows the event once it is known and on every change, until it is left", () => {
  const { at, live, leaving, signal } = tab();
  const shown = [];
  controlsModel(live, at, signal).onEvent(({ onsale }) => shown.push(onsale.phase));
  assert.deepEqual(shown, []);
  live.setEvent(event("open"));
  live.setEvent(event("paused"));
  leaving.abort();
  live.setEvent(event("closed"));
  assert.deepEqual(shown, ["open", "paused"]);
});

test("what is already known is shown at once", () => {
  const { at, live, signal } = tab();
  live.event = event("open");
  live.report = report(3);
  const shown = [];
  const model = liveModel(live, at, signal);
  model.onNumbers((numbers) => shown.push(numbers.report.sold));
  model.onOrderCounts(({ confirmed }) => shown.push(confirmed));
  assert.deepEqual(shown, [3, 3]);
});

test("numbers are shown only once both report and event are there", () => {
  const { at, live, signal } = tab();
  const shown = [];
  live.report = report(3);
  liveModel(live, at, signal).onNumbers((numbers) => shown.push(numbers.report.sold));
  assert.deepEqual(shown, []);
  live.setEvent(event("open"));
  assert.deepEqual(shown, [3]);
});

test("seats are shown only once both the chart and their states are there", () => {
  const { at, live, signal } = tab();
  const shown = [];
  live.chart = { seatCount: 2 };
  seatsModel(live, at, signal).onSeats(({ states }) => shown.push(states.version));
  assert.deepEqual(shown, []);
  live.states.replace({ version: 4, seats: "..", areas: [] });
  seatsModel(live, at, signal).onSeats(({ states }) => shown.push(states.version));
  assert.deepEqual(shown, [4]);
});

test("a pause takes effect as soon as it is answered", async () => {
  const { at, live, signal } = tab();
  await controlsModel(live, at, signal).pauseOrResume("pause");
  assert.deepEqual(at.asked, [["pauseOnsale", "e", "token"]]);
  assert.equal(live.event.onsale.phase, "pauseOnsale");
});

test("a tab's actions reach the server, for this event and with the organizer's token", async () => {
  const { at, live, signal } = tab();
  await controlsModel(live, at, signal).changeOnsale({ maxActiveShoppers: 9 });
  await seatsModel(live, at, signal).change("block", ["A-1"], "House seats");
  const orders = ordersModel(live, at, signal);
  await orders.orders({ limit: 50 });
  await orders.csv();
  await orders.dialog.order("ord_1");
  await orders.dialog.refund("ord_1", { reason: "Ill" });
  await orders.dialog.refund("ord_1", { tickets: ["tkt_1"] });
  await orders.dialog.story("ord_1");
  assert.deepEqual(at.asked, [
    ["changeOnsale", "e", "token", { maxActiveShoppers: 9 }], ["blockSeats", "e", "token", ["A-1"], "House seats"],
    ["listOrders", "e", "token", { limit: 50 }], ["exportOrders", "e", "token"], ["getOrder", "e", "token", "ord_1"],
    ["cancelOrder", "e", "token", "ord_1", "Ill"], ["refundTickets", "e", "token", "ord_1", { tickets: ["tkt_1"] }],
    ["getOrderStory", "e", "token", "ord_1"],
  ]);
});
