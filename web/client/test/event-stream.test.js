import assert from "node:assert/strict";
import test from "node:test";
import { EventStreamParser } from "../src/index.js";

const STREAM =
  ": hello\nretry: 2500\n\nid: 1\nevent: snapshot\ndata: {\"a\":\ndata: 1}\n\n" +
  ":heartbeat\n\ndata:no space\ndata:  two\nid\n\nid: 3\n\n" +
  "event: alone\n\nunknown: field\ndata\n\ndata: 좌석 🎫\n\ndata: not yet whole";
const EVENTS = [
  { name: "snapshot", data: '{"a":\n1}', id: "1" },
  { name: "message", data: "no space\n two", id: "" },
  { name: "message", data: "", id: "3" },
  { name: "message", data: "좌석 🎫", id: "3" },
];

for (const [name, end] of [["LF", "\n"], ["CRLF", "\r\n"], ["CR", "\r"]]) {
  test(`chunks of any size yield the same events, with lines ending in ${name}`, () => {
    const text = STREAM.replaceAll("\n", end);
    for (let size = 1; size <= text.length; size += 1) {
      const parser = new EventStreamParser();
      const events = [];
      for (let at = 0; at < text.length; at += size) events.push(...parser.feed(text.slice(at, at + size)));
      assert.deepEqual(events, EVENTS, `chunks of ${size}`);
      assert.equal(parser.retryMilliseconds, 2500);
    }
  });
}

test("a CRLF split across chunks is one line ending, two CRs are two", () => {
  const cut = new EventStreamParser();
  assert.deepEqual(cut.feed("data: a\r"), []);
  assert.deepEqual(cut.feed("\ndata: b\r"), [], "the event has two lines");
  assert.deepEqual(cut.feed("\n\r\n"), [{ name: "message", data: "a\nb", id: undefined }]);
  const returns = new EventStreamParser();
  assert.deepEqual(returns.feed("data: a\r\r"), [{ name: "message", data: "a", id: undefined }]);
});

test("a non-numeric retry and an id with a NUL are ignored", () => {
  const parser = new EventStreamParser();
  const events = parser.feed("id: 7\ndata: a\n\nretry: soon\nid: 8\0\ndata: b\n\n");
  assert.deepEqual(events.map((event) => event.id), ["7", "7"]);
  assert.equal(parser.retryMilliseconds, undefined);
});

test("an event without data is dropped, and its name doesn't carry over to the next", () => {
  const parser = new EventStreamParser();
  assert.deepEqual(parser.feed("event: a\n\ndata: b\n\n"), [{ name: "message", data: "b", id: undefined }]);
});
