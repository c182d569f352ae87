/**
 * One look at a sale.
 * @typedef {object} Sample
 * @property {number} at milliseconds
 * @property {number} sold
 * @property {number} held
 * @property {number} free
 * @property {number} waiting
 * @property {number} active
 * @property {boolean} [gap] nobody looked just before: no line is drawn from the sample before to this one
 */

/** A longer silence is a gap: the page was hidden, closed, or without a connection. */
export const GAP_MILLISECONDS = 10_000;

const NUMBERS = /** @type {const} */ (["at", "sold", "held", "free", "waiting", "active"]);

/** @param {any} value @returns {value is Sample[]} */
export const isSamples = (value) =>
  Array.isArray(value) && value.every((sample) => NUMBERS.every((name) => Number.isFinite(sample?.[name])));

/**
 * What was seen while the page was open, in bounded memory: when it is full, every second sample of the older half
 * goes, so that the newest minutes stay fine and the whole stays in sight.
 */
export class History {
  /** @type {Sample[]} */
  samples;
  #limit;

  /** @param {Sample[]} [samples] @param {number} [limit] */
  constructor(samples = [], limit = 720) {
    this.samples = [...samples];
    this.#limit = limit;
    while (this.samples.length > this.#limit) this.#thin();
  }

  /** @param {Sample} sample one that is not newer than the last is ignored: clocks are set back now and then */
  add(sample) {
    const last = this.samples.at(-1);
    if (last && sample.at <= last.at) return;
    const isAfterGap = last !== undefined && sample.at - last.at > GAP_MILLISECONDS;
    this.samples.push(isAfterGap ? { ...sample, gap: true } : sample);
    if (this.samples.length > this.#limit) this.#thin();
  }

  #thin() {
    const half = Math.ceil(this.samples.length / 2);
    /** @type {Sample[]} */
    const kept = [];
    let hasGap = false;
    this.samples.forEach((sample, index) => {
      hasGap ||= sample.gap === true;
      if (index < half && index % 2 === 1) return;
      kept.push(hasGap && !sample.gap ? { ...sample, gap: true } : sample);
      hasGap = false;
    });
    this.samples = kept;
  }
}
