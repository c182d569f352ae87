import assert from "node:assert/strict";
import test from "node:test";
import { readBarcode } from "../site/door/barcode.js";
import { Debounce, decide, isForServer } from "../site/door/gate.js";
import { Signer } from "./door-helpers.js";

const signer = new Signer();
const claims = { tkt: "tkt_1", evt: "night", plc: "A-1" };

test("a genuine barcode yields its claims, with and without WebCrypto", async () => {
  const code = signer.barcode("tkt_1");
  assert.deepEqual(await readBarcode(code, [signer.jwk]), { kind: "genuine", claims });

  const crypto = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true });
  try {
    assert.deepEqual(await readBarcode(code, [signer.jwk]), { kind: "genuine", claims });
    assert.equal((await readBarcode(`${code.slice(0, -8)}AAAAAAAA`, [signer.jwk])).kind, "forged");
  } finally {
    if (crypto) Object.defineProperty(globalThis, "crypto", crypto);
    else delete globalThis.crypto;
  }
});

test("names in any language survive", async () => {
  const reading = await readBarcode(signer.barcode("tkt_1", { place: "스탠딩 “가”" }), [signer.jwk]);
  assert.equal(reading.claims.plc, "스탠딩 “가”");
});

test("a changed claim, a foreign signature and another algorithm are refused", async () => {
  const [header, , signature] = signer.barcode("tkt_1").split(".");
  const payload = signer.barcode("tkt_2").split(".")[1];
  assert.deepEqual(await readBarcode(`${header}.${payload}.${signature}`, [signer.jwk]), { kind: "forged" });
  const other = new Signer();
  const pretending = other.barcode("tkt_1", { header: { alg: "EdDSA", kid: signer.jwk.kid } });
  assert.deepEqual(await readBarcode(pretending, [signer.jwk]), { kind: "forged" });
  const none = signer.barcode("tkt_1", { header: { alg: "none", kid: signer.jwk.kid } });
  assert.deepEqual(await readBarcode(none, [signer.jwk]), { kind: "noTicket" });
});

test("a missing key makes a barcode unknown, not forged", async () => {
  assert.deepEqual(await readBarcode(new Signer().barcode("tkt_1"), [signer.jwk]), { kind: "unknownKey" });
  assert.deepEqual(await readBarcode(signer.barcode("tkt_1"), []), { kind: "unknownKey" });
});

test("other codes are not tickets", async () => {
  const wrongClaims = signer.barcode("tkt_1", { payload: { tkt: 1, evt: "night", plc: "A-1" } });
  const others = ["", "hello", "https://example.com/a.b.c", "a.b.c", "..", "e30.e30.e30", "x".repeat(5000)];
  for (const code of [...others, wrongClaims]) {
    assert.deepEqual(await readBarcode(code, [signer.jwk]), { kind: "noTicket" }, code.slice(0, 40));
  }
});

const genuine = { reading: { kind: "genuine", claims }, at: 1000 };
const context = {
  event: "night",
  answer: { kind: "none" },
  firstSeenHere: () => undefined,
  isVoid: () => false,
  hasSpace: true,
};

test("what the barcode or this device's list settles needs no server", () => {
  assert.equal(isForServer(genuine, context), true);
  assert.equal(isForServer({ ...genuine, reading: { kind: "unknownKey" } }, context), true);
  assert.equal(isForServer({ ...genuine, reading: { kind: "forged" } }, context), false);
  assert.equal(isForServer({ ...genuine, reading: { kind: "noTicket" } }, context), false);
  assert.equal(isForServer(genuine, { ...context, event: "other" }), false);
  assert.equal(isForServer(genuine, { ...context, firstSeenHere: () => 5 }), false);
});

test("verdicts with the server", () => {
  const with_ = (answer, reading = genuine.reading) => decide({ ...genuine, reading }, { ...context, answer });
  assert.deepEqual(with_({ kind: "admitted", ticket: "tkt_1", place: "A-1", at: 7 }), {
    kind: "admitted",
    ticket: "tkt_1",
    place: "A-1",
    isOffline: false,
  });
  assert.deepEqual(with_({ kind: "used", at: 7 }), { kind: "used", place: "A-1", at: 7, where: "elsewhere" });
  assert.deepEqual(with_({ kind: "void" }), { kind: "refused", reason: "void", place: "A-1" });
  assert.equal(with_({ kind: "noTicketHere" }, { kind: "unknownKey" }).reason, "notGenuine");
  // The server's answer outweighs a list that may be old.
  const listed = { ...context, isVoid: () => true, answer: { kind: "admitted", ticket: "tkt_1", place: "A-1", at: 7 } };
  assert.equal(decide(genuine, listed).kind, "admitted");
});

test("verdicts without the server", () => {
  assert.deepEqual(decide(genuine, context), { kind: "admitted", ticket: "tkt_1", place: "A-1", isOffline: true });
  assert.equal(decide(genuine, { ...context, isVoid: (ticket) => ticket === "tkt_1" }).reason, "void");
  assert.deepEqual(decide(genuine, { ...context, firstSeenHere: () => 5 }), {
    kind: "used",
    place: "A-1",
    at: 5,
    where: "here",
  });
  assert.deepEqual(decide(genuine, { ...context, event: "other" }), {
    kind: "refused",
    reason: "otherEvent",
    place: "A-1",
  });
  assert.deepEqual(decide({ ...genuine, reading: { kind: "unknownKey" } }, context), {
    kind: "unsure",
    reason: "unknownKey",
    place: "",
  });
  assert.equal(decide(genuine, { ...context, hasSpace: false }).reason, "noSpace");
  assert.equal(decide({ ...genuine, reading: { kind: "forged" } }, context).reason, "notGenuine");
});

test("a code that stays in front of the camera is one scan", () => {
  const debounce = new Debounce();
  assert.equal(debounce.isNew("a", 0), true);
  assert.equal(debounce.isNew("a", 2000), false);
  assert.equal(debounce.isNew("a", 4000), false, "seen 2 s ago");
  assert.equal(debounce.isNew("b", 4100), true);
  assert.equal(debounce.isNew("a", 4200), true);
  assert.equal(debounce.isNew("a", 7200), true, "away for 3 s");
});
