/** Measures the door's decoder: how many photos of tickets it reads, how long that takes, and its size over the wire. */

import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { decode } from "../site/door/qr/decode.js";
import { LOOKS, barcodeLike, encode, photo, random } from "./qr-helpers.js";

const PHOTOS = 100;
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function timed(image) {
  const started = performance.now();
  const codes = decode(image);
  return { codes, milliseconds: performance.now() - started };
}

const grid = encode(barcodeLike(random(1)));
const frames = {
  "a ticket": photo(grid, { width: 1280, turn: 10, noise: 6, clutter: 60 }),
  "no code": photo(grid, { width: 1280, pixels: 0.01, noise: 6, clutter: 120 }),
  "noise alone": photo(grid, { width: 1280, pixels: 0.01, noise: 30 }),
};
for (const image of Object.values(frames)) for (let warm = 0; warm < 20; warm += 1) timed(image);

console.log("| 1280 × 720 pixels with | Median | Slowest |\n| --- | --- | --- |");
for (const [name, image] of Object.entries(frames)) {
  const times = Array.from({ length: 60 }, () => timed(image).milliseconds);
  console.log(`| ${name} | ${median(times).toFixed(1)} ms | ${Math.max(...times).toFixed(1)} ms |`);
}

console.log(`\n| 960 × 720 pixels, a ticket | Read, of ${PHOTOS} | Wrong | Median |\n| --- | --- | --- | --- |`);
for (const [name, lookFor] of Object.entries(LOOKS)) {
  const next = random(11);
  const times = [];
  let [read, wrong] = [0, 0];
  for (let round = 0; round < PHOTOS; round += 1) {
    const text = barcodeLike(next);
    const { codes, milliseconds } = timed(photo(encode(text), { seed: round, ...lookFor(next) }));
    times.push(milliseconds);
    if (codes.some((code) => code.text === text)) read += 1;
    if (codes.some((code) => code.text !== text)) wrong += 1;
  }
  console.log(`| ${name} | ${read} | ${wrong} | ${median(times).toFixed(1)} ms |`);
}

const folder = new URL("../site/door/qr/", import.meta.url);
const modules = readdirSync(folder).map((name) => readFileSync(new URL(name, folder)));
const size = (buffers) => buffers.reduce((sum, buffer) => sum + buffer.length, 0);
const zipped = size(modules.map((module) => gzipSync(module, { level: 9 })));
console.log(`\nThe decoder: ${modules.length} modules, ${size(modules)} bytes, ${zipped} gzipped one by one`);
