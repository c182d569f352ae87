/** How old a `Date` may be: it is cut to seconds, and servers write a new one each second or so. */
const DATE_MILLISECONDS = 2000;

/**
 * The server's time, kept without trusting the device's clock: every answer's `Date` header says within which bounds
 * the server is ahead of a clock that only counts, and the bounds narrow with each answer.
 */
export class ServerClock {
  #count;
  #least = -Infinity;
  #most = Infinity;
  #ahead;

  /**
   * @param {() => number} [count] milliseconds that pass evenly, whatever the device's clock is set to
   * @param {number} [guess] what time it may be, until the server has said
   */
  constructor(count = () => performance.now(), guess = Date.now()) {
    this.#count = count;
    this.#ahead = guess - count();
  }

  /** Milliseconds of the counting clock, to be given back to `observe`. */
  mark() {
    return this.#count();
  }

  /**
   * @param {number} sentAt the mark when the request went out @param {string | null} date the answer's `Date` header
   */
  observe(sentAt, date) {
    const second = date === null ? NaN : Date.parse(date);
    if (Number.isNaN(second)) return;
    // It was true at some time between asking and now.
    const least = second - this.#count();
    const most = second + DATE_MILLISECONDS - sentAt;
    const canAgree = least <= this.#most && most >= this.#least;
    // A device that slept has counted too little: then only what is new is true.
    this.#least = canAgree ? Math.max(least, this.#least) : least;
    this.#most = canAgree ? Math.min(most, this.#most) : most;
    this.#ahead = (this.#least + this.#most) / 2;
  }

  /** @returns {number} milliseconds since 1970, by the server */
  now() {
    return this.#count() + this.#ahead;
  }
}
