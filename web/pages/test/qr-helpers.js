import { spawnSync } from "node:child_process";
import { emptyGrid } from "../site/door/qr/grid.js";

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A code as libqrencode makes it, as a grid. Needs the command `qrencode` of Debian's package of that name. */
export function encode(content, { version = 1, level = "M", flags = [] } = {}) {
  const options = ["-t", "ASCII", "-m", "0", "-v", String(version), "-l", level, ...flags, "-o", "-"];
  const { status, stdout, stderr, error } = spawnSync("qrencode", options, { input: content });
  if (error) throw new Error(`The package qrencode is needed: ${error.message}`);
  if (status !== 0) throw new Error(String(stderr));
  const lines = String(stdout).split("\n").filter((line) => line !== "");
  const grid = emptyGrid((lines.length - 17) / 4);
  lines.forEach((line, y) => {
    for (let x = 0; x < grid.width; x += 1) grid.modules[y * grid.width + x] = Number(line[2 * x] === "#");
  });
  return grid;
}
