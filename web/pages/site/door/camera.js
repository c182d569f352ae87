import { choose } from "./aim.js";
import { CodeReader } from "./code-reader.js";

/** @typedef {"unsupported" | "insecure" | "refused" | "missing" | "busy" | "lost"} CameraTrouble */

/** Often enough for a moving hand, rarely enough for a phone's battery. */
const LOOK_MILLISECONDS = 120;

/** Why a camera can't be used. */
export class CameraError extends Error {
  /** @param {CameraTrouble} trouble */
  constructor(trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/** @param {unknown} error what `getUserMedia` or `play` rejected with @returns {CameraTrouble} */
export function troubleOf(error) {
  if (error instanceof CameraError) return error.trouble;
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return "busy";
}

/** The back camera, scanned for QR codes until stopped. */
export class Camera {
  #video;
  #signals;
  /** @type {CodeReader | undefined} */
  #reader;
  /** @type {MediaStream | undefined} */
  #stream;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Counts starts and stops, so that a start that completes late notices it has been cancelled. */
  #turn = 0;
  isTorchOn = false;

  /**
   * @param {HTMLVideoElement} video shows the picture
   * @param {object} signals
   * @param {(code: string) => void} signals.codeSeen called for every sighting, even of the same code
   * @param {(isSeveral: boolean) => void} signals.looked called for every frame: whether it has several codes, of which
   *   none is aimed at
   * @param {(trouble: CameraTrouble) => void} signals.lost called when the picture, or reading it, ends by itself
   */
  constructor(video, signals) {
    this.#video = video;
    this.#signals = signals;
  }

  get isRunning() {
    return this.#stream !== undefined;
  }

  /** Rejects with an error to pass to `troubleOf`. */
  async start() {
    this.stop();
    const turn = this.#turn;
    if (!globalThis.isSecureContext) throw new CameraError("insecure");
    if (!navigator.mediaDevices) throw new CameraError("unsupported");
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    if (turn !== this.#turn) {
      stopTracks(stream);
      return;
    }
    this.#stream = stream;
    stream.getVideoTracks()[0]?.addEventListener("ended", () => {
      if (this.#stream === stream) this.#lose("lost");
    });
    this.#video.srcObject = stream;
    await this.#video.play();
    const reader = await CodeReader.over(this.#video);
    if (turn !== this.#turn) return;
    this.#reader = reader;
    this.#lookAgain(reader);
  }

  /** @param {CameraTrouble} trouble */
  #lose(trouble) {
    this.stop();
    this.#signals.lost(trouble);
  }

  stop() {
    this.#turn += 1;
    clearTimeout(this.#timer);
    if (this.#stream) stopTracks(this.#stream);
    this.#stream = undefined;
    this.#reader?.end();
    this.#reader = undefined;
    this.#video.srcObject = null;
    this.isTorchOn = false;
  }

  /** @param {CodeReader} reader */
  #lookAgain(reader) {
    this.#timer = setTimeout(async () => {
      const turn = this.#turn;
      try {
        // Nobody aims a page that isn't visible, and a phone's battery is small.
        const { code, isSeveral } = choose(document.hidden ? [] : await reader.read());
        if (turn !== this.#turn) return;
        this.#signals.looked(isSeveral);
        if (code) this.#signals.codeSeen(code);
        this.#lookAgain(reader);
      } catch {
        if (turn === this.#turn) this.#lose("unsupported");
      }
    }, LOOK_MILLISECONDS);
  }

  get hasTorch() {
    const track = this.#stream?.getVideoTracks()[0];
    // A browser that can't report the torch can't switch it either.
    const can = /** @type {{ torch?: boolean } | undefined} */ (track?.getCapabilities?.());
    return can?.torch === true;
  }

  /** @param {boolean} isOn @returns {Promise<void>} */
  async switchTorch(isOn) {
    const track = this.#stream?.getVideoTracks()[0];
    const wish = /** @type {MediaTrackConstraints} */ (/** @type {unknown} */ ({ advanced: [{ torch: isOn }] }));
    try {
      await track?.applyConstraints(wish);
      this.isTorchOn = isOn;
    } catch {
      this.isTorchOn = false;
    }
  }
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
