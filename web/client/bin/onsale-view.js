import { SeatStates } from "../src/seat-states.js";

/**
 * @typedef {import("../src/types.js").Event} Event
 * @typedef {import("../src/types.js").WaitingRoom} WaitingRoom
 * @typedef {{ free: number, held: number, sold: number, blocked: number }} Counts
 */

const PACE_MILLISECONDS = 60_000;
const BAR_WIDTH = 40;

const count = new Intl.NumberFormat("en");

/** The latest state of an onsale, rendered as text. */
export class OnsaleView {
  #event;
  #seats = new SeatStates();
  /** @type {WaitingRoom | undefined} */
  #room;
  /** @type {{ at: number, taken: number }[]} recent totals, for measuring the pace */
  #past = [];
  isConnected = true;

  /** @param {Event} event */
  constructor(event) {
    this.#event = event;
  }

  /** @param {WaitingRoom} room */
  takeRoom(room) {
    this.#room = room;
  }

  /** @param {import("../src/types.js").Availability} availability @param {number} now */
  takeSnapshot(availability, now) {
    this.#seats.replace(availability);
    this.#note(now);
  }

  /** @param {import("../src/types.js").AvailabilityDelta} delta @param {number} now */
  takeDelta(delta, now) {
    this.#seats.apply(delta);
    this.#note(now);
  }

  /** @returns {Counts} of the numbered seats */
  get counts() {
    const counts = { free: 0, held: 0, sold: 0, blocked: 0 };
    for (const code of this.#seats.codes) {
      if (code === 46) counts.free += 1;
      else if (code === 104) counts.held += 1;
      else if (code === 120) counts.sold += 1;
      else counts.blocked += 1;
    }
    return counts;
  }

  /** Standing places that are not free; the stream doesn't tell held from sold there. */
  get #takenStanding() {
    return this.#event.areas.reduce((sum, area) => sum + area.capacity - this.#freeIn(area), 0);
  }

  /** @param {{ name: string, capacity: number }} area */
  #freeIn(area) {
    return this.#seats.areas.get(area.name) ?? area.capacity;
  }

  /** @param {number} now */
  #note(now) {
    this.#past.push({ at: now, taken: this.counts.sold + this.#takenStanding });
    this.#forgetPast(now);
  }

  /** Keeps the newest sample older than a minute: the pace is measured from it. @param {number} now */
  #forgetPast(now) {
    while ((this.#past[1]?.at ?? Infinity) <= now - PACE_MILLISECONDS) this.#past.shift();
  }

  /** @param {number} now @returns {number} the tickets sold in the last minute, as far as it was observed */
  soldPerMinute(now) {
    this.#forgetPast(now);
    const [first] = this.#past;
    const last = this.#past[this.#past.length - 1];
    return first && last ? Math.max(0, last.taken - first.taken) : 0;
  }

  /** @param {number} now @returns {string[]} lines for a terminal that is redrawn in place */
  screen(now) {
    const { title, venue, startsAt, areas } = this.#event;
    const { free, held, sold, blocked } = this.counts;
    const room = this.#room;
    const lines = [`${title} · ${[venue, startsAt].filter(Boolean).join(" · ")}`, `  phase    ${this.#phase}`];
    if (room) {
      lines.push(
        `  line     ${count.format(room.issued)} issued, through ${count.format(room.admittedThrough)} admitted, ` +
          `${count.format(room.admittedPerMinute)}/min, ${count.format(room.activeShoppers)} active`,
      );
    }
    if (this.#seats.codes.length > 0) {
      lines.push(`  seats    ${bar([sold, held, free, blocked], BAR_WIDTH)}`);
      const words = [`${count.format(free)} free`, `${count.format(held)} held`, `${count.format(sold)} sold`];
      lines.push(`           ${words.join(", ")}${blocked > 0 ? `, ${count.format(blocked)} blocked` : ""}`);
    }
    for (const area of areas) {
      const left = this.#freeIn(area);
      lines.push(`  ${area.name}`, `           ${bar([area.capacity - left, 0, left, 0], BAR_WIDTH)}`);
      lines.push(`           ${count.format(left)} of ${count.format(area.capacity)} free`);
    }
    lines.push(`  pace     ${count.format(this.soldPerMinute(now))} sold/min`);
    if (!this.isConnected) lines.push("  The connection is lost; trying again …");
    return lines;
  }

  /** @returns {string} one line for a log; identical while nothing changes */
  line() {
    const { free, held, sold } = this.counts;
    const standing = this.#event.areas.map((area) => `${area.name}=${this.#freeIn(area)}`);
    const room = this.#room;
    return [
      `phase=${this.#phase}`,
      ...(room
        ? [
            `issued=${room.issued}`,
            `admitted=${room.admittedThrough}`,
            `admitted/min=${room.admittedPerMinute}`,
            `active=${room.activeShoppers}`,
          ]
        : []),
      `free=${free}`,
      `held=${held}`,
      `sold=${sold}`,
      ...standing,
      ...(this.isConnected ? [] : ["connection=lost"]),
    ].join(" ");
  }

  get #phase() {
    const phase = this.#room?.phase ?? this.#event.onsale.phase;
    return phase === "soldOut" ? "sold out" : phase;
  }
}

/**
 * @param {[sold: number, held: number, free: number, blocked: number]} parts @param {number} width
 * @returns {string} `████▒▒····`: at least one mark for every part that is not zero
 */
export function bar(parts, width) {
  const marks = ["█", "▒", "·", " "];
  const whole = parts.reduce((sum, part) => sum + part, 0);
  if (whole === 0) return `[${" ".repeat(width)}]`;
  const widths = parts.map((part) => (part === 0 ? 0 : Math.max(1, Math.round((part / whole) * width))));
  // The widest part absorbs the rounding error.
  const widest = widths.indexOf(Math.max(...widths));
  widths[widest] = (widths[widest] ?? 0) + width - widths.reduce((sum, part) => sum + part, 0);
  return `[${widths.map((length, index) => (marks[index] ?? "").repeat(length)).join("")}]`;
}
