import { Kept } from "../lib/storage.js";

/** @type {Kept<boolean>} */
const wanted = new Kept("fan.sound", /** @returns {value is boolean} */ (value) => typeof value === "boolean");

/** @type {AudioContext | undefined} browsers allow sound only after the user has touched the page */
let context;

export const isSoundOn = () => wanted.get() === true;

/** @param {boolean} isOn call this from a click handler: turning it on plays a test sound at once */
export function setSound(isOn) {
  wanted.set(isOn);
  if (isOn) {
    arm();
    chime();
  }
}

/** After a reload, the first touch of the page enables sound again. */
export function armOnTouch() {
  for (const name of ["pointerdown", "keydown"]) {
    addEventListener(name, () => isSoundOn() && arm(), { once: true, capture: true });
  }
}

function arm() {
  try {
    context ??= new AudioContext();
    context.resume().catch(() => {});
  } catch {
    // No sound on this device; the title and the text say the same.
  }
}

/** Plays three rising tones, if sound is on and allowed. */
export function chime() {
  if (!context || !isSoundOn()) return;
  for (const [index, frequency] of [523, 659, 784].entries()) {
    const start = context.currentTime + index * 0.18;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.25, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.5);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.5);
  }
}
