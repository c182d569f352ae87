/**
 * One observation of a sale.
 * @typedef {object} Sample
 * @property {number} at milliseconds
 * @property {number} sold
 * @property {number} held
 * @property {number} free
 * @property {number} waiting
 * @property {number} active
 * @property {boolean} [gap] nothing was recorded just before, so no line connects the previous sample to this one
 */

/** A longer silence counts as a gap: the page was hidden, closed, or offline. */
export const GAP_MILLISECONDS = 10_000;

const NUMBERS = /** @type {const} */ (["at", "sold", "held", "free", "waiting", "active"]);

/** @param {any} value @returns {value is Sample[]} */
export const isSamples = (value) =>
  Array.isArray(value) && value.every((sample) => NUMBERS.every((name) => Number.isFinite(sample?.[name])));

/**
 * Samples recorded while the page was open, in bounded memory. When full, it drops every second sample of the older
 * half, so the latest minutes keep their detail and the whole sale stays visible.
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

  /** @param {Sample} sample ignored unless it is newer than the last one, because clocks are sometimes set back */
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
