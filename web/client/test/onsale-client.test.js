import assert from "node:assert/strict";
import test from "node:test";
import { OnsaleClient, Problem } from "../src/index.js";

/** @param {Response | ((url: string, init: RequestInit) => Promise<Response>)} answer */
function makeClient(answer = () => Promise.resolve(Response.json?.({}) ?? new Response("{}")), options = {}) {
  const requests = [];
  const fetch = async (url, init) => {
    requests.push({ url, ...init });
    return answer(url, init);
  };
  return { client: new OnsaleClient({ baseURL: "https://tickets.example/", fetch, ...options }), requests };
}

const json = (value, init) => async () => new Response(JSON.stringify(value), init);

test("an id can't turn a path into another one", async () => {
  const { client, requests } = makeClient(json({}));
  await client.getEvent("../v1/orders?x=1#y");
  await client.getOrder("a/b", "token", "ord 1");
  await client.releaseHold("night", "pass", "한글").catch(() => {});
  assert.deepEqual(
    requests.map((request) => request.url),
    [
      "https://tickets.example/v1/events/..%2Fv1%2Forders%3Fx%3D1%23y",
      "https://tickets.example/v1/events/a%2Fb/orders/ord%201",
      "https://tickets.example/v1/events/night/holds/%ED%95%9C%EA%B8%80",
    ],
  );
});

test("the token is sent as a header, never in the URL; without a token there is no header", async () => {
  const { client, requests } = makeClient(json({ tickets: [], events: [] }), { headers: { "x-test": "1" } });
  await client.listVoidTickets("night", "s3cret");
  await client.listEvents();
  assert.equal(requests[0].headers.authorization, "Bearer s3cret");
  assert.ok(!requests[0].url.includes("s3cret"));
  assert.equal(requests[1].headers.authorization, undefined);
  assert.equal(requests[1].headers["x-test"], "1");
  assert.equal(requests[1].credentials, "omit");
});

test("claiming a pass authenticates with the session and sends the ticket in the body", async () => {
  const { client, requests } = makeClient(json({}));
  await client.claimPass("night", "session", "ticket");
  const [{ method, url, headers, body }] = requests;
  assert.deepEqual([method, url], ["POST", "https://tickets.example/v1/events/night/waiting-room/pass"]);
  assert.equal(headers.authorization, "Bearer session");
  assert.deepEqual(JSON.parse(body), { ticket: "ticket" });
});

test("the staff's tokens are made, renewed and revoked by the account's id", async () => {
  const { client, requests } = makeClient(json({ accounts: [] }));
  await client.createAccount("owner", { name: "Gate B", role: "door" });
  await client.renewAccountToken("owner", "acc_1/2");
  await client.revokeAccount("owner", "acc_1");
  assert.deepEqual(await client.listAccounts("owner"), []);
  await client.getCaller("owner");
  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`),
    [
      "POST /v1/accounts", "POST /v1/accounts/acc_1%2F2/token", "DELETE /v1/accounts/acc_1", "GET /v1/accounts",
      "GET /v1/account",
    ],
  );
  assert.ok(requests.every(({ headers }) => headers.authorization === "Bearer owner"));
});

test("a ticket is let in by its barcode, or by its id once it was found", async () => {
  const { client, requests } = makeClient(json({ tickets: [], isMore: false }));
  await client.checkIn("night", "door", "a.b.c");
  await client.checkInTicket("night", "door", "tkt_1");
  await client.findTickets("night", "door", { email: "fan+1@example.com" });
  assert.deepEqual(requests.slice(0, 2).map(({ body }) => JSON.parse(body)), [{ barcode: "a.b.c" }, { ticket: "tkt_1" }]);
  assert.equal(requests[2].url, "https://tickets.example/v1/events/night/door/tickets?email=fan%2B1%40example.com");
});

test("a buyer's orders come in pages", async () => {
  const page = { orders: [{ order: "ord_1" }], next: "ord_1" };
  const { client, requests } = makeClient(json(page));
  assert.deepEqual(await client.listMyOrders("session"), page);
  await client.listMyOrders("session", { limit: 5, after: "a&b" });
  assert.deepEqual(requests.map((request) => request.url), [
    "https://tickets.example/v1/orders?limit=50", "https://tickets.example/v1/orders?limit=5&after=a%26b",
  ]);
  assert.equal(requests[1].headers.authorization, "Bearer session");
});

test("holds and orders carry their idempotency key, and orders how long to wait", async () => {
  const { client, requests } = makeClient(json({}));
  await client.createHold("night", "pass", { seats: ["A-1"] }, "key-1");
  await client.createHold("night", "pass", { area: "Standing", quantity: 2 });
  const order = { hold: "hld_1", method: "pm_card_visa", idempotencyKey: "key-2", waitSeconds: 5 };
  await client.createOrder("night", "pass", order);
  assert.equal(requests[0].method, "POST");
  assert.equal(requests[0].headers["idempotency-key"], "key-1");
  assert.equal(requests[0].headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(requests[0].body), { seats: ["A-1"] });
  assert.match(requests[1].headers["idempotency-key"], /^[0-9a-f]{32}$/);
  assert.equal(requests[2].headers["idempotency-key"], "key-2");
  assert.equal(requests[2].headers.prefer, "wait=5");
  assert.deepEqual(JSON.parse(requests[2].body), { hold: "hld_1", payment: { method: "pm_card_visa" } });
});

test("a refusal is a Problem with its slug and members", async () => {
  const body = { type: "/problems/seats-unavailable", title: "Taken", detail: "Two are gone.", unavailable: ["A-1"] };
  const { client } = makeClient(json(body, { status: 409 }));
  await assert.rejects(client.createHold("night", "pass", { seats: ["A-1"] }), (error) => {
    assert.ok(error instanceof Problem && error instanceof Error);
    const { slug, status, message, isPassing } = error;
    assert.deepEqual([slug, status, message, isPassing], ["seats-unavailable", 409, "Two are gone.", false]);
    assert.deepEqual(error.body.unavailable, ["A-1"]);
    return true;
  });
});

test("a temporary refusal says when to retry; an error answer without a problem body is still a Problem", async () => {
  const overloaded = { status: 503, headers: { "retry-after": "7" } };
  const busy = makeClient(json({ type: "/problems/overloaded", title: "Busy" }, overloaded));
  await assert.rejects(busy.client.listEvents(), (error) => error.isPassing && error.retryAfterSeconds === 7);
  const proxy = makeClient(async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await assert.rejects(proxy.client.listEvents(), { name: "Problem", status: 502, isPassing: true });
  const page = makeClient(async () => new Response("<h1>Sign in to this network</h1>"));
  await assert.rejects(page.client.listEvents(), (error) => error.slug === "unreachable");
});

test("what is without an answer is repeated with the same key and body, and a refusal is not", async () => {
  const answers = [
    async () => new Response("<h1>Bad gateway</h1>", { status: 502 }),
    async () => {
      throw new TypeError("connection reset");
    },
    json({ hold: "hld_1" }, { status: 201 }),
  ];
  const { client, requests } = makeClient((url, init) => answers.shift()(url, init));
  assert.deepEqual(await client.createHold("night", "pass", { seats: ["A-1"] }), { hold: "hld_1" });
  assert.equal(requests.length, 3);
  assert.equal(new Set(requests.map((request) => request.headers["idempotency-key"])).size, 1);
  assert.equal(new Set(requests.map((request) => request.body)).size, 1);

  const refusing = makeClient(json({ type: "/problems/sold-out", title: "Sold out" }, { status: 409 }));
  await assert.rejects(refusing.client.createHold("night", "pass", { seats: ["A-1"] }), { slug: "sold-out" });
  const scanning = makeClient(async () => new Response("", { status: 503 }));
  await assert.rejects(scanning.client.checkIn("night", "door", "code"), { status: 503 });
  const once = makeClient(async () => new Response("", { status: 503 }), { tries: 1 });
  await assert.rejects(once.client.cancelOrder("night", "session", "ord_1"), { status: 503 });
  for (const { requests } of [refusing, scanning, once]) assert.equal(requests.length, 1);
  assert.match(once.requests[0].headers["idempotency-key"], /^[0-9a-f]{32}$/);
});

test("an answer whose headers or body don't arrive in time is unreachable", async () => {
  const aborted = new Error("aborted");
  const silent = (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(aborted)));
  const { client } = makeClient(silent, { timeoutSeconds: 0.05 });
  await assert.rejects(client.listEvents(), { slug: "unreachable", isPassing: true, status: 0 });

  const halfBody = async (_, { signal }) => {
    const start = (controller) => signal.addEventListener("abort", () => controller.error(aborted));
    return new Response(new ReadableStream({ start }));
  };
  const half = makeClient(halfBody, { timeoutSeconds: 0.05 });
  await assert.rejects(half.client.listEvents(), (error) => error.slug === "unreachable");
});

test("a 204 yields undefined, and listOrders sends its filters", async () => {
  const { client, requests } = makeClient(async () => new Response(null, { status: 204 }));
  assert.equal(await client.giveUpPass("night", "pass"), undefined);
  assert.equal(requests[0].method, "DELETE");
  const paged = makeClient(json({ orders: [], next: null }));
  await paged.client.listOrders("night", "admin", { state: "confirmed", after: "a&b", limit: 5 });
  const [{ url }] = paged.requests;
  assert.equal(url, "https://tickets.example/v1/events/night/orders?limit=5&state=confirmed&after=a%26b");
});

test("a timeline is asked for in parts, a story for its order", async () => {
  const { client, requests } = makeClient(json({ step: 60, points: [] }));
  assert.deepEqual(await client.getTimeline("night", "admin"), { step: 60, points: [] });
  await client.getTimeline("night", "admin", { from: "2026-11-26T11:00:00.000Z", to: "2026-11-26T12:00:00.000Z", step: 60 });
  await client.getOrderStory("night", "admin", "ord/1");
  assert.deepEqual(requests.map(({ url }) => url.slice("https://tickets.example/v1/events/night/".length)), [
    "timeline",
    "timeline?from=2026-11-26T11%3A00%3A00.000Z&to=2026-11-26T12%3A00%3A00.000Z&step=60",
    "orders/ord%2F1/story",
  ]);
  assert.ok(requests.every(({ headers }) => headers.authorization === "Bearer admin"));
});

test("seats resume after the last version; the waiting-room stream sends its ticket as a header", async () => {
  const ending = new AbortController();
  const pieces = [
    'retry: 10\nid: 17\nevent: snapshot\ndata: {"version":17,"seats":"..","areas":[]}\n\n',
    'id: 18\nevent: delta\ndata: {"version":18,"seats":[[0,"h"]],"areas":[]}\n\n',
  ];
  const { client, requests } = makeClient(async () => new Response(pieces.shift()));
  const seen = [];
  await client.streamAvailability("night", {
    signal: ending.signal,
    onSnapshot: ({ version }) => seen.push(version),
    onDelta: ({ version }) => {
      seen.push(version);
      ending.abort();
    },
  });
  assert.deepEqual(seen, [17, 18]);
  assert.deepEqual(requests.map((request) => request.headers["last-event-id"]), [undefined, "17"]);

  const waiting = makeClient(async () => new Response('event: room\ndata: {"phase":"open"}\n\n'));
  const left = new AbortController();
  await waiting.client.streamWaitingRoom("night", { signal: left.signal, ticket: "place", onRoom: () => left.abort() });
  assert.equal(waiting.requests[0].headers.authorization, "Bearer place");
  assert.ok(!waiting.requests[0].url.includes("place"));
});
