import { Kept } from "../lib/storage.js";

/**
 * How many are in, asked of the server now and then.
 *
 * @typedef {import("../../../client/src/types.js").DoorCounts} DoorCounts
 * @typedef {DoorCounts & { event: string, at: number }} Heard the counts of an event, and when they were heard
 *
 * @typedef {object} AttendanceParts
 * @property {string} event
 * @property {() => Promise<DoorCounts>} ask
 * @property {() => void} changed
 * @property {() => boolean} isIdle whether nobody looks, or the server can't be reached
 * @property {{ get(): Heard | undefined, set(heard: Heard): void }} [kept] what a reload doesn't lose
 * @property {() => number} [now]
 */

/** @param {any} value @returns {value is Heard} */
const isHeard = (value) =>
  typeof value?.event === "string" && [value.tickets, value.checkedIn, value.at].every((one) => typeof one === "number");

export const keptAttendance = new Kept("door.attendance", isHeard);

const MILLISECONDS = 15_000;
const MILLISECONDS_MOST = 120_000;

export class Attendance {
  #parts;
  #pause = MILLISECONDS;
  #isAsking = false;
  /** Whether to ask once more as soon as the question under way is answered: it may have been too early. */
  #isDue = false;
  #hasEnded = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @type {Heard | undefined} as last heard, perhaps before a reload */
  counts;
  /** Whether the last question was answered. */
  isAnswered = false;

  /** @param {AttendanceParts} parts */
  constructor(parts) {
    this.#parts = parts;
    const kept = parts.kept?.get();
    if (kept?.event === parts.event) this.counts = kept;
  }

  /** Asks now, and every 15 seconds from then on; more slowly while there is no answer. */
  wake() {
    clearTimeout(this.#timer);
    this.#isDue = this.#isAsking;
    void this.#ask();
  }

  end() {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
  }

  async #ask() {
    if (this.#isAsking || this.#hasEnded) return;
    this.#isAsking = true;
    try {
      if (!this.#parts.isIdle()) {
        const { tickets, checkedIn } = await this.#parts.ask();
        // Signing out has forgotten what was kept.
        if (this.#hasEnded) return;
        this.counts = { event: this.#parts.event, tickets, checkedIn, at: (this.#parts.now ?? Date.now)() };
        this.#parts.kept?.set(this.counts);
        this.#pause = MILLISECONDS;
        this.isAnswered = true;
        this.#parts.changed();
      }
    } catch {
      // What was heard last stands.
      this.#pause = Math.min(2 * this.#pause, MILLISECONDS_MOST);
      const wasAnswered = this.isAnswered;
      this.isAnswered = false;
      if (wasAnswered && !this.#hasEnded) this.#parts.changed();
    } finally {
      this.#isAsking = false;
    }
    clearTimeout(this.#timer);
    const pause = this.#isDue && this.isAnswered ? 0 : this.#pause;
    this.#isDue = false;
    if (!this.#hasEnded) this.#timer = setTimeout(() => this.wake(), pause);
  }
}
