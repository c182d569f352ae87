import assert from "node:assert/strict";
import test from "node:test";
import { calendarFile } from "../site/fan/ics.js";

const appointment = {
  uid: "ord_1@onsale", startsAt: "2027-03-01T19:00:00.000+09:00", stampedAt: "2026-11-24T04:00:00.123Z",
  summary: "Night; one, two", location: "Arena", description: "a\nb\\c", url: "https://example.com/orders/e/ord_1",
};

test("times are UTC, text is escaped, lines end in CRLF", () => {
  const text = calendarFile(appointment);
  assert.match(text, /^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\n/);
  assert.match(text, /\r\nEND:VCALENDAR\r\n$/);
  assert.match(text, /\r\nDTSTART:20270301T100000Z\r\n/);
  assert.match(text, /\r\nDTSTAMP:20261124T040000Z\r\n/);
  assert.match(text, /\r\nSUMMARY:Night\\; one\\, two\r\n/);
  assert.match(text, /\r\nDESCRIPTION:a\\nb\\\\c\r\n/);
  assert.equal(text.replace(/\r\n/g, "").includes("\n"), false);
});

test("lines fold at 75 octets, never inside a character, and unfold to the original", () => {
  const summary = "가나다라마바사".repeat(12) + "🎫".repeat(20);
  const text = calendarFile({ ...appointment, summary });
  const encoder = new TextEncoder();
  const lines = text.split("\r\n");
  for (const line of lines) assert.ok(encoder.encode(line).length <= 75, line);
  assert.ok(lines.some((line) => encoder.encode(line).length > 70));
  assert.ok(text.replace(/\r\n /g, "").includes(`SUMMARY:${summary}\r\n`));
  assert.equal(text.includes("\ufffd"), false);
});
