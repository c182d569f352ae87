import assert from "node:assert/strict";
import test from "node:test";
import { Checkpoint } from "../site/door/checkpoint.js";
import { Ledger } from "../site/door/ledger.js";
import { PublishedFacts } from "../site/door/published.js";
import { MemoryStorage, Signer } from "./door-helpers.js";

const signer = new Signer();
const T0 = Date.parse("2027-03-01T10:00:00.000Z");

/** A test that ends its checkpoints afterwards (node 18.4 has no `after`). */
function doorTest(name, body) {
  return test(name, async () => {
    const endings = [];
    try {
      await body({ after: (end) => endings.push(end) });
    } finally {
      for (const end of endings) end();
    }
  });
}

/** A fake server, as the door sees it, and a checkpoint that talks to it. */
function makeDoor(t, { storage = new MemoryStorage(), name } = {}) {
  const server = { used: new Map(), void: [], mode: "up", sent: [], clockAhead: 0 };
  let now = T0;
  const problem = (status, slug, more = {}) =>
    new Response(JSON.stringify({ type: `/problems/${slug}`, title: slug, status, ...more }), { status });
  const json = (value) => new Response(JSON.stringify(value));
  const checkIn = ({ barcode, ticket }) => {
    const { tkt, plc } = barcode ? JSON.parse(Buffer.from(barcode.split(".")[1], "base64url").toString()) : { tkt: ticket, plc: "A-1" };
    server.sent.push(tkt);
    const at = server.used.get(tkt);
    if (at) return problem(409, "already-checked-in", { checkedInAt: at, checkedInBy: server.by });
    if (server.void.includes(tkt)) return problem(409, "ticket-void");
    server.used.set(tkt, new Date(now + server.clockAhead).toISOString());
    return json({ ticket: tkt, seat: plc, checkedInAt: server.used.get(tkt) });
  };
  const answer = async (url, init) => {
    if (server.mode === "down") throw new TypeError("fetch failed");
    if (server.mode === "refusing") return problem(401, "unauthenticated");
    if (server.mode === "broken") return problem(503, "overloaded");
    if (url.endsWith("/onsale-keys.json")) return json({ keys: [signer.jwk] });
    if (url.endsWith("/tickets/void")) return json({ tickets: server.void });
    const response = checkIn(JSON.parse(init.body));
    // The request was processed, but its answer is lost.
    if (server.mode === "deaf") throw new TypeError("fetch failed");
    return response;
  };
  const fetch = async (url, init) => {
    const response = await answer(url, init);
    response.headers.set("date", new Date(now + server.clockAhead).toUTCString());
    return response;
  };
  const ledger = new Ledger(() => storage);
  const facts = new PublishedFacts(() => storage);
  const parts = { event: "night", token: "door", name, ledger, facts, changed: () => {}, fetch, now: () => now };
  const checkpoint = new Checkpoint(parts);
  t.after(() => checkpoint.end());
  return {
    server,
    ledger,
    facts,
    parts,
    checkpoint,
    pass: (milliseconds) => (now += milliseconds),
    /** Waits until the server's updates have arrived and the queue is sent. */
    async keepUp() {
      checkpoint.wake();
      for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

doorTest("online: a ticket is admitted once, then reported as used here without asking again", async (t) => {
  const { server, checkpoint, ledger, keepUp } = makeDoor(t);
  await keepUp();
  assert.equal(checkpoint.link, "online");
  const verdict = await checkpoint.scan(` ${signer.barcode("tkt_1")}\n`);
  assert.deepEqual(verdict, { kind: "admitted", ticket: "tkt_1", place: "A-1", isOffline: false });
  assert.equal(ledger.waiting, 0);
  const second = await checkpoint.scan(signer.barcode("tkt_1"));
  assert.deepEqual(second, { kind: "used", place: "A-1", at: T0, where: "here" });
  assert.deepEqual(server.sent, ["tkt_1"]);
});

doorTest("online: tickets used elsewhere, void, or for another event are refused", async (t) => {
  const { server, checkpoint, keepUp } = makeDoor(t);
  await keepUp();
  server.used.set("tkt_1", "2027-03-01T09:00:00.000Z");
  server.void.push("tkt_2");
  assert.deepEqual(await checkpoint.scan(signer.barcode("tkt_1")), {
    kind: "used",
    place: "A-1",
    at: T0 - 3600_000,
    where: "elsewhere",
  });
  assert.equal((await checkpoint.scan(signer.barcode("tkt_2"))).reason, "void");
  assert.equal((await checkpoint.scan(signer.barcode("tkt_3", { event: "other" }))).reason, "otherEvent");
});

doorTest("a ticket found by hand is let in once, and its code then says so; whoever let one in elsewhere is named", async (t) => {
  const { server, checkpoint, ledger, keepUp } = makeDoor(t);
  await keepUp();
  const found = { ticket: "tkt_1", place: "A-1" };
  assert.deepEqual(await checkpoint.admit(found), { kind: "admitted", ticket: "tkt_1", place: "A-1", isOffline: false });
  assert.equal((await checkpoint.scan(signer.barcode("tkt_1"))).where, "here");
  assert.equal((await checkpoint.admit(found)).where, "here");
  assert.equal(ledger.admitted("night"), 1);
  assert.equal(ledger.waiting, 0);
  server.used.set("tkt_2", "2027-03-01T09:00:00.000Z");
  server.by = "Gate B";
  assert.equal((await checkpoint.admit({ ticket: "tkt_2", place: "A-2" })).by, "Gate B");
  assert.equal((await checkpoint.scan(signer.barcode("tkt_2"))).by, "Gate B");
  server.void.push("tkt_3");
  assert.equal((await checkpoint.admit({ ticket: "tkt_3", place: "A-3" })).reason, "void");
  server.mode = "down";
  await assert.rejects(checkpoint.admit({ ticket: "tkt_4", place: "A-4" }), (error) => error.slug === "unreachable");
  assert.equal(checkpoint.link, "offline");
  assert.equal(ledger.admitted("night"), 1, "nobody is let in by hand without the server");
  // What failed by hand doesn't stand in the way of a scan.
  assert.equal((await checkpoint.scan(signer.barcode("tkt_4"))).kind, "admitted");
});

doorTest("two simultaneous scans of one ticket admit one", async (t) => {
  const { checkpoint, keepUp } = makeDoor(t);
  await keepUp();
  const code = signer.barcode("tkt_1");
  const kinds = (await Promise.all([checkpoint.scan(code), checkpoint.scan(code)])).map((verdict) => verdict.kind);
  assert.deepEqual(kinds, ["admitted", "used"]);
});

for (const mode of ["down", "broken"]) {
  doorTest(`offline (${mode}): the door decides alone and reports each scan once, later`, async (t) => {
    const { server, checkpoint, ledger, keepUp, pass } = makeDoor(t);
    server.void.push("tkt_void");
    await keepUp();
    server.mode = mode;
    for (const ticket of ["tkt_1", "tkt_2"]) {
      pass(10_000);
      const verdict = await checkpoint.scan(signer.barcode(ticket));
      assert.deepEqual(verdict, { kind: "admitted", ticket, place: "A-1", isOffline: true });
    }
    assert.equal(checkpoint.link, "offline");
    assert.equal((await checkpoint.scan(signer.barcode("tkt_void"))).reason, "void");
    assert.equal((await checkpoint.scan(signer.barcode("tkt_1"))).where, "here");
    assert.equal(ledger.waiting, 2);
    await keepUp();
    assert.equal(ledger.waiting, 2, "a failed attempt loses nothing");
    server.mode = "up";
    await keepUp();
    assert.deepEqual(server.sent, ["tkt_1", "tkt_2"]);
    assert.equal(ledger.waiting, 0);
    assert.deepEqual(ledger.conflicts, []);
  });
}

doorTest("a ticket that another device admitted meanwhile is a conflict, and so is one that became void", async (t) => {
  const { server, checkpoint, ledger, keepUp, pass } = makeDoor(t);
  await keepUp();
  server.mode = "down";
  await checkpoint.scan(signer.barcode("tkt_1"));
  await checkpoint.scan(signer.barcode("tkt_2"));
  pass(600_000);
  server.used.set("tkt_1", new Date(T0 + 300_000).toISOString());
  server.by = "Gate B";
  server.void.push("tkt_2");
  server.mode = "up";
  await keepUp();
  assert.equal(ledger.waiting, 0);
  assert.deepEqual(
    ledger.conflicts.map(({ ticket, conflict }) => [ticket, conflict]),
    [
      ["tkt_1", { reason: "used", at: T0 + 300_000, by: "Gate B" }],
      ["tkt_2", { reason: "void", at: undefined }],
    ],
  );
});

doorTest("a scan that arrived but whose answer was lost is no conflict, whatever the clocks say", async (t) => {
  for (const clockAhead of [0, -90_000, 3_600_000]) {
    const { server, checkpoint, ledger, keepUp, pass } = makeDoor(t);
    server.clockAhead = clockAhead;
    await keepUp();
    server.mode = "deaf";
    assert.equal((await checkpoint.scan(signer.barcode("tkt_1"))).isOffline, true);
    pass(120_000);
    server.mode = "up";
    await keepUp();
    assert.deepEqual(server.sent, ["tkt_1", "tkt_1"]);
    assert.equal(ledger.waiting, 0);
    assert.deepEqual(ledger.conflicts, [], `clock ahead by ${clockAhead}`);
  }
});

doorTest("a copy scanned elsewhere long after our lost request is still a conflict", async (t) => {
  const { server, checkpoint, ledger, keepUp, pass } = makeDoor(t);
  await keepUp();
  server.mode = "down";
  await checkpoint.scan(signer.barcode("tkt_1"));
  server.used.set("tkt_1", new Date(T0 + 60_000).toISOString());
  pass(120_000);
  server.mode = "up";
  await keepUp();
  assert.equal(ledger.conflicts.length, 1);
});

doorTest("keys, void list, used tickets and queue survive a reload without a network", async (t) => {
  const storage = new MemoryStorage();
  const before = makeDoor(t, { storage });
  before.server.void.push("tkt_void");
  await before.keepUp();
  before.server.mode = "down";
  await before.checkpoint.scan(signer.barcode("tkt_1"));

  const after = makeDoor(t, { storage });
  after.server.mode = "down";
  await after.keepUp();
  assert.equal((await after.checkpoint.scan(signer.barcode("tkt_1"))).where, "here");
  assert.equal((await after.checkpoint.scan(signer.barcode("tkt_void"))).reason, "void");
  assert.equal((await after.checkpoint.scan(signer.barcode("tkt_2"))).kind, "admitted");
  assert.equal((await after.checkpoint.scan(new Signer().barcode("tkt_3"))).reason, "unknownKey");
  assert.equal(after.ledger.waiting, 2);
});

doorTest("with a token no longer accepted, scans are judged here and stored, and the link says so", async (t) => {
  const { server, checkpoint, ledger, keepUp } = makeDoor(t);
  await keepUp();
  server.mode = "refusing";
  assert.equal((await checkpoint.scan(signer.barcode("tkt_1"))).isOffline, true);
  assert.equal(checkpoint.link, "signedOut");
  assert.equal(ledger.waiting, 1);
});

doorTest("without space to store a scan nobody is admitted offline", async (t) => {
  const storage = new MemoryStorage();
  const { server, checkpoint, keepUp } = makeDoor(t, { storage });
  await keepUp();
  server.mode = "down";
  storage.capacity = storage.length;
  assert.deepEqual(await checkpoint.scan(signer.barcode("tkt_1")), { kind: "unsure", reason: "noSpace", place: "A-1" });
});

doorTest("what another account let in at the very moment of our lost request is a conflict", async (t) => {
  for (const [name, by, conflicts] of [["Gate A", "Gate B", 1], ["Gate A", "Gate A", 0], ["Gate A", null, 0], [undefined, "Gate B", 0]]) {
    const { server, checkpoint, ledger, keepUp, pass } = makeDoor(t, { name });
    await keepUp();
    server.mode = "down";
    await checkpoint.scan(signer.barcode("tkt_1"));
    server.used.set("tkt_1", new Date(T0).toISOString());
    server.by = by;
    pass(120_000);
    server.mode = "up";
    await keepUp();
    assert.equal(ledger.waiting, 0);
    assert.equal(ledger.conflicts.length, conflicts, `${name} and ${by}`);
  }
});

doorTest("what this device sent under an earlier name is no conflict", async (t) => {
  const storage = new MemoryStorage();
  const before = makeDoor(t, { storage, name: "Gate A" });
  await before.keepUp();
  before.server.mode = "deaf";
  await before.checkpoint.scan(signer.barcode("tkt_1"));
  before.checkpoint.end();

  const after = makeDoor(t, { storage, name: "Gate A, new phone" });
  after.pass(120_000);
  const later = new Checkpoint(after.parts);
  t.after(() => later.end());
  after.server.used = before.server.used;
  after.server.by = "Gate A";
  later.wake();
  for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(after.ledger.waiting, 0);
  assert.deepEqual(after.ledger.conflicts, []);
});
