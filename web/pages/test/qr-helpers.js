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

/** The projective mapping of the unit square's corners to four points, as nine numbers. */
function ofSquare([p0, p1, p2, p3]) {
  const [sx, sy] = [p0.x - p1.x + p2.x - p3.x, p0.y - p1.y + p2.y - p3.y];
  const [dx1, dy1, dx2, dy2] = [p1.x - p2.x, p1.y - p2.y, p3.x - p2.x, p3.y - p2.y];
  const divisor = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / divisor;
  const h = (dx1 * sy - sx * dy1) / divisor;
  return [p1.x - p0.x + g * p1.x, p3.x - p0.x + h * p3.x, p0.x, p1.y - p0.y + g * p1.y, p3.y - p0.y + h * p3.y, p0.y, g, h, 1];
}

/** The inverse of a mapping, but for a factor. */
function inverted([a, b, c, d, e, f, g, h, i]) {
  return [
    e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g,
    b * g - a * h, a * e - b * d,
  ];
}

/**
 * A photo of a code.
 * @param {import("../site/door/qr/grid.js").Grid} grid
 * @param {object} look
 *   `pixels`: of a module; `turn`: in degrees; `tilt`: how much smaller the far side is, from 0 to 0.5; `tiltTo`: which
 *   side that is, in degrees; `dark`, `light`: from 0 to 255; `gradient`: how much darker one side of the picture is,
 *   from 0 to 1; `blur`: the radius, in pixels; `noise`: its standard deviation; `clutter`: how many bars and boxes are
 *   around it; `isMirrored`, `seed`
 */
export function photo(grid, look = {}) {
  const { width = 960, height = 720, pixels = 6, turn = 0, tilt = 0, tiltTo = 0, dark = 30, light = 225, gradient = 0 } = look;
  const { blur = 0, noise = 0, clutter = 0, isMirrored = false, seed = 1, x: middleX = width / 2, y: middleY = height / 2 } = look;
  const span = grid.width + 8;
  const angle = (turn * Math.PI) / 180;
  const away = (tiltTo * Math.PI) / 180;
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([u, v]) => {
    const x = u * Math.cos(angle) - v * Math.sin(angle);
    const y = u * Math.sin(angle) + v * Math.cos(angle);
    const depth = 1 + (tilt * (x * Math.cos(away) + y * Math.sin(away))) / Math.SQRT2;
    // What is tilted is also seen shorter that way.
    return { x: middleX + ((x * span * pixels) / 2) / depth, y: middleY + ((y * span * pixels) / 2) / depth };
  });
  const back = inverted(ofSquare(corners));
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      // Four rays a pixel.
      for (const [dx, dy] of [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]) {
        const w = back[6] * (x + dx) + back[7] * (y + dy) + back[8];
        const u = ((back[0] * (x + dx) + back[1] * (y + dy) + back[2]) / w) * span - 4;
        const v = ((back[3] * (x + dx) + back[4] * (y + dy) + back[5]) / w) * span - 4;
        const isOutside = u < -4 || v < -4 || u >= grid.width + 4 || v >= grid.width + 4;
        const column = Math.floor(isMirrored ? grid.width - u : u);
        const isInside = column >= 0 && v >= 0 && column < grid.width && v < grid.width;
        if (isOutside) sum += 120;
        else sum += isInside && grid.modules[Math.floor(v) * grid.width + column] ? dark : light;
      }
      values[y * width + x] = (sum / 4) * (1 - gradient * (x / width));
    }
  }
  const next = random(seed);
  const reach = (span * pixels) / Math.SQRT2;
  for (let left = clutter; left > 0; left -= 1) {
    const [boxX, boxY, across, down] = [next() * width, next() * height, 3 + next() ** 3 * 200, 3 + next() ** 3 * 200];
    const shade = next() < 0.5 ? dark : light;
    for (let y = Math.floor(boxY); y < Math.min(height, boxY + down); y += 1) {
      for (let x = Math.floor(boxX); x < Math.min(width, boxX + across); x += 1) {
        if (Math.hypot(x - middleX, y - middleY) > reach) values[y * width + x] = shade;
      }
    }
  }
  for (let round = 0; round < 2 && blur > 0; round += 1) soften(values, width, height, blur);
  const data = new Uint8ClampedArray(width * height);
  for (let at = 0; at < data.length; at += 1) {
    const gauss = next() + next() + next() + next() - 2;
    data[at] = values[at] + gauss * Math.sqrt(3) * noise;
  }
  return { width, height, data };
}

/** Each pixel becomes the mean of those around it, one way and then the other. */
function soften(values, width, height, radius) {
  const whole = Math.floor(radius);
  const edge = radius - whole;
  for (const [count, step, lines, jump] of [[width, 1, height, width], [height, width, width, 1]]) {
    const line = new Float32Array(count);
    for (let n = 0; n < lines; n += 1) {
      for (let i = 0; i < count; i += 1) line[i] = values[n * jump + i * step];
      for (let i = 0; i < count; i += 1) {
        let sum = 0;
        for (let k = -whole - 1; k <= whole + 1; k += 1) {
          const weight = Math.abs(k) <= whole ? 1 : edge;
          sum += weight * line[Math.min(count - 1, Math.max(0, i + k))];
        }
        values[n * jump + i * step] = sum / (2 * radius + 1);
      }
    }
  }
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A text of so many characters. */
export const textOf = (next, length, from = BASE64URL) =>
  Array.from({ length }, () => from[Math.floor(next() * from.length)]).join("");

/** A text as long as a ticket's barcode, in the same characters. */
export const barcodeLike = (next) => `${textOf(next, 60)}.${textOf(next, 108)}.${textOf(next, 86)}`;

/** What phones see of tickets, from easy to hard. Each gives a look by chance. */
export const LOOKS = {
  "straight ahead": () => ({}),
  "3 pixels a module": () => ({ pixels: 3 }),
  "2.2 pixels a module": () => ({ pixels: 2.2 }),
  "turned by any angle": (next) => ({ turn: next() * 360 }),
  "tilted: the far side 2/3 as large": (next) => ({ turn: next() * 360, tilt: 0.2, tiltTo: next() * 360, pixels: 5.5 }),
  "tilted: the far side half as large": (next) => ({ turn: next() * 360, tilt: 0.33, tiltTo: next() * 360, pixels: 5 }),
  "out of focus by 2/3 of a module": (next) => ({ turn: next() * 360, blur: 2 }),
  "noise of 20": (next) => ({ turn: next() * 360, noise: 20 }),
  "noise of 40": (next) => ({ turn: next() * 360, noise: 40 }),
  "light from one side": (next) => ({ turn: next() * 360, gradient: 0.7 }),
  "little contrast": (next) => ({ turn: next() * 360, dark: 90, light: 140, noise: 4 }),
  "light on dark": (next) => ({ turn: next() * 360, dark: 225, light: 30 }),
  "in a mirror": (next) => ({ turn: next() * 360, isMirrored: true }),
  "among bars and boxes": (next) => ({ turn: next() * 360, pixels: 4, clutter: 150, noise: 6 }),
  "a bit of everything": (next) => ({
    turn: next() * 360, tilt: 0.2 * next(), tiltTo: next() * 360, pixels: 4 + 2 * next(), noise: 12, blur: 1.2,
    gradient: 0.5 * next(), clutter: 60, dark: 20 + 40 * next(), light: 180 + 60 * next(),
  }),
};
