import assert from "node:assert/strict";
import test from "node:test";
import { Problem } from "../src/index.js";
import { delay, listen } from "../src/listening.js";

/** @param {string[]} pieces */
function streamOf(...pieces) {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  });
  return new Response(body);
}

test("a lost stream resumes where it left off, after the pause the server asked for", async () => {
  const ending = new AbortController();
  const asked = [];
  const events = [];
  const connections = [];
  let last;
  const started = Date.now();
  await listen(
    async (headers) => {
      asked.push(headers);
      if (asked.length === 1) return streamOf("retry: 40\nid: 17\ndata: a\n\n", "data: cut off");
      return streamOf("id: 18\ndata: b\n\n");
    },
    {
      signal: ending.signal,
      lastEventID: () => last,
      onConnection: (isConnected) => connections.push(isConnected),
      onEvent: (event) => {
        last = event.id;
        events.push(event.data);
        if (event.data === "b") ending.abort();
      },
    },
  );
  assert.deepEqual(events, ["a", "b"]);
  assert.equal(asked[0]["last-event-id"], undefined);
  assert.equal(asked[1]["last-event-id"], "17");
  assert.equal(asked[0].accept, "text/event-stream");
  assert.deepEqual(connections, [true, false, true]);
  const took = Date.now() - started;
  assert.ok(took >= 25 && took < 900, `${took} ms; the default first pause would be at least 750`);
});

test("an overloaded server is retried when it says so", async () => {
  const ending = new AbortController();
  const problems = [];
  let count = 0;
  const overloaded = { status: 503, headers: { "retry-after": "0.05" } };
  const started = Date.now();
  await listen(
    async () => {
      count += 1;
      if (count === 1) return new Response(JSON.stringify({ type: "/problems/overloaded", title: "no" }), overloaded);
      return streamOf("data: a\n\n");
    },
    {
      signal: ending.signal,
      onConnection: (isConnected, problem) => problem && problems.push([isConnected, problem.slug]),
      onEvent: () => ending.abort(),
    },
  );
  assert.deepEqual(problems, [[false, "overloaded"]]);
  assert.ok(Date.now() - started < 700);
});

test("a network error is reported as unreachable and retried after the default pause", async () => {
  const ending = new AbortController();
  const slugs = [];
  let count = 0;
  const started = Date.now();
  await listen(
    async () => {
      count += 1;
      if (count === 1) throw new TypeError("fetch failed");
      return streamOf("data: a\n\n");
    },
    {
      signal: ending.signal,
      onConnection: (_, problem) => problem && slugs.push(problem.slug),
      onEvent: () => ending.abort(),
    },
  );
  assert.deepEqual(slugs, ["unreachable"]);
  assert.ok(Date.now() - started >= 700);
});

test("a refusal that retrying wouldn't fix rejects at once", async () => {
  let count = 0;
  const refused = listen(
    async () => {
      count += 1;
      return new Response(JSON.stringify({ type: "/problems/not-found", title: "gone" }), { status: 404 });
    },
    { signal: new AbortController().signal, onEvent: () => {} },
  );
  await assert.rejects(refused, (error) => error instanceof Problem && error.slug === "not-found");
  assert.equal(count, 1);
});

test("aborting ends listening at any moment: while open, while pausing, while opening", async () => {
  const aborted = new Error("aborted");
  for (const open of [
    async (_, signal) => {
      const start = (controller) => signal.addEventListener("abort", () => controller.error(aborted));
      return new Response(new ReadableStream({ start }));
    },
    async () => {
      throw new TypeError("fetch failed");
    },
    (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(aborted))),
  ]) {
    const ending = new AbortController();
    setTimeout(() => ending.abort(), 30);
    const started = Date.now();
    await listen(open, { signal: ending.signal, onEvent: () => {} });
    assert.ok(Date.now() - started < 600);
  }
});

test("a delay cleans up after itself and ends early on abort", async () => {
  const ending = new AbortController();
  await delay(1, ending.signal);
  const waiting = delay(60_000, ending.signal);
  ending.abort();
  await waiting;
});
