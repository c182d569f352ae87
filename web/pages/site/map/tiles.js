import { inkOn, legible, mix, tint } from "./colors.js";
import { meet, widened } from "./geometry.js";
import { Look } from "./looks.js";
import { ROW_NAMES_FROM } from "./row-names.js";
import { SeatSprites } from "./sprites.js";

/**
 * @typedef {import("./colors.js").Palette} Palette
 * @typedef {import("./geometry.js").Bounds} Bounds
 * @typedef {import("./looks.js").Scene} Scene
 * @typedef {import("./grid.js").SeatGrid} SeatGrid
 * @typedef {{ canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, column: number, row: number, isStale: boolean }} Tile
 */

const TILE = 320;
/** A seat's width as a fraction of the distance to its neighbor. */
const SEAT_SHARE = 0.82;
/** The pixels between neighbors from which seats show their number. */
const NUMBERS_FROM = 24;

/**
 * The path of an outline, in plan units.
 * @param {{ x: number, y: number }[]} points
 */
export function pathOf(points) {
  const path = new Path2D();
  for (const [place, { x, y }] of points.entries()) {
    if (place === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  }
  path.closePath();
  return path;
}

/**
 * The plan at one scale, as small canvases that are drawn on demand and afterwards only moved, which costs no script
 * time. When a seat changes, only that seat is redrawn.
 */
export class TileLayer {
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  #scene;
  #grid;
  #paths;
  #palette;
  #ratio;
  #side;
  #colors;
  #sprites;
  /** @type {string[]} */
  #tints = [];

  /**
   * @param {Scene} scene @param {SeatGrid} grid @param {Path2D[]} paths of the sections @param {Palette} palette
   * @param {number} scale CSS pixels per plan unit @param {number} ratio device pixels per CSS pixel
   */
  constructor(scene, grid, paths, palette, scale, ratio) {
    this.#scene = scene;
    this.#grid = grid;
    this.#paths = paths;
    this.#palette = palette;
    this.scale = scale;
    this.#ratio = ratio;
    this.#side = Math.ceil(TILE * ratio);
    this.element = document.createElement("div");
    this.element.className = "seat-map-layer";
    const diameter = scene.chart.spacing * SEAT_SHARE * scale * ratio;
    this.#colors = scene.chart.categories.map(({ color }) => legible(color, palette.section));
    this.#sprites = new SeatSprites(Math.min(diameter, 160), this.#colors, palette);
    this.#tint();
  }

  /** Marks everything to be redrawn when there is time. */
  invalidate() {
    this.#tint();
    for (const tile of this.#tiles.values()) tile.isStale = true;
  }

  /**
   * Draws the missing tiles of a part of the plan.
   * @param {Bounds} part @param {number} deadline by `performance.now()`; at least one tile is drawn
   * @returns {boolean} whether no tile is missing any more
   */
  fill(part, deadline) {
    const { left, top, right, bottom } = this.#span(part);
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) {
        const known = this.#tiles.get(`${column} ${row}`);
        if (known && !known.isStale) continue;
        this.#draw(known ?? this.#makeTile(column, row));
        if (performance.now() > deadline) return row === bottom && column === right;
      }
    }
    return true;
  }

  /**
   * Drops tiles far from a part of the plan.
   * @param {Bounds} part
   */
  trim(part) {
    const { left, top, right, bottom } = this.#span(part);
    for (const [key, tile] of this.#tiles) {
      const isNear =
        tile.column >= left - 1 && tile.column <= right + 1 && tile.row >= top - 1 && tile.row <= bottom + 1;
      if (isNear) continue;
      tile.canvas.remove();
      // Frees the memory at once instead of at the next garbage collection.
      tile.canvas.width = 0;
      this.#tiles.delete(key);
    }
  }

  /** @param {Iterable<number>} seats the ones that changed */
  repaint(seats) {
    const half = this.#sprites.size / 2 + 1;
    const scale = this.scale * this.#ratio;
    for (const index of seats) {
      const x = (this.#scene.chart.x[index] ?? 0) * scale;
      const y = (this.#scene.chart.y[index] ?? 0) * scale;
      const lastRow = Math.floor((y + half) / this.#side);
      const lastColumn = Math.floor((x + half) / this.#side);
      for (let row = Math.floor((y - half) / this.#side); row <= lastRow; row += 1) {
        for (let column = Math.floor((x - half) / this.#side); column <= lastColumn; column += 1) {
          const tile = this.#tiles.get(`${column} ${row}`);
          if (!tile || tile.isStale) continue;
          this.#erase(tile, index);
          this.#drawSeat(tile, index);
        }
      }
    }
  }

  remove() {
    this.element.remove();
    for (const tile of this.#tiles.values()) tile.canvas.width = 0;
    this.#tiles.clear();
  }

  /** @param {Bounds} part @returns {Bounds} in tiles */
  #span(part) {
    const tile = this.#side / this.#ratio;
    const place = (/** @type {number} */ value) => Math.floor((value * this.scale) / tile);
    return { left: place(part.left), top: place(part.top), right: place(part.right), bottom: place(part.bottom) };
  }

  /** @param {number} column @param {number} row @returns {Tile} */
  #makeTile(column, row) {
    const canvas = document.createElement("canvas");
    canvas.width = this.#side;
    canvas.height = this.#side;
    const side = this.#side / this.#ratio;
    canvas.style.setProperty("left", `${column * side}px`);
    canvas.style.setProperty("top", `${row * side}px`);
    canvas.style.setProperty("width", `${side}px`);
    canvas.style.setProperty("height", `${side}px`);
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    const tile = { canvas, context, column, row, isStale: true };
    this.#tiles.set(`${column} ${row}`, tile);
    this.element.append(canvas);
    return tile;
  }

  /** @param {Tile} tile */
  #draw(tile) {
    const { context } = tile;
    const { chart } = this.#scene;
    const scale = this.scale * this.#ratio;
    tile.isStale = false;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.#palette.ground;
    context.fillRect(0, 0, this.#side, this.#side);
    const part = {
      left: (tile.column * this.#side) / scale,
      top: (tile.row * this.#side) / scale,
      right: ((tile.column + 1) * this.#side) / scale,
      bottom: ((tile.row + 1) * this.#side) / scale,
    };
    context.setTransform(scale, 0, 0, scale, -tile.column * this.#side, -tile.row * this.#side);
    context.lineJoin = "round";
    const around = widened(part, chart.spacing * 2.5);
    for (const shape of chart.decor) {
      if (meet(shape.bounds, around)) this.#drawShape(context, shape, shape.color ?? this.#palette.soft, 0.25);
    }
    for (const { shape, category } of chart.areas) {
      if (!shape || !meet(shape.bounds, around)) continue;
      const isDim = this.#scene.filter !== undefined && this.#scene.filter !== category;
      this.#drawShape(context, shape, chart.colorOf(category), isDim ? 0.08 : 0.28);
    }
    const sections = [...chart.sections.keys()].filter((section) =>
      meet(/** @type {import("./chart.js").Section} */ (chart.sections[section]).bounds, around),
    );
    for (const section of sections) this.#drawSection(context, section, scale);
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const index of this.#grid.within(widened(part, (this.#sprites.size / 2 + 1) / scale))) this.#drawSeat(tile, index);
    if (chart.spacing * this.scale >= ROW_NAMES_FROM) {
      for (const section of sections) this.#drawRowNames(tile, section);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {import("./shapes.js").Shape} shape @param {string} color
   * @param {number} share of the color in the fill
   */
  #drawShape(context, shape, color, share) {
    const path = pathOf(shape.points);
    context.fillStyle = mix(this.#palette.section, color, share);
    context.strokeStyle = share < 0.1 ? this.#palette.line : legible(color, this.#palette.ground);
    context.lineWidth = 1.5 / this.scale;
    context.fill(path);
    context.stroke(path);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} section @param {number} scale */
  #drawSection(context, section, scale) {
    const path = /** @type {Path2D} */ (this.#paths[section]);
    const width = this.#scene.chart.spacing * 1.25;
    context.strokeStyle = this.#palette.line;
    context.lineWidth = width + (2 * Math.max(1, this.#ratio)) / scale;
    context.stroke(path);
    context.fillStyle = /** @type {string} */ (this.#tints[section]);
    context.strokeStyle = context.fillStyle;
    context.lineWidth = width;
    context.stroke(path);
    context.fill(path);
  }

  /** @param {Tile} tile @param {number} index */
  #erase(tile, index) {
    const { context } = tile;
    const { chart } = this.#scene;
    const { left, top } = this.#corner(tile, index);
    const { size } = this.#sprites;
    context.fillStyle = /** @type {string} */ (this.#tints[chart.sectionOf[index] ?? 0]);
    if (!this.#sprites.isRound) {
      context.fillRect(left, top, size, size);
      return;
    }
    context.beginPath();
    context.arc(left + size / 2, top + size / 2, this.#sprites.diameter / 2 + 0.75, 0, 2 * Math.PI);
    context.fill();
  }

  /** @param {Tile} tile @param {number} index */
  #drawSeat(tile, index) {
    const { chart } = this.#scene;
    const look = this.#scene.lookOf(index);
    const category = chart.category[index] ?? 0;
    const { left, top } = this.#corner(tile, index);
    this.#sprites.draw(tile.context, left, top, category, look);
    if (look !== Look.free || chart.spacing * this.scale < NUMBERS_FROM) return;
    const { context } = tile;
    const number = chart.label(index).seat;
    context.font = `600 ${(this.#sprites.diameter * (number.length > 2 ? 0.36 : 0.44)).toFixed(1)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = inkOn(this.#colors[category] ?? "");
    context.fillText(number, left + this.#sprites.size / 2, top + this.#sprites.size / 2 + this.#sprites.diameter * 0.03);
  }

  /** @param {Tile} tile @param {number} index whose sprite's corner to find, in whole pixels of the tile */
  #corner(tile, index) {
    const { chart } = this.#scene;
    const scale = this.scale * this.#ratio;
    const half = this.#sprites.size / 2;
    return {
      left: Math.round((chart.x[index] ?? 0) * scale - half) - tile.column * this.#side,
      top: Math.round((chart.y[index] ?? 0) * scale - half) - tile.row * this.#side,
    };
  }

  /** @param {Tile} tile @param {number} section */
  #drawRowNames(tile, section) {
    const { chart } = this.#scene;
    const { context } = tile;
    const scale = this.scale * this.#ratio;
    context.font = `500 ${Math.min(chart.spacing * 0.62 * scale, 15 * this.#ratio).toFixed(1)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = this.#palette.soft;
    for (const row of chart.sections[section]?.rows ?? []) {
      const last = row.first + row.count - 1;
      const length = Math.max(chart.distance(row.first, last), 1e-6);
      const stepX = row.count > 1 ? ((chart.x[row.first] ?? 0) - (chart.x[last] ?? 0)) / length : -1;
      const stepY = row.count > 1 ? ((chart.y[row.first] ?? 0) - (chart.y[last] ?? 0)) / length : 0;
      const x = ((chart.x[row.first] ?? 0) + stepX * chart.spacing * 1.15) * scale - tile.column * this.#side;
      const y = ((chart.y[row.first] ?? 0) + stepY * chart.spacing * 1.15) * scale - tile.row * this.#side;
      context.fillText(row.name, x, y);
    }
  }

  /** Tints each section slightly with the color of most of its seats. */
  #tint() {
    const { chart, filter } = this.#scene;
    this.#tints = chart.sections.map(({ first, count }) => {
      const counts = new Uint32Array(chart.categories.length);
      for (let index = first; index < first + count; index += 1) counts[chart.category[index] ?? 0] += 1;
      const most = chart.categories[counts.indexOf(Math.max(...counts))];
      const isDim = filter !== undefined && most?.name !== filter;
      return isDim || !most ? this.#palette.section : tint(this.#palette.section, most.color);
    });
  }
}
