/**
 * Rests while nobody is looking.
 * @param {(isHidden: boolean) => void} pause called now, and whenever the page is hidden or shown
 * @param {AbortSignal} signal ends it
 */
export function pauseWhileHidden(pause, signal) {
  const look = () => pause(document.hidden);
  document.addEventListener("visibilitychange", look, { signal });
  look();
}

/**
 * Polls with one request at a time, so a slow server is asked less often, not more. Failures lengthen the interval.
 * `pause` stops it while nobody is looking.
 */
export class Poller {
  #ask;
  #every;
  #most;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isAsking = false;
  #isOn = false;
  #isPaused = false;
  #failures = 0;

  /**
   * @param {() => Promise<boolean>} ask resolves to whether it was answered; must not reject
   * @param {number} every milliseconds between requests
   * @param {number} [most] the longest interval in milliseconds
   */
  constructor(ask, every, most = 15_000) {
    this.#ask = ask;
    this.#every = every;
    this.#most = most;
  }

  start() {
    this.#isOn = true;
    this.#next(0);
  }

  stop() {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  /** @param {boolean} isPaused */
  pause(isPaused) {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) clearTimeout(this.#timer);
    else this.now();
  }

  /** Polls at once, unless a request is already in flight. */
  now() {
    this.#failures = 0;
    this.#next(0);
  }

  /** @param {number} pause */
  #next(pause) {
    clearTimeout(this.#timer);
    if (!this.#isOn || this.#isPaused || this.#isAsking) return;
    this.#timer = setTimeout(() => void this.#once(), pause);
  }

  async #once() {
    this.#isAsking = true;
    const isAnswered = await this.#ask();
    this.#isAsking = false;
    this.#failures = isAnswered ? 0 : this.#failures + 1;
    this.#next(Math.min(this.#every * 2 ** this.#failures, this.#most));
  }
}
