/** How old a `Date` may be: it is truncated to seconds, and servers renew it only about once a second. */
const DATE_MILLISECONDS = 2000;

/**
 * The server's time, without trusting the device's clock: each response's `Date` header bounds how far the server is
 * ahead of a monotonic clock, and every response narrows those bounds.
 */
export class ServerClock {
  #count;
  #least = -Infinity;
  #most = Infinity;
  #ahead;

  /**
   * @param {() => number} [count] a monotonic clock in milliseconds, unaffected by changes to the device's clock
   * @param {number} [guess] the time to assume until the server has answered
   */
  constructor(count = () => performance.now(), guess = Date.now()) {
    this.#count = count;
    this.#ahead = guess - count();
  }

  /** A reading of the monotonic clock, to pass to `observe`. */
  mark() {
    return this.#count();
  }

  /**
   * @param {number} sentAt the mark when the request went out @param {string | null} date the answer's `Date` header
   */
  observe(sentAt, date) {
    const second = date === null ? NaN : Date.parse(date);
    if (Number.isNaN(second)) return;
    // The header was current at some moment between sending and now.
    const least = second - this.#count();
    const most = second + DATE_MILLISECONDS - sentAt;
    const canAgree = least <= this.#most && most >= this.#least;
    // A monotonic clock may stop while the device sleeps; then only the new bounds hold.
    this.#least = canAgree ? Math.max(least, this.#least) : least;
    this.#most = canAgree ? Math.min(most, this.#most) : most;
    this.#ahead = (this.#least + this.#most) / 2;
  }

  /** @returns {number} milliseconds since 1970 by the server's clock */
  now() {
    return this.#count() + this.#ahead;
  }
}
