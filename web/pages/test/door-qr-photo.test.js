import assert from "node:assert/strict";
import test from "node:test";
import { decode } from "../site/door/qr/decode.js";
import { halved, lumaOf } from "../site/door/qr/luma.js";
import { LOOKS, barcodeLike, encode, photo, random, textOf } from "./qr-helpers.js";

for (const [name, lookFor] of Object.entries(LOOKS)) {
  test(`a ticket is read: ${name}`, () => {
    const next = random(name.length);
    let read = 0;
    for (let round = 0; round < 6; round += 1) {
      const text = barcodeLike(next);
      const codes = decode(photo(encode(text), { seed: round, ...lookFor(next) }));
      // What is read is right, however hard it was.
      assert.deepEqual(codes.map((code) => code.text).filter((found) => found !== text), []);
      read += codes.length;
    }
    assert.ok(read >= 5, `${read} of 6`);
  });
}

test("codes of all sizes are read from a side", () => {
  const next = random(2);
  for (const version of [1, 2, 3, 6, 7, 10, 14, 21, 28, 35, 40]) {
    const text = textOf(next, version === 1 ? 8 : 20 * version);
    const pixels = Math.min(10, 600 / (25 + 4 * version));
    const grid = encode(text, { version });
    const look = { pixels, turn: next() * 20, tilt: 0.1, tiltTo: next() * 360 };
    assert.deepEqual(decode(photo(grid, look)).map((code) => code.text), [text], `version ${version}`);
  }
});

test("a stain on a code doesn't matter", () => {
  const text = barcodeLike(random(3));
  const image = photo(encode(text), { turn: 20 });
  for (let y = -26; y < 26; y += 1) for (let x = -26; x < 26; x += 1) image.data[(390 + y) * image.width + 440 + x] = 60;
  assert.equal(decode(image)[0]?.text, text);
});

test("several codes in view are all read, each with its place", () => {
  const left = photo(encode("on the left"), { x: 250 });
  const right = photo(encode("on the right"), { x: 720 });
  const both = { ...left, data: left.data.map((value, at) => (at % left.width < 480 ? value : right.data[at])) };
  const codes = decode(both).sort((a, b) => a.x - b.x);
  assert.deepEqual(codes.map((code) => code.text), ["on the left", "on the right"]);
  assert.ok(Math.abs(codes[0].x - 250) < 6 && Math.abs(codes[1].x - 720) < 6 && Math.abs(codes[0].y - 360) < 6);
});

test("a code that is too damaged gives nothing", () => {
  const grid = encode(barcodeLike(random(4)));
  const next = random(5);
  for (let y = 9; y < grid.width - 9; y += 1) {
    for (let x = 9; x < grid.width - 9; x += 1) if (next() < 0.3) grid.modules[y * grid.width + x] ^= 1;
  }
  assert.deepEqual(decode(photo(grid)), []);
});

/** An image whose pixels are given by their places. */
function image(width, height, valueAt) {
  const data = new Uint8Array(width * height);
  for (let at = 0; at < data.length; at += 1) data[at] = valueAt(at % width, Math.floor(at / width));
  return { width, height, data };
}

/** A field of finder patterns. */
const finders = (span, pixels) => (x, y) => {
  const [i, j] = [Math.floor(x / pixels) % span, Math.floor(y / pixels) % span];
  const ring = Math.max(Math.abs(i - 3), Math.abs(j - 3));
  return ring === 2 || ring > 3 ? 255 : 0;
};

test("whatever is no code gives nothing, in bounded time", () => {
  const next = random(6);
  const coarse = Array.from({ length: 400 * 400 }, () => (next() < 0.5 ? 0 : 255));
  const pictures = {
    white: () => 255,
    noise: () => next() * 256,
    "black and white noise": () => (next() < 0.5 ? 0 : 255),
    "coarse noise": (x, y) => coarse[(y >> 2) * 400 + (x >> 2)],
    "checkered": (x, y) => (((x >> 1) + (y >> 1)) % 2) * 255,
    stripes: (x) => [0, 255, 0, 0, 0, 255, 0, 255, 255][x % 9],
    "finders of 1 pixel": finders(9, 1),
    "finders of 2 pixels": finders(9, 2),
    "finders side by side": finders(8, 7),
    "finders of 4 pixels, apart": finders(21, 4),
    "finders of 3 pixels, far apart": finders(30, 3),
  };
  for (const [name, valueAt] of Object.entries(pictures)) {
    const started = performance.now();
    assert.deepEqual(decode(image(1280, 720, valueAt)), [], name);
    // A tenth of that is usual; machines that test are busy.
    assert.ok(performance.now() - started < 3000, name);
  }
});

test("small images by chance give nothing", () => {
  const next = random(7);
  for (let round = 0; round < 300; round += 1) {
    const [width, height] = [1 + Math.floor(next() * 120), 1 + Math.floor(next() * 120)];
    const part = next();
    assert.deepEqual(decode(image(width, height, () => (next() < part ? 20 * next() : 255))), []);
  }
});

test("what is no image gives nothing", () => {
  const data = new Uint8Array(100);
  for (const [width, height] of [[0, 0], [0, 100], [100, 0], [-10, -10], [10, 11], [NaN, 10], [2.5, 40], [1e6, 1e6]]) {
    assert.deepEqual(decode({ width, height, data }), []);
  }
  assert.deepEqual(decode({ width: 3000, height: 3000, data: new Uint8Array(9_000_000) }), [], "too much work");
  assert.deepEqual(decode({ width: 1, height: 1, data: new Uint8Array(1) }), []);
});

test("brightness is what eyes see of colors", () => {
  const rgba = Uint8ClampedArray.from([255, 255, 255, 255, 0, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255]);
  const luma = lumaOf({ width: 2, height: 2, data: rgba });
  assert.deepEqual([...luma.data], [255, 0, 149, 28]);
  assert.deepEqual([...halved(luma).data], [108]);
});
