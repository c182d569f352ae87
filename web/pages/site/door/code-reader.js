import { shownPart } from "./aim.js";
import { FrameGrabber, frameFor } from "./frame.js";
import { FrameReader } from "./frame-reader.js";

/**
 * @typedef {import("./aim.js").Sighting} Sighting
 * @typedef {{ rawValue: string, boundingBox: { x: number, y: number, width: number, height: number } }} Detected
 * @typedef {{ detect(source: HTMLVideoElement): Promise<Detected[]> }} Detector
 * @typedef {{ new (options: { formats: string[] }): Detector, getSupportedFormats(): Promise<string[]> }} DetectorClass
 */

/** A browser may have a detector that never works, for want of a service on the phone. */
const FAILURES_MOST = 3;

/** @returns {Promise<Detector | undefined>} the browser's own, where it reads QR codes */
async function makeDetector() {
  const Class = /** @type {DetectorClass | undefined} */ (Reflect.get(globalThis, "BarcodeDetector"));
  try {
    const formats = (await Class?.getSupportedFormats()) ?? [];
    return Class && formats.includes("qr_code") ? new Class({ formats: ["qr_code"] }) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads QR codes in what is shown of a video: with the browser's own detector, or with ours. */
export class CodeReader {
  #video;
  #detector;
  #failures = 0;
  #turn = 0;
  #frames = new FrameReader();
  #grabber = new FrameGrabber();

  /** @param {HTMLVideoElement} video @param {Detector | undefined} detector */
  constructor(video, detector) {
    this.#video = video;
    this.#detector = detector;
  }

  /** @param {HTMLVideoElement} video */
  static async over(video) {
    return new CodeReader(video, await makeDetector());
  }

  /** Rejects if this browser can't read codes. @returns {Promise<Sighting[]>} */
  async read() {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.#video;
    if (videoWidth === 0 || clientHeight === 0) return [];
    const shown = shownPart(videoWidth, videoHeight, clientWidth / clientHeight);
    const found = this.#detector ? await this.#detect(this.#detector) : await this.#readFrame(shown);
    return found.map(({ text, x, y }) => ({ text, x: (x - shown.x) / shown.width, y: (y - shown.y) / shown.height }));
  }

  /** @param {Detector} detector @returns {Promise<Sighting[]>} in the video's pixels */
  async #detect(detector) {
    try {
      const codes = await detector.detect(this.#video);
      this.#failures = 0;
      return codes.map(({ rawValue, boundingBox: { x, y, width, height } }) => {
        return { text: rawValue, x: x + width / 2, y: y + height / 2 };
      });
    } catch {
      // A frame that is not there yet is no reason to give up.
      this.#failures += 1;
      if (this.#failures >= FAILURES_MOST) this.#detector = undefined;
      return [];
    }
  }

  /** @param {import("./aim.js").Part} shown @returns {Promise<Sighting[]>} in the video's pixels */
  async #readFrame(shown) {
    const { part, width, height } = frameFor(shown, this.#turn++);
    const image = this.#grabber.grab(this.#video, part, width, height);
    const codes = image ? await this.#frames.read(image) : [];
    const scale = part.width / width;
    return codes.map(({ text, x, y }) => ({ text, x: part.x + x * scale, y: part.y + y * scale }));
  }

  end() {
    this.#frames.end();
  }
}
