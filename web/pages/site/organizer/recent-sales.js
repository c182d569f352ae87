import { PACE_SECONDS } from "./pace.js";

/** @typedef {import("./pace.js").Sales} Sales */

/** How much was sold in the last minute, as far as it takes to tell the pace. */
export class RecentSales {
  /** @type {Sales[]} oldest first */
  samples = [];

  /** @param {Sales} sample */
  add(sample) {
    const last = this.samples.at(-1);
    // Clocks are sometimes set back.
    if (last && sample.at < last.at) this.samples = [];
    this.samples.push(sample);
    this.#forget(sample.at);
  }

  /**
   * Takes over what the server remembers from before this page looked. The server's clock may differ from this
   * device's, so its last sample counts as taken now.
   * @param {Sales[]} samples oldest first @param {number} now
   */
  recall(samples, now) {
    const last = samples.at(-1);
    if (!last) return;
    const recalled = samples.map(({ at, sold }) => ({ at: at + now - last.at, sold }));
    this.samples = [...recalled, ...this.samples.filter(({ at }) => at > now)];
    this.#forget(now);
  }

  /** @param {number} now */
  #forget(now) {
    while (now - (this.samples[1]?.at ?? now) >= PACE_SECONDS * 1000) this.samples.shift();
  }
}
