import assert from "node:assert/strict";
import test from "node:test";
import { readFormat } from "../site/door/qr/format.js";
import { multiply, power } from "../site/door/qr/galois.js";
import { mirrored, reservedOf } from "../site/door/qr/grid.js";
import { correct } from "../site/door/qr/reed-solomon.js";
import { readText } from "../site/door/qr/segments.js";
import { readSymbol } from "../site/door/qr/symbol.js";
import { encode, random, textOf } from "./qr-helpers.js";

const LEVELS = ["L", "M", "Q", "H"];
const HANGUL = "가나다라마바사아자차카타파하각낙닥락막박";
const MODES = {
  numeric: (next, length) => textOf(next, length, "0123456789"),
  alphanumeric: (next, length) => textOf(next, length, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"),
  bytes: (next, length) => textOf(next, length),
  "UTF-8": (next, length) => textOf(next, Math.ceil(length / 3), HANGUL),
  mixed: (next, length) => textOf(next, length / 3, "0123456789") + textOf(next, length / 3, "ABC:/ ") + textOf(next, length / 6, HANGUL),
};

test("libqrencode's codes of every version, level and mode are read", () => {
  const next = random(1);
  const [versions, masks] = [new Set(), new Set()];
  for (let version = 1; version <= 40; version += 1) {
    for (const level of LEVELS) {
      for (const [mode, textFor] of Object.entries(MODES)) {
        // Level H has room for about so many bytes.
        const text = textFor(next, 6 + Math.floor(next() * version * version * 0.6));
        const grid = encode(text, { version, level });
        assert.equal(readSymbol(grid), text, `${mode} in ${version}-${level}`);
        versions.add(grid.version);
        masks.add(readFormat(grid).mask);
        assert.equal(readFormat(grid).level, level);
      }
    }
  }
  assert.equal(versions.size, 40);
  assert.equal(masks.size, 8);
});

test("full codes are read", () => {
  const next = random(2);
  for (const [level, digits] of [["L", 7089], ["M", 5596], ["Q", 3993], ["H", 3057]]) {
    const text = textOf(next, digits, "0123456789");
    const grid = encode(text, { level });
    assert.equal(grid.version, 40);
    assert.equal(readSymbol(grid), text);
  }
});

test("kanji are read", () => {
  // The standard's example: 点 and 茗 in Shift JIS.
  const grid = encode(Buffer.from([0x93, 0x5f, 0xe4, 0xaa]), { flags: ["-k"] });
  assert.equal(readSymbol(grid), "点茗");
});

test("a code in a mirror is read", () => {
  const grid = encode("https://example.com/", { version: 7 });
  assert.equal(readSymbol(mirrored(grid)), "https://example.com/");
});

test("the format survives three wrong modules in each copy, and damage of one copy", () => {
  const grid = encode("format", { level: "H" });
  const format = readFormat(grid);
  for (const [x, y] of [[8, 0], [8, 1], [8, 2], [grid.width - 1, 8], [grid.width - 2, 8], [grid.width - 3, 8]]) {
    grid.modules[y * grid.width + x] ^= 1;
  }
  assert.deepEqual(readFormat(grid), format);
  for (let at = 0; at < 8; at += 1) grid.modules[8 * grid.width + at] ^= 1;
  assert.deepEqual(readFormat(grid), format);
});

/** A block with its checks, by the generator's long division. */
function blockOf(data, checks) {
  let generator = [1];
  for (let exponent = 0; exponent < checks; exponent += 1) {
    const shifted = [...generator, 0];
    generator.forEach((value, index) => (shifted[index + 1] ^= multiply(value, power(exponent))));
    generator = shifted;
  }
  const rest = [...data, ...new Array(checks).fill(0)];
  data.forEach((_, at) => {
    const factor = rest[at];
    generator.forEach((value, index) => (rest[at + index] ^= multiply(value, factor)));
  });
  return Uint8Array.from([...data, ...rest.slice(data.length)]);
}

test("as many errors are corrected as the code can, wherever they are, and never more", () => {
  const next = random(3);
  const byte = () => Math.floor(next() * 256);
  for (let round = 0; round < 400; round += 1) {
    const checks = 7 + Math.floor(next() * 24);
    const most = checks >> 1;
    const right = blockOf(Array.from({ length: 1 + Math.floor(next() * 120) }, byte), checks);
    const places = Array.from(right, (_, index) => index).sort(() => next() - 0.5);
    const damage = (count) => {
      const block = right.slice();
      for (const place of places.slice(0, count)) block[place] ^= 1 + Math.floor(next() * 255);
      return block;
    };
    const few = damage(Math.floor(next() * (most + 1)));
    assert.equal(correct(few, checks, most), true);
    assert.deepEqual(few, right);
    // With more errors it may at most find another word of the code, which is rare, and never a wrong one of none.
    const many = damage(Math.min(right.length, most + 1));
    if (correct(many, checks, most)) assert.deepEqual(blockOf([...many.slice(0, -checks)], checks), many);
    assert.equal(correct(damage(2), checks, 1), false, "fewer are corrected than could be, if so asked");
  }
});

test("a stain as large as a level corrects doesn't matter, and a code with more errors gives nothing", () => {
  const next = random(4);
  for (const [level, side] of [["L", 5], ["M", 8], ["Q", 14], ["H", 18]]) {
    for (let round = 0; round < 10; round += 1) {
      const text = textOf(next, 60);
      const grid = encode(text, { level });
      const reserved = reservedOf(grid.version).modules;
      const [left, top] = [next(), next()].map((part) => Math.floor(part * (grid.width - side)));
      for (let at = 0; at < grid.modules.length; at += 1) {
        const [x, y] = [(at % grid.width) - left, Math.floor(at / grid.width) - top];
        if (!reserved[at] && x >= 0 && y >= 0 && x < side && y < side) grid.modules[at] = 1;
      }
      assert.equal(readSymbol(grid), text, `${level} with ${side}`);
      for (let at = 0; at < grid.modules.length; at += 1) if (!reserved[at] && next() < 0.4) grid.modules[at] ^= 1;
      assert.equal(readSymbol(grid), undefined);
    }
  }
});

/** Bytes from strings of bits. */
function bytesOf(...bits) {
  const all = bits.join("");
  return Uint8Array.from(all.match(/.{1,8}/g) ?? [], (byte) => parseInt(byte.padEnd(8, "0"), 2));
}
const bits = (value, count) => value.toString(2).padStart(count, "0");
const byteSegment = (bytes) => "0100" + bits(bytes.length, 8) + bytes.map((byte) => bits(byte, 8)).join("");

test("character sets that a code names are used", () => {
  assert.equal(readText(bytesOf("0111", bits(26, 8), byteSegment([0xea, 0xb0, 0x80])), 1), "가");
  assert.equal(readText(bytesOf("0111", bits(30, 8), byteSegment([0xb0, 0xa1])), 1), "가");
  assert.equal(readText(bytesOf(byteSegment([0xe9])), 1), "é", "Latin-1, where it is no UTF-8");
  // Two segments with a character in parts.
  assert.equal(readText(bytesOf(byteSegment([0xea, 0xb0]), byteSegment([0x80])), 1), "가");
  // One of several codes, and text for an application.
  assert.equal(readText(bytesOf("0011", bits(0x1234, 16), byteSegment([65])), 1), "A");
  assert.equal(readText(bytesOf("0101", byteSegment([65])), 1), "A");
  assert.equal(readText(bytesOf("1001", bits(37, 8), byteSegment([65])), 1), "A");
});

test("data that is no text gives nothing", () => {
  assert.equal(readText(bytesOf("0100", bits(200, 8), "01000001"), 1), undefined, "longer than the code");
  assert.equal(readText(bytesOf("0001", bits(3, 10), bits(1001, 10)), 1), undefined, "1001 is no three digits");
  assert.equal(readText(bytesOf("0010", bits(2, 9), bits(2025, 11)), 1), undefined);
  assert.equal(readText(bytesOf("1111", bits(1, 8)), 1), undefined, "an unknown mode");
  assert.equal(readText(new Uint8Array(0), 1), "");
  const next = random(5);
  for (let round = 0; round < 3000; round += 1) {
    const data = Uint8Array.from({ length: 40 }, () => Math.floor(next() * 256));
    readText(data, 1 + Math.floor(next() * 40));
  }
});
