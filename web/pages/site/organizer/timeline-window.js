import { Poller } from "./poller.js";
import { KEPT } from "./time-range.js";

/**
 * @typedef {import("../../../client/src/types.js").Timeline} Timeline
 * @typedef {import("../../../client/src/types.js").TimelinePoint} TimelinePoint
 * @typedef {import("./time-range.js").TimeWindow} TimeWindow
 */

/** @typedef {Omit<TimelinePoint, "at"> & { at: number }} Moment a point of a timeline, its time in milliseconds */
/** @typedef {{ from: string, to?: string, step: 1 | 60 }} TimelineQuery */

/** The most points of one request; a month by the minute takes several. */
const POINTS_MOST = 3600;
/** Read before the window as well, because the pace is that of the minute before. */
const LEAD_MILLISECONDS = 60_000;
/** How often to ask for what is new, by the step. */
const POLL_MILLISECONDS = /** @type {const} */ ({ 1: 2000, 60: 15_000 });

/** @param {TimelinePoint[]} points @returns {Moment[]} */
export const momentsOf = (points) => points.map((point) => ({ ...point, at: Date.parse(point.at) }));

/**
 * Moments with newer ones after them. The step that was still running is replaced. Were there a hole between the two,
 * the older ones would go, for a line across it would claim what nobody knows.
 * @param {Moment[]} moments @param {Moment[]} newer @param {number} step seconds
 */
export function appended(moments, newer, step) {
  const first = newer[0];
  const last = moments.at(-1);
  if (!first || !last) return first ? newer : moments;
  if (first.at - last.at > step * 1000) return newer;
  return [...moments.filter(({ at }) => at < first.at), ...newer];
}

/** A part of an event's timeline: read backwards from its end, then, if it ends now, continued. */
export class TimelineWindow {
  /** @type {Moment[]} oldest first, with the minute before the window */
  moments = [];
  /** Whether all that the server keeps of it is here. */
  isLoaded = false;
  /** @type {unknown} why the last request failed, until one succeeds */
  problem;

  #window;
  #ask;
  #changed;
  #now;
  #poller;
  #isStopped = false;
  /** Where the part that was read begins. */
  #readFrom;

  /**
   * @param {TimeWindow} window
   * @param {(query: TimelineQuery) => Promise<Timeline>} ask
   * @param {(timeline: TimelineWindow) => void} changed called whenever there is more of it, and after each failure
   * @param {() => number} [now]
   */
  constructor(window, ask, changed, now = Date.now) {
    this.#window = window;
    this.#ask = ask;
    this.#changed = changed;
    this.#now = now;
    this.#readFrom = window.to;
    this.#poller = new Poller(() => this.#read(), POLL_MILLISECONDS[window.step]);
  }

  start() {
    this.#poller.start();
  }

  /** @param {boolean} isPaused */
  pause(isPaused) {
    this.#poller.pause(isPaused);
  }

  stop() {
    this.#isStopped = true;
    this.#poller.stop();
  }

  get step() {
    return this.#window.step;
  }

  get isLive() {
    return this.#window.isLive;
  }

  /** The window as it is now: a live one ends with its last point, by the server's clock. */
  get bounds() {
    const { from, to, isLive } = this.#window;
    const end = (isLive && this.moments.at(-1)?.at) || to;
    return { from: end - (to - from), to: end };
  }

  async #read() {
    try {
      if (this.isLoaded) await this.#continue();
      else await this.#load();
      this.problem = undefined;
    } catch (error) {
      this.problem = error;
    }
    if (this.#isStopped) return true;
    if (this.isLoaded && !this.isLive) this.#poller.stop();
    this.#changed(this);
    return this.problem === undefined;
  }

  /** Reads what is missing, the newest first; after a failure it goes on from there. */
  async #load() {
    const { from, to, step, isLive } = this.#window;
    const start = Math.max(from - LEAD_MILLISECONDS, this.#now() - KEPT[step]);
    while (!this.isLoaded) {
      const until = this.#readFrom;
      // So long ago, by now, that nothing is kept any more.
      if (until <= start) this.isLoaded = true;
      if (this.isLoaded) return;
      const since = Math.max(start, until - POINTS_MOST * step * 1000);
      const points = await this.#points(since, isLive && until === to ? undefined : until);
      if (this.#isStopped) return;
      const first = this.moments[0]?.at ?? Infinity;
      this.moments = [...points.filter(({ at }) => at < first), ...this.moments];
      this.#readFrom = since;
      // A point for every step: where they begin late, nothing older is kept.
      const isAll = since <= start || (points[0]?.at ?? Infinity) - since > 2 * step * 1000;
      this.isLoaded = isAll;
      if (!isAll) this.#changed(this);
    }
  }

  async #continue() {
    const { from, to, step } = this.#window;
    const length = to - from + LEAD_MILLISECONDS;
    const points = await this.#points(Math.max(this.moments.at(-1)?.at ?? from, this.#now() - length), undefined);
    if (this.#isStopped) return;
    const moments = appended(this.moments, points, step);
    const end = moments.at(-1)?.at ?? 0;
    this.moments = moments.filter(({ at }) => end - at <= length);
  }

  /** @param {number} from @param {number | undefined} to */
  async #points(from, to) {
    const { points } = await this.#ask({
      from: new Date(from).toISOString(),
      ...(to !== undefined && { to: new Date(to).toISOString() }),
      step: this.step,
    });
    return momentsOf(points);
  }
}
