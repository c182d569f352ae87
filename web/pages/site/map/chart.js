import { emptyBounds, grow, hull, isEmpty, middle, widened } from "./geometry.js";
import { shapeOf, stageBefore } from "./shapes.js";

/**
 * @typedef {import("../../../client/src/types.js").SeatingPlan} SeatingPlan
 * @typedef {import("../../../client/src/types.js").Event} Event
 * @typedef {import("./geometry.js").Bounds} Bounds
 * @typedef {import("./geometry.js").Point} Point
 * @typedef {import("./shapes.js").Shape} Shape
 */

/**
 * @typedef {{ name: string, color: string, amount: number }} Category `amount` is NaN if there is no price (yet)
 * @typedef {{ name: string, first: number, count: number }} Row
 * @typedef {{ name: string, first: number, count: number, bounds: Bounds, rows: Row[], hull: Point[] }} Section
 * @typedef {{ name: string, category: string, amount: number, capacity: number, shape?: Shape }} ChartArea
 */

const SPARE_COLORS = ["#7c3aed", "#e11d48", "#f59e0b", "#10b981", "#0ea5e9", "#8b5cf6", "#84cc16", "#f97316"];
const MOST_CATEGORIES = 256;
/** What plans call a stage. */
const STAGE = /stage|무대|스테이지/i;
/** The spacing to assume when the plan has too few seats to measure it. */
const USUAL_SPACING = 14;

/** A seating plan and its prices, laid out flat for drawing and searching. Seats are numbered in plan order. */
export class SeatingChart {
  /** @type {Category[]} */
  categories = [];
  /** @type {Section[]} one per zone with seats, in plan order */
  sections = [];
  /** @type {ChartArea[]} */
  areas = [];
  /** @type {Shape[]} other things the plan shows: a stage, a bar, an entrance */
  decor = [];
  bounds = emptyBounds();
  /** The usual distance between neighbors, in plan units. */
  spacing = USUAL_SPACING;
  /** @type {string[]} */
  #names = [];
  /** @type {string[]} */
  #numbers = [];
  /** @type {Map<string, number>} */
  #indexes = new Map();
  /** @type {Map<string, number>} */
  #categoryIndexes = new Map();
  /** @type {Map<string, number>} */
  #amounts;
  /** Grows with every change of prices. */
  edition = 0;

  /**
   * @param {SeatingPlan | undefined} plan undefined for an event with only standing areas
   * @param {Pick<Event, "prices" | "areas" | "currency" | "stage">} event
   */
  constructor(plan, event) {
    this.currency = event.currency;
    this.#amounts = new Map(event.prices.map((price) => [price.category, price.amount]));
    for (const category of plan?.categories ?? []) this.#categoryIndex(category.name, category.color);
    this.seatCount = 0;
    for (const zone of plan?.zones ?? []) for (const row of zone.rows ?? []) this.seatCount += row.seats.length;
    this.x = new Float32Array(this.seatCount);
    this.y = new Float32Array(this.seatCount);
    this.category = new Uint8Array(this.seatCount);
    /** The section of each seat. */
    this.sectionOf = new Uint16Array(this.seatCount);
    /** @type {Shape[]} */
    const shapes = [];
    for (const zone of plan?.zones ?? []) {
      this.#addSection(zone);
      const origin = { x: zone.position?.x ?? 0, y: zone.position?.y ?? 0 };
      for (const area of zone.areas ?? []) {
        const shape = shapeOf(area, origin);
        if (shape) shapes.push(shape);
      }
    }
    this.spacing = this.#usualSpacing();
    for (const section of this.sections) section.bounds = widened(section.bounds, this.spacing / 2);
    this.#addAreas(event.areas, shapes);
    this.#addStage(event.stage);
    this.#measure();
  }

  /** @param {number} index @returns {string} the seat's `seat_guid` */
  name(index) {
    return this.#names[index] ?? "";
  }

  /** @param {number} index @returns {{ section: string, row: string, seat: string }} */
  label(index) {
    const section = this.sections[this.sectionOf[index] ?? -1];
    return { section: section?.name ?? "", row: this.rowAt(index)?.name ?? "", seat: this.#numbers[index] ?? "" };
  }

  /** @param {string} name a `seat_guid` @returns {number | undefined} */
  indexOf(name) {
    return this.#indexes.get(name);
  }

  /** @param {number} index @returns {Category} */
  categoryAt(index) {
    return /** @type {Category} */ (this.categories[this.category[index] ?? 0]);
  }

  /** @param {number} index @returns {Row | undefined} */
  rowAt(index) {
    const rows = this.sections[this.sectionOf[index] ?? -1]?.rows ?? [];
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const half = (low + high + 1) >> 1;
      if (/** @type {Row} */ (rows[half]).first <= index) low = half;
      else high = half - 1;
    }
    return rows[low];
  }

  /**
   * The lowest price in a section.
   * @param {number | Section} section the section or its index in `sections`
   * @param {string} [category] considers only seats of this category
   * @returns {number} NaN if none has a price
   */
  minimumAmount(section, category) {
    const asked = typeof section === "number" ? this.sections[section] : section;
    let least = NaN;
    if (!asked) return least;
    for (const used of new Set(this.category.subarray(asked.first, asked.first + asked.count))) {
      const { name, amount } = /** @type {Category} */ (this.categories[used]);
      if (category !== undefined && name !== category) continue;
      if (!(least <= amount) && !Number.isNaN(amount)) least = amount;
    }
    return least;
  }

  /** @param {Event["prices"]} prices as they are now; places are what they were */
  reprice(prices) {
    const amounts = new Map(prices.map((price) => [price.category, price.amount]));
    if (prices.every(({ category, amount }) => this.#amounts.get(category) === amount)) return;
    this.#amounts = amounts;
    this.edition += 1;
    for (const category of this.categories) category.amount = amounts.get(category.name) ?? NaN;
    for (const area of this.areas) area.amount = amounts.get(area.category) ?? NaN;
  }

  /** @param {string} category @returns {string} */
  colorOf(category) {
    return this.categories[this.#categoryIndex(category)]?.color ?? /** @type {string} */ (SPARE_COLORS[0]);
  }

  /** @param {import("../../../client/src/types.js").PlanZone} zone */
  #addSection(zone) {
    const first = this.#names.length;
    const bounds = emptyBounds();
    /** @type {Row[]} */
    const rows = [];
    /** @type {Point[]} */
    const corners = [];
    for (const row of zone.rows ?? []) {
      if (row.seats.length === 0) continue;
      rows.push({ name: String(row.row_number ?? ""), first: this.#names.length, count: row.seats.length });
      for (const seat of row.seats) {
        const index = this.#names.length;
        const x = (zone.position?.x ?? 0) + (row.position?.x ?? 0) + (seat.position?.x ?? 0);
        const y = (zone.position?.y ?? 0) + (row.position?.y ?? 0) + (seat.position?.y ?? 0);
        this.x[index] = x;
        this.y[index] = y;
        this.category[index] = this.#categoryIndex(seat.category);
        this.sectionOf[index] = this.sections.length;
        this.#names.push(seat.seat_guid);
        this.#numbers.push(String(seat.seat_number ?? ""));
        this.#indexes.set(seat.seat_guid, index);
        grow(bounds, x, y);
        corners.push({ x, y });
      }
    }
    if (rows.length === 0) return;
    this.sections.push({ name: zone.name ?? "", first, count: corners.length, bounds, rows, hull: hull(corners) });
  }

  /** @param {import("../../../client/src/types.js").Area[]} areas @param {Shape[]} shapes */
  #addAreas(areas, shapes) {
    const rest = [...shapes];
    const key = (/** @type {string} */ text) => text.trim().toLowerCase();
    for (const { name, capacity, category } of areas) {
      const place = rest.findIndex((shape) => key(shape.text) === key(name));
      const shape = place < 0 ? undefined : rest.splice(place, 1)[0];
      const amount = this.#amounts.get(category) ?? NaN;
      this.areas.push({ name, category, amount, capacity, ...(shape && { shape }) });
    }
    this.decor = rest;
  }

  /** @param {Point | undefined} point where the event has it */
  #addStage(point) {
    const isDrawn = this.decor.some(({ text }) => STAGE.test(text));
    if (isDrawn || this.sections.length === 0) return;
    const seats = emptyBounds();
    for (const { bounds } of this.sections) {
      grow(seats, bounds.left, bounds.top);
      grow(seats, bounds.right, bounds.bottom);
    }
    for (const { shape } of this.areas) {
      if (!shape) continue;
      grow(seats, shape.bounds.left, shape.bounds.top);
      grow(seats, shape.bounds.right, shape.bounds.bottom);
    }
    this.decor.push(stageBefore(point ?? this.#beforeDearest(seats), seats, this.spacing));
  }

  /** @param {Bounds} seats all of them @returns {Point} on the side that the dearest seats are nearest to */
  #beforeDearest(seats) {
    const amountOf = (/** @type {number} */ category) => this.categories[category]?.amount || 0;
    const dearest = [...new Set(this.category)].reduce((best, one) => (amountOf(one) > amountOf(best) ? one : best));
    const bounds = emptyBounds();
    this.category.forEach((category, index) => {
      if (category === dearest) grow(bounds, this.x[index] ?? 0, this.y[index] ?? 0);
    });
    const { x, y } = middle(bounds);
    const far = { top: y - seats.top, bottom: seats.bottom - y, left: x - seats.left, right: seats.right - x };
    const least = Math.min(...Object.values(far));
    if (far.top === least) return { x, y: seats.top };
    if (far.bottom === least) return { x, y: seats.bottom };
    return far.left === least ? { x: seats.left, y } : { x: seats.right, y };
  }

  #measure() {
    for (const { bounds } of this.sections) this.#include(bounds);
    for (const { shape } of this.areas) if (shape) this.#include(shape.bounds);
    for (const { bounds } of this.decor) this.#include(bounds);
    if (isEmpty(this.bounds)) this.bounds = { left: 0, top: 0, right: 0, bottom: 0 };
  }

  /** @param {Bounds} bounds */
  #include(bounds) {
    grow(this.bounds, bounds.left, bounds.top);
    grow(this.bounds, bounds.right, bounds.bottom);
  }

  /** The median distance between neighbors, so that aisles and gaps have no influence. */
  #usualSpacing() {
    /** @type {number[]} */
    const distances = [];
    for (const section of this.sections) {
      for (const row of section.rows) {
        for (let index = row.first + 1; index < row.first + row.count; index += 1) {
          const distance = this.distance(index - 1, index);
          if (distance > 0) distances.push(distance);
        }
      }
    }
    distances.sort((a, b) => a - b);
    return distances[distances.length >> 1] ?? USUAL_SPACING;
  }

  /** @param {number} one @param {number} other the distance between the centers of two seats */
  distance(one, other) {
    const dx = (this.x[one] ?? 0) - (this.x[other] ?? 0);
    const dy = (this.y[one] ?? 0) - (this.y[other] ?? 0);
    return Math.hypot(dx, dy);
  }

  /** @param {string} name @param {string} [color] */
  #categoryIndex(name, color) {
    const known = this.#categoryIndexes.get(name);
    if (known !== undefined) return known;
    const index = Math.min(this.categories.length, MOST_CATEGORIES - 1);
    const isColor = color !== undefined && /^#([\da-f]{3}|[\da-f]{6})$/i.test(color);
    const spare = /** @type {string} */ (SPARE_COLORS[index % SPARE_COLORS.length]);
    if (index === this.categories.length) {
      this.categories.push({ name, color: isColor ? color : spare, amount: this.#amounts.get(name) ?? NaN });
    }
    this.#categoryIndexes.set(name, index);
    return index;
  }
}
