/**
 * How many are in, asked of the server now and then.
 *
 * @typedef {import("../../../client/src/types.js").DoorCounts} DoorCounts
 *
 * @typedef {object} AttendanceParts
 * @property {() => Promise<DoorCounts>} ask
 * @property {() => void} changed
 * @property {() => boolean} isIdle whether nobody looks, or the server can't be reached
 */

const MILLISECONDS = 15_000;
const MILLISECONDS_MOST = 120_000;

export class Attendance {
  #parts;
  #pause = MILLISECONDS;
  #isAsking = false;
  #hasEnded = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @type {DoorCounts | undefined} as last heard */
  counts;

  /** @param {AttendanceParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Asks now, and every 15 seconds from then on; more slowly while there is no answer. */
  wake() {
    clearTimeout(this.#timer);
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
        this.counts = await this.#parts.ask();
        this.#pause = MILLISECONDS;
        if (!this.#hasEnded) this.#parts.changed();
      }
    } catch {
      // What was heard last stands.
      this.#pause = Math.min(2 * this.#pause, MILLISECONDS_MOST);
    } finally {
      this.#isAsking = false;
    }
    clearTimeout(this.#timer);
    if (!this.#hasEnded) this.#timer = setTimeout(() => this.wake(), this.#pause);
  }
}
