import { READING_WORKER, scriptURL } from "../lib/script-urls.js";

/**
 * @typedef {import("./qr/decode.js").Code} Code
 * @typedef {(image: ImageData) => Code[]} Decode
 */

/** Far longer than any frame takes: a worker that is silent for so long is gone. */
const ANSWER_MILLISECONDS = 5000;
/** So many failures in a row, and the page reads frames itself. */
const FAILURES_MOST = 2;

/**
 * Reads codes in frames, one at a time: in a worker, or in the page if the browser can't start one. That happens also
 * without a network: the worker's script is no business of the service worker, whose scope is the page alone, so it
 * comes from the browser's cache or not at all, while the page's modules come from what the service worker keeps.
 */
export class FrameReader {
  #makeWorker;
  #loadHere;
  #milliseconds;
  /** @type {Worker | undefined} */
  #worker;
  #failures = 0;

  /**
   * @param {() => Worker} [makeWorker] @param {() => Promise<Decode>} [loadHere] @param {number} [milliseconds]
   */
  constructor(makeWorker = startWorker, loadHere = loadDecoder, milliseconds = ANSWER_MILLISECONDS) {
    this.#makeWorker = makeWorker;
    this.#loadHere = loadHere;
    this.#milliseconds = milliseconds;
  }

  /**
   * Rejects if the browser can load the decoder neither way. Don't call it again before it has answered.
   * @param {ImageData} image whose pixels go to the worker
   * @returns {Promise<Code[]>}
   */
  async read(image) {
    if (this.#failures >= FAILURES_MOST) return (await this.#loadHere())(image);
    try {
      const codes = await this.#ask(image);
      this.#failures = 0;
      return codes;
    } catch {
      // This frame is lost; the next one gets a new worker.
      this.#failures += 1;
      this.end();
      return [];
    }
  }

  /** @param {ImageData} image @returns {Promise<Code[]>} */
  #ask({ width, height, data }) {
    const worker = (this.#worker ??= this.#makeWorker());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("The worker is silent.")), this.#milliseconds);
      worker.onmessage = (event) => {
        clearTimeout(timer);
        resolve(event.data);
      };
      worker.onerror = (event) => {
        clearTimeout(timer);
        event.preventDefault();
        reject(new Error("The worker failed."));
      };
      worker.postMessage({ width, height, buffer: data.buffer }, [data.buffer]);
    });
  }

  /** Frees the worker's memory. */
  end() {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

const startWorker = () => new Worker(scriptURL(READING_WORKER), { type: "module" });

/** @returns {Promise<Decode>} */
async function loadDecoder() {
  const [{ decode }, { lumaOf }] = await Promise.all([import("./qr/decode.js"), import("./qr/luma.js")]);
  return (image) => decode(lumaOf(image));
}
