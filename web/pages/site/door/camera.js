/**
 * @typedef {"unsupported" | "insecure" | "refused" | "missing" | "busy" | "lost"} CameraTrouble
 * @typedef {{ detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]> }} Detector
 * @typedef {{ new (options: { formats: string[] }): Detector, getSupportedFormats(): Promise<string[]> }} DetectorClass
 */

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

/** @returns {Promise<Detector>} rejects with a `CameraError` if the browser can't read QR codes */
async function makeDetector() {
  if (!globalThis.isSecureContext) throw new CameraError("insecure");
  const Class = /** @type {DetectorClass | undefined} */ (Reflect.get(globalThis, "BarcodeDetector"));
  const formats = (await Class?.getSupportedFormats().catch(() => [])) ?? [];
  if (!Class || !formats.includes("qr_code") || !navigator.mediaDevices) throw new CameraError("unsupported");
  return new Class({ formats: ["qr_code"] });
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
  #codeSeen;
  #lost;
  /** @type {MediaStream | undefined} */
  #stream;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Counts starts and stops, so that a start that completes late notices it has been cancelled. */
  #turn = 0;
  isTorchOn = false;

  /**
   * @param {HTMLVideoElement} video shows the picture
   * @param {(code: string) => void} codeSeen called for every sighting, even of the same code
   * @param {() => void} lost called when the picture ends by itself
   */
  constructor(video, codeSeen, lost) {
    this.#video = video;
    this.#codeSeen = codeSeen;
    this.#lost = lost;
  }

  get isRunning() {
    return this.#stream !== undefined;
  }

  /** Rejects with an error to pass to `troubleOf`. */
  async start() {
    this.stop();
    const turn = this.#turn;
    const detector = await makeDetector();
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
      if (this.#stream !== stream) return;
      this.stop();
      this.#lost();
    });
    this.#video.srcObject = stream;
    await this.#video.play();
    this.#lookAgain(detector);
  }

  stop() {
    this.#turn += 1;
    clearTimeout(this.#timer);
    if (this.#stream) stopTracks(this.#stream);
    this.#stream = undefined;
    this.#video.srcObject = null;
    this.isTorchOn = false;
  }

  /** @param {Detector} detector */
  #lookAgain(detector) {
    this.#timer = setTimeout(async () => {
      const turn = this.#turn;
      // An unreadable frame is no reason to stop; another one follows.
      const [code] = await detector.detect(this.#video).catch(() => []);
      if (turn !== this.#turn) return;
      if (code?.rawValue) this.#codeSeen(code.rawValue);
      this.#lookAgain(detector);
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
