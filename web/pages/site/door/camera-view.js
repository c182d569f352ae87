import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { Camera, troubleOf } from "./camera.js";

/** How long a notice about the picture stays after its cause was last seen. */
const NOTICE_MILLISECONDS = 1500;

/** What lasts until it hasn't been seen for a while. */
class Lasting {
  #ended;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => void} ended */
  constructor(ended) {
    this.#ended = ended;
  }

  /** @returns {boolean} whether it begins now, rather than goes on */
  begin() {
    const isNew = this.#timer === undefined;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), NOTICE_MILLISECONDS);
    return isNew;
  }

  end() {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#ended();
  }
}

/**
 * The camera picture with its buttons, or an explanation if there is no picture.
 * @param {(code: string) => void} codeSeen
 */
export function buildCameraView(codeSeen) {
  const video = el("video", { class: "door-video", playsinline: true, "aria-label": t("door.camera.view") });
  // Browsers only autoplay muted video.
  video.muted = true;
  const status = el("div", { role: "status" });
  const start = el("button", { class: "primary", type: "button", onclick: () => void begin() }, t("door.camera.start"));
  const stop = el("button", { type: "button", onclick: () => end() }, t("door.camera.stop"));
  const torch = el("button", { type: "button", onclick: () => void switchTorch() });
  const picture = el("div", { class: "door-picture", hidden: true }, video, el("div", { class: "door-aim" }));

  const several = new Lasting(() => show(status));
  const camera = new Camera(video, {
    codeSeen,
    looked: (isSeveral) => {
      if (isSeveral && several.begin()) show(status, el("p", { class: "notice warn" }, t("door.camera.several")));
    },
    lost: (trouble) => {
      several.end();
      update();
      explain(trouble);
      start.focus();
    },
  });

  const update = () => {
    const isRunning = camera.isRunning;
    picture.hidden = !isRunning;
    start.hidden = isRunning;
    stop.hidden = !isRunning;
    torch.hidden = !isRunning || !camera.hasTorch;
    torch.textContent = t(camera.isTorchOn ? "door.camera.torchOff" : "door.camera.torchOn");
  };

  /** @param {import("./camera.js").CameraTrouble} trouble */
  const explain = (trouble) => show(status, el("p", { class: "notice warn" }, t(`door.camera.${trouble}`)));

  const begin = async () => {
    if (start.hasAttribute("aria-disabled")) return;
    start.setAttribute("aria-disabled", "true");
    show(status, el("p", { class: "soft" }, t("door.camera.starting")));
    try {
      await camera.start();
      show(status);
      update();
      if (camera.isRunning) stop.focus();
    } catch (error) {
      camera.stop();
      update();
      explain(troubleOf(error));
    } finally {
      start.removeAttribute("aria-disabled");
    }
  };

  const end = () => {
    camera.stop();
    several.end();
    update();
    start.focus();
  };

  const switchTorch = async () => {
    await camera.switchTorch(!camera.isTorchOn);
    update();
  };

  update();
  return {
    element: el(
      "section",
      { class: "card door-camera", "aria-labelledby": "camera-title" },
      el("h2", { id: "camera-title", class: "visually-hidden" }, t("door.camera.title")),
      picture,
      status,
      el("div", { class: "row" }, start, stop, torch),
    ),
    get isRunning() {
      return camera.isRunning;
    },
    stop() {
      camera.stop();
      several.end();
    },
  };
}
