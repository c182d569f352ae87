/**
 * Sound and vibration for a verdict, so that nobody needs to look. Each kind has its own pattern.
 *
 * @typedef {import("./gate.js").Verdict["kind"]} Kind
 */

/**
 * Tones as [hertz, seconds from the start, seconds long].
 * @type {Record<Kind, [number, number, number][]>}
 */
const TONES = {
  admitted: [
    [880, 0, 0.09],
    [1320, 0.1, 0.16],
  ],
  used: [
    [520, 0, 0.14],
    [520, 0.22, 0.14],
  ],
  refused: [[180, 0, 0.6]],
  unsure: [
    [440, 0, 0.1],
    [392, 0.16, 0.1],
    [440, 0.32, 0.1],
  ],
};

/**
 * In milliseconds: on, off, on …
 * @type {Record<Kind, number[]>}
 */
const BUZZES = {
  admitted: [80],
  used: [150, 100, 150],
  refused: [600],
  unsure: [80, 80, 80, 80, 80],
};

/** @type {AudioContext | undefined} */
let audio;

/** Call this on every touch and key press: browsers allow sound only after one. */
export function allowSound() {
  try {
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume().catch(() => {});
  } catch {
    // No sound on this device; color, words, symbol and vibration remain.
  }
}

/** @param {Kind} kind */
export function signal(kind) {
  // Browsers refuse this before the first touch, which is harmless.
  navigator.vibrate?.(BUZZES[kind]);
  const context = audio;
  if (context?.state !== "running") return;
  const now = context.currentTime;
  for (const [hertz, start, length] of TONES[kind]) sound(context, hertz, now + start, length);
}

/** @param {AudioContext} context @param {number} hertz @param {number} start @param {number} length in seconds */
function sound(context, hertz, start, length) {
  const tone = new OscillatorNode(context, { type: "square", frequency: hertz });
  const volume = new GainNode(context, { gain: 0 });
  // Fade in and out to avoid clicks.
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.25, start + 0.01);
  volume.gain.setValueAtTime(0.25, start + length - 0.02);
  volume.gain.linearRampToValueAtTime(0, start + length);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + length);
}
