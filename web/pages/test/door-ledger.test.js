import assert from "node:assert/strict";
import test from "node:test";
import { Ledger, WAITING_MOST } from "../site/door/ledger.js";
import { MemoryStorage, Signer } from "./door-helpers.js";

const signer = new Signer();
const scanOf = (ticket, more = {}) => ({
  ticket,
  event: "night",
  place: "A-1",
  at: 1000,
  barcode: signer.barcode(ticket),
  attempts: [],
  conflict: undefined,
  ...more,
});

test("scans survive a reload, their barcodes byte for byte", () => {
  const storage = new MemoryStorage();
  const ledger = new Ledger(() => storage);
  const scans = [
    scanOf("tkt_1", { attempts: [900, 950] }),
    scanOf("tkt_2", { place: "스탠딩", barcode: signer.barcode("tkt_2", { place: "스탠딩" }), at: 900 }),
    // Claims in another order are stored verbatim.
    scanOf("tkt_3", { barcode: signer.barcode("x", { payload: { plc: "A-1", evt: "night", tkt: "tkt_3" } }) }),
    scanOf("tkt_4", { event: "other", barcode: signer.barcode("tkt_4", { event: "other" }) }),
    scanOf("tkt_5", { barcode: undefined, conflict: { reason: "used", at: 77, by: "Gate B" } }),
  ];
  for (const scan of scans) assert.equal(ledger.keep(scan), true);

  const again = new Ledger(() => storage);
  for (const scan of scans) assert.deepEqual(again.get(scan.ticket), scan);
  assert.equal(again.waiting, 4);
  assert.equal(again.admitted("night"), 4);
  assert.equal(again.next?.ticket, "tkt_2", "the oldest goes first");
  assert.deepEqual(again.conflicts.map((scan) => scan.ticket), ["tkt_5"]);
});

test("settling removes a scan from the queue but remembers that the ticket was used", () => {
  const ledger = new Ledger(() => new MemoryStorage());
  ledger.keep(scanOf("tkt_1"));
  ledger.settle(ledger.get("tkt_1"));
  assert.equal(ledger.waiting, 0);
  assert.equal(ledger.next, undefined);
  assert.equal(ledger.get("tkt_1").at, 1000);
  ledger.keep(scanOf("tkt_2"));
  ledger.settle(ledger.get("tkt_2"), { reason: "void", at: undefined });
  assert.equal(ledger.conflicts.length, 1);
  ledger.dismissConflict("tkt_2");
  assert.equal(ledger.conflicts.length, 0);
  assert.ok(ledger.get("tkt_2"));
});

test("20,000 scans fit into a browser's 5 MiB, and the next one is refused", () => {
  const storage = new MemoryStorage();
  const ledger = new Ledger(() => storage);
  const signature = "s".repeat(86);
  const [header] = signer.barcode("x").split(".");
  for (let i = 0; i < WAITING_MOST; i += 1) {
    const ticket = `tkt_${String(i).padStart(24, "0")}`;
    const place = `F${i % 12}-${i % 40}-${i % 60}`;
    const payload = Buffer.from(JSON.stringify({ tkt: ticket, evt: "night", plc: place })).toString("base64url");
    const barcode = `${header}.${payload}.${signature}`;
    assert.equal(ledger.keep(scanOf(ticket, { place, at: 1.7e12 + i, barcode })), true);
  }
  assert.equal(WAITING_MOST, 20_000);
  assert.ok(storage.characters < 5 * 1024 * 1024, `${storage.characters} characters`);
  assert.equal(ledger.hasSpace, false);
  assert.equal(ledger.keep(scanOf("tkt_more")), false);
  assert.equal(ledger.get("tkt_more"), undefined);
  assert.equal(ledger.keep({ ...ledger.next, attempts: [1] }), true, "a queued scan can still be changed");
  ledger.settle(ledger.next);
  assert.equal(ledger.keep(scanOf("tkt_more")), true);
});

test("a full storage refuses new scans and loses none", () => {
  const storage = new MemoryStorage(2);
  const ledger = new Ledger(() => storage);
  assert.equal(ledger.keep(scanOf("tkt_1")), true);
  assert.equal(ledger.keep(scanOf("tkt_2")), false);
  assert.equal(ledger.waiting, 1);
  assert.equal(new Ledger(() => storage).get("tkt_1").barcode, signer.barcode("tkt_1"));
  // The server already knows this one, so it is remembered while the page is open.
  ledger.keep(scanOf("tkt_3", { barcode: undefined }));
  assert.equal(ledger.get("tkt_3").at, 1000);
});

test("disabled storage does not crash", () => {
  const ledger = new Ledger(() => {
    throw new DOMException("no", "SecurityError");
  });
  assert.equal(ledger.keep(scanOf("tkt_1")), false);
});

test("signing out forgets all but the waiting scans, which stay intact", () => {
  const storage = new MemoryStorage();
  const ledger = new Ledger(() => storage);
  ledger.keep(scanOf("tkt_1"));
  ledger.keep(scanOf("tkt_2", { barcode: undefined }));
  ledger.keep(scanOf("tkt_3", { barcode: undefined, conflict: { reason: "void", at: undefined } }));
  ledger.clearSettled();
  const again = new Ledger(() => storage);
  assert.equal(again.admitted("night"), 1);
  assert.equal(again.next.barcode, signer.barcode("tkt_1"));
  again.settle(again.next);
  again.clearSettled();
  assert.equal(storage.length, 0, "nothing is left");
});

test("scans by another tab are seen", () => {
  const storage = new MemoryStorage();
  const here = new Ledger(() => storage);
  const there = new Ledger(() => storage);
  there.keep(scanOf("tkt_1"));
  here.changedElsewhere("onsale.door.envelopes", storage.getItem("onsale.door.envelopes"));
  here.changedElsewhere("onsale.door.scan.tkt_1", storage.getItem("onsale.door.scan.tkt_1"));
  assert.equal(here.waiting, 1);
  there.settle(there.get("tkt_1"));
  assert.equal(here.readAgain("tkt_1").barcode, undefined);
  assert.equal(here.waiting, 0);
});

test("damaged items are skipped", () => {
  const storage = new MemoryStorage();
  const ledger = new Ledger(() => storage);
  ledger.keep(scanOf("tkt_1"));
  storage.setItem("onsale.door.scan.tkt_2", "{");
  storage.setItem("onsale.door.scan.tkt_3", '{"e":9,"a":1,"p":"x"}');
  assert.equal(new Ledger(() => storage).waiting, 1);
});
