import assert from "node:assert/strict";
import test from "node:test";
import { doorCatalog } from "../site/catalog/door.js";
import { readWanted } from "../site/door/find-view.js";
import { KeptLastScan } from "../site/door/last-scan.js";
import { Places } from "../site/door/places.js";
import { addCatalog, setLanguage } from "../site/lib/i18n.js";
import { MemoryStorage, Signer } from "./door-helpers.js";

addCatalog(doorCatalog);

const PLAN = {
  zones: [
    {
      name: "F2",
      rows: [{ row_number: "5", seats: [{ seat_guid: "F2-5-7", seat_number: "7", category: "VIP", position: { x: 0, y: 0 } }] }],
    },
    { name: "Box", rows: [{ seats: [{ seat_guid: "X", seat_number: "1", category: "R", position: { x: 0, y: 0 } }] }] },
    { name: "Bar" },
  ],
};
const EVENT = { capacity: 52, areas: [{ name: "Standing", capacity: 50, category: "Floor" }] };

function makeSource() {
  const source = { asked: 0, isUp: true };
  source.getEvent = async () => {
    source.asked += 1;
    if (!source.isUp) throw new TypeError("fetch failed");
    return EVENT;
  };
  source.getSeatingPlan = async () => PLAN;
  return source;
}

function makeStore(kept) {
  const store = { kept };
  store.get = async () => store.kept;
  store.set = async (plan) => void (store.kept = plan && JSON.parse(JSON.stringify(plan)));
  return store;
}

test("what somebody types is read as an address, an order, or a seat by its name or in words of either language", async () => {
  const places = new Places(makeStore());
  await places.open("night");
  assert.deepEqual(readWanted("F2, row 5, seat 7", places), { seat: "F2, row 5, seat 7" }, "not known yet");
  await places.refresh(makeSource());
  for (const typed of ["F2-5-7", "f2-5-7", "F2, row 5, seat 7", "F2구역 5열 7번", "f2 5 7"]) {
    assert.deepEqual(readWanted(typed, places), { seat: "F2-5-7" }, typed);
  }
  assert.deepEqual(readWanted("F2-5-8", places), { seat: "F2-5-8" });
  assert.deepEqual(readWanted("fan@example.com", places), { email: "fan@example.com" });
  assert.deepEqual(readWanted("ord_06h0", places), { order: "ord_06h0" });
  assert.deepEqual(readWanted("ORD_06H0", places), { order: "ord_06h0" }, "typed by a phone");
  // What a hand-held scanner types.
  const code = new Signer().barcode("tkt_1");
  assert.deepEqual(readWanted(code, places), { code });
  assert.deepEqual(readWanted("1.2.3", places), { seat: "1.2.3" });
});

test("seats and areas are named in words with their category", async () => {
  const places = new Places(makeStore());
  await places.open("night");
  assert.deepEqual(places.words("F2-5-7"), { place: "F2-5-7", category: "" }, "not known yet");
  assert.equal(await places.refresh(makeSource()), true);
  setLanguage("en");
  assert.deepEqual(places.words("F2-5-7"), { place: "F2, row 5, seat 7", category: "VIP" });
  assert.deepEqual(places.words("X"), { place: "X", category: "R" }, "a row without a name");
  assert.deepEqual(places.words("Standing"), { place: "Standing", category: "Floor" });
  assert.deepEqual(places.words("F2-5-8"), { place: "F2-5-8", category: "" });
  assert.deepEqual(places.words("F2-5-7", "other"), { place: "F2-5-7", category: "" }, "another event's");
  setLanguage("ko");
  assert.equal(places.words("F2-5-7").place, "F2구역 5열 7번");
});

test("the plan is kept for when there is no network, for one event, until it is forgotten", async () => {
  const store = makeStore();
  const source = makeSource();
  const online = new Places(store);
  await online.open("night");
  await online.refresh(source);
  setLanguage("en");

  const offline = new Places(store);
  await offline.open("night");
  assert.equal(offline.words("F2-5-7").place, "F2, row 5, seat 7");
  await offline.open("other");
  assert.equal(offline.words("F2-5-7").place, "F2-5-7");
  online.forget();
  assert.equal(store.kept, undefined);
  assert.equal(online.words("F2-5-7").place, "F2-5-7");
});

test("the server is asked once, and again a minute after a failure", async () => {
  let now = 0;
  const source = makeSource();
  const places = new Places(makeStore(), () => now);
  assert.equal(await places.refresh(source), false, "before an event is open");
  await places.open("night");
  source.isUp = false;
  assert.equal(await places.refresh(source), false);
  assert.equal(await places.refresh(source), false);
  assert.equal(source.asked, 1);
  now = 60_000;
  source.isUp = true;
  assert.equal(await places.refresh(source), true);
  now = 600_000;
  assert.equal(await places.refresh(source), false);
  assert.equal(source.asked, 2);
});

test("what is kept but no plan, and a store that fails, count as nothing", async () => {
  for (const kept of [7, "plan", {}, { event: "night", entries: [["X"]] }, { event: "night", entries: [[1, 2, 3, 4, 5]] }]) {
    const places = new Places(makeStore(kept));
    await places.open("night");
    assert.equal(places.words("X").category, "");
  }
  const fail = async () => {
    throw new DOMException("no", "SecurityError");
  };
  const places = new Places({ get: fail, set: fail });
  await places.open("night");
  assert.equal(await places.refresh(makeSource()), true);
  places.forget();
});

test("the last scan is kept for its event, until it is forgotten", () => {
  const storage = new MemoryStorage();
  const kept = new KeptLastScan(() => storage);
  assert.equal(kept.get("night"), undefined);
  const last = { event: "night", at: 5, verdict: { kind: "admitted", ticket: "tkt_1", place: "A-1", isOffline: false } };
  kept.set(last);
  assert.deepEqual(new KeptLastScan(() => storage).get("night"), last);
  assert.equal(kept.get("other"), undefined);
  kept.forget();
  assert.equal(kept.get("night"), undefined);
  for (const text of ["7", '{"event":"night"}', '{"event":"night","at":1,"verdict":{"kind":"let in","place":""}}']) {
    storage.setItem("onsale.door.last", text);
    assert.equal(kept.get("night"), undefined, text);
  }
});

test("without room for the last scan there is none, rather than an older one", () => {
  const storage = new MemoryStorage();
  const kept = new KeptLastScan(() => storage);
  const verdict = { kind: "refused", reason: "noTicket", place: "" };
  kept.set({ event: "night", at: 1, verdict });
  storage.capacity = 0;
  kept.set({ event: "night", at: 2, verdict });
  assert.equal(kept.get("night"), undefined);
});
