import { inkOn } from "./colors.js";
import { Look, LOOK_COUNT } from "./looks.js";

/**
 * @typedef {import("./colors.js").Palette} Palette
 * @typedef {CanvasRenderingContext2D} Context
 */

/** Below this many device pixels a seat is drawn as a square; roundness would not show. */
const ROUND_FROM = 6;

/**
 * Seats drawn once per category and look, at one size, and copied from then on, which is far cheaper than drawing ten
 * thousand circles. Looks differ in shape, not in color alone.
 */
export class SeatSprites {
  #atlas;
  #perLine;
  #cell;
  /** @type {string[]} */
  #squares = [];
  /** @type {number[]} */
  #sides = [];

  /**
   * @param {number} diameter in device pixels
   * @param {string[]} colors of the categories, legible on the palette's ground @param {Palette} palette
   */
  constructor(diameter, colors, palette) {
    this.diameter = diameter;
    this.isRound = diameter >= ROUND_FROM;
    this.size = this.isRound ? Math.ceil(diameter) + 2 : Math.max(1, Math.round(diameter));
    this.#cell = this.size;
    const count = Math.max(1, colors.length) * LOOK_COUNT;
    this.#perLine = Math.max(1, Math.min(count, Math.floor(4096 / this.#cell)));
    const lines = Math.ceil(count / this.#perLine);
    this.#atlas = document.createElement("canvas");
    this.#atlas.width = this.isRound ? this.#perLine * this.#cell : 1;
    this.#atlas.height = this.isRound ? lines * this.#cell : 1;
    const context = /** @type {CanvasRenderingContext2D} */ (this.#atlas.getContext("2d"));
    for (const [category, color] of colors.entries()) {
      for (let look = 0; look < LOOK_COUNT; look += 1) {
        const place = category * LOOK_COUNT + look;
        const pencil = pencilFor(look, color, palette);
        this.#squares[place] = pencil.fill ?? pencil.line ?? palette.blocked;
        this.#sides[place] = pencil.side * this.size;
        if (!this.isRound) continue;
        context.save();
        context.translate((place % this.#perLine) * this.#cell, Math.floor(place / this.#perLine) * this.#cell);
        context.translate(this.size / 2, this.size / 2);
        drawSeat(context, diameter / 2, pencil);
        context.restore();
      }
    }
  }

  /**
   * @param {Context} context in device pixels @param {number} left @param {number} top of the whole sprite, as integers
   * @param {number} category @param {number} look
   */
  draw(context, left, top, category, look) {
    const place = category * LOOK_COUNT + look;
    if (this.isRound) {
      const x = (place % this.#perLine) * this.#cell;
      const y = Math.floor(place / this.#perLine) * this.#cell;
      context.drawImage(this.#atlas, x, y, this.size, this.size, left, top, this.size, this.size);
      return;
    }
    const side = Math.max(1, Math.round(/** @type {number} */ (this.#sides[place])));
    const inset = (this.size - side) >> 1;
    context.fillStyle = /** @type {string} */ (this.#squares[place]);
    context.fillRect(left + inset, top + inset, side, side);
  }
}

/**
 * @typedef {object} Pencil
 * @property {string} [fill] color of the disc
 * @property {string} [line] color of its outline
 * @property {string} [half] color of its left half
 * @property {string} [check] color of a check mark on it
 * @property {string} [cross] color of a cross
 * @property {number} side diameter, as a fraction of a full seat
 */

/** @param {number} look @param {string} color of the category @param {Palette} palette @returns {Pencil} */
function pencilFor(look, color, palette) {
  switch (look) {
    case Look.free:
      return { fill: color, side: 1 };
    case Look.dim:
      return { line: color, side: 0.6 };
    case Look.held:
      return { line: palette.held, half: palette.held, side: 0.75 };
    case Look.sold:
      return { fill: palette.sold, side: 0.4 };
    case Look.blocked:
      return { cross: palette.blocked, side: 0.45 };
    case Look.mine:
      return { fill: palette.good, check: inkOn(palette.good), side: 1 };
    default:
      return { fill: palette.ink, check: inkOn(palette.ink), side: 1 };
  }
}

/** @param {Context} context with its origin at the center of the seat @param {number} radius @param {Pencil} pencil */
function drawSeat(context, radius, pencil) {
  const full = radius * (pencil.cross === undefined ? pencil.side : 1);
  const width = Math.max(1, radius * 0.2);
  if (pencil.fill !== undefined) {
    context.fillStyle = pencil.fill;
    context.beginPath();
    context.arc(0, 0, full, 0, 2 * Math.PI);
    context.fill();
  }
  context.lineWidth = width;
  if (pencil.line !== undefined) {
    context.strokeStyle = pencil.line;
    context.beginPath();
    context.arc(0, 0, full - width / 2, 0, 2 * Math.PI);
    context.stroke();
  }
  if (pencil.half !== undefined) {
    context.fillStyle = pencil.half;
    context.beginPath();
    context.arc(0, 0, full - width / 2, Math.PI / 2, 1.5 * Math.PI);
    context.fill();
  }
  context.lineCap = "round";
  context.lineJoin = "round";
  if (pencil.cross !== undefined) {
    const arm = radius * 0.5;
    context.strokeStyle = pencil.cross;
    context.lineWidth = Math.max(1, radius * 0.26);
    context.beginPath();
    context.moveTo(-arm, -arm);
    context.lineTo(arm, arm);
    context.moveTo(arm, -arm);
    context.lineTo(-arm, arm);
    context.stroke();
  }
  if (pencil.check !== undefined) {
    context.strokeStyle = pencil.check;
    context.lineWidth = Math.max(1.2, radius * 0.28);
    context.beginPath();
    context.moveTo(-radius * 0.42, radius * 0.04);
    context.lineTo(-radius * 0.1, radius * 0.36);
    context.lineTo(radius * 0.46, -radius * 0.32);
    context.stroke();
  }
}
