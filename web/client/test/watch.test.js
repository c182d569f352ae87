import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { parseCommand } from "../bin/command.js";
import { bar, OnsaleView } from "../bin/onsale-view.js";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const BIN = fileURLToPath(new URL("../bin/onsale.js", import.meta.url));
const EVENT = {
  title: "Arena Night",
  venue: "Arena",
  startsAt: "2027-03-01T10:00:00.000Z",
  areas: [{ name: "Standing", capacity: 100, category: "Standing" }],
  onsale: { phase: "open" },
};
const ROOM = { phase: "open", issued: 1200, admittedThrough: 500, admittedPerMinute: 60, activeShoppers: 40 };

test("arguments are parsed, or refused with an explanation", () => {
  assert.deepEqual(parseCommand(["watch", "http://127.0.0.1:8080", "night"]), {
    kind: "watch",
    url: "http://127.0.0.1:8080",
    event: "night",
  });
  assert.equal(parseCommand(["watch", "--help"]).kind, "help");
  assert.equal(parseCommand(["-V"]).kind, "version");
  const lines = ["", "buy", "watch", "watch http://a", "watch a b", "watch ftp://a b", "watch http://a b c", "--fast"];
  for (const words of lines) {
    const command = parseCommand(words.split(" ").filter(Boolean));
    assert.equal(command.kind, "wrong", words);
    assert.match(command.text, /--help/);
  }
});

test("the bar has the requested width and shows every non-zero part", () => {
  assert.equal(bar([0, 0, 10, 0], 10), "[··········]");
  assert.equal(bar([5, 0, 5, 0], 10), "[█████·····]");
  assert.equal(bar([1, 1, 10_000, 1], 10), "[█▒······· ]");
  for (const parts of [[3, 3, 3, 0], [1, 1, 1, 1], [7, 11, 13, 17]]) assert.equal(bar(parts, 40).length, 42);
  assert.equal(bar([0, 0, 0, 0], 4), "[    ]");
});

test("counts seats and what was sold in the last minute", () => {
  const view = new OnsaleView(EVENT);
  view.takeRoom(ROOM);
  view.takeSnapshot({ version: 1, seats: "..hxb", areas: [{ name: "Standing", free: 100 }] }, 0);
  view.takeDelta({ version: 2, seats: [[0, "x"], [1, "x"]], areas: [{ name: "Standing", free: 97 }] }, 30_000);
  assert.deepEqual(view.counts, { free: 0, held: 1, sold: 3, blocked: 1 });
  assert.equal(view.soldPerMinute(30_000), 5);
  assert.equal(view.soldPerMinute(59_000), 5);
  assert.equal(view.soldPerMinute(95_000), 0, "nothing sold in the minute since");
  const line = "phase=open issued=1200 admitted=500 admitted/min=60 active=40 free=0 held=1 sold=3 Standing=97";
  assert.equal(view.line(), line);
  view.isConnected = false;
  assert.match(view.screen(0).join("\n"), /1,200 issued, through 500 admitted, 60\/min, 40 active[^]*trying again/);
});

/** A server with one event whose streams can be cut. */
async function startServer() {
  const streams = new Set();
  let version = 1;
  const server = createServer((request, response) => {
    const json = (status, value) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (request.url === "/v1/events/night") return json(200, EVENT);
    if (!request.url.endsWith("/stream")) return json(404, { type: "/problems/not-found", title: "No", status: 404 });
    response.writeHead(200, { "content-type": "text/event-stream" });
    streams.add(response);
    const isRoom = request.url.includes("waiting-room");
    const snapshot = { version, seats: "..hx", areas: [{ name: "Standing", free: 90 }] };
    const [name, data] = isRoom ? ["room", ROOM] : ["snapshot", snapshot];
    response.write(`retry: 100\nid: ${version}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const end = () => {
    for (const stream of streams) stream.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    end,
    sell: (index) => {
      version += 1;
      const delta = JSON.stringify({ version, seats: [[index, "x"]], areas: [] });
      for (const stream of streams) stream.write(`id: ${version}\nevent: delta\ndata: ${delta}\n\n`);
    },
    cut: () => {
      for (const stream of streams) stream.destroy();
      streams.clear();
    },
    streams,
  };
}

/** @param {string[]} words */
function run(...words) {
  const child = spawn(process.execPath, [BIN, ...words], { env: { ...process.env, NODE_NO_WARNINGS: "1" } });
  const output = { out: "", err: "" };
  child.stdout.on("data", (data) => (output.out += data));
  child.stderr.on("data", (data) => (output.err += data));
  const exited = new Promise((resolve) => child.on("exit", (code, signal) => resolve({ code, signal, ...output })));
  /** @param {RegExp} pattern */
  const sees = async (pattern) => {
    for (let i = 0; i < 160; i += 1) {
      if (pattern.test(output.out)) return;
      await pause(50);
    }
    assert.fail(`${pattern} never came: ${JSON.stringify(output)}`);
  };
  return { child, exited, sees, output };
}

test("help exits with 0, wrong arguments with 2, an unknown event with 1", { timeout: 30_000 }, async () => {
  const help = await run("--help").exited;
  assert.equal(help.code, 0);
  assert.match(help.out, /watch <url> <event>/);
  assert.equal((await run("--version").exited).out, "0.1.0\n");
  const wrong = await run("wach").exited;
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /no command wach/);
  assert.equal(wrong.out, "");
  const server = await startServer();
  try {
    const unknown = await run("watch", server.url, "nope").exited;
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /no event nope/);
  } finally {
    await server.end();
  }
});

test("watch prints changes, reconnects by itself, and ends on Ctrl-C", { timeout: 30_000 }, async () => {
  const server = await startServer();
  const watching = run("watch", server.url, "night");
  try {
    await watching.sees(/free=2 held=1 sold=1 Standing=90/);
    server.sell(2);
    await watching.sees(/free=2 held=0 sold=2/);
    const quiet = watching.output.out;
    await pause(1500);
    assert.equal(watching.output.out, quiet, "nothing has changed");
    server.cut();
    for (let i = 0; i < 100 && server.streams.size < 2; i += 1) await pause(50);
    assert.equal(server.streams.size, 2, "both streams are open again");
    server.sell(0);
    await watching.sees(/free=1 held=1 sold=2/);
    watching.child.kill("SIGINT");
    const { code, signal, err } = await watching.exited;
    assert.deepEqual([code, signal, err], [0, null, ""]);
  } finally {
    watching.child.kill("SIGKILL");
    await server.end();
  }
});

test("watch waits for a server that isn't up yet, and ends on Ctrl-C then too", { timeout: 30_000 }, async () => {
  const server = await startServer();
  await server.end();
  const waiting = run("watch", server.url, "night");
  for (let i = 0; i < 100 && waiting.output.err === ""; i += 1) await pause(50);
  assert.match(waiting.output.err, /can't be reached/);
  waiting.child.kill("SIGINT");
  assert.equal((await waiting.exited).code, 0);
});
