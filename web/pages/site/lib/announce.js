import { el } from "./dom.js";

const QUIET_MILLISECONDS = 4000;

/** @type {Record<"polite" | "assertive", HTMLElement> | undefined} */
let regions;
/** @type {string | undefined} */
let waiting;
let lastSpoken = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

function region() {
  // Rebuilding the page removes the old regions.
  if (!regions?.polite.isConnected) {
    const polite = el("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
    const assertive = el("div", { class: "visually-hidden", role: "alert" });
    document.body.append(polite, assertive);
    regions = { polite, assertive };
  }
  return regions;
}

/**
 * Announces a change to screen readers. Polite announcements come at most every few seconds, and only the newest:
 * users turn off a region that chatters. `isUrgent` is for what must not be missed (admitted, a seat lost, a payment
 * declined).
 *
 * @param {string} text @param {{ isUrgent?: boolean }} [options]
 */
export function announce(text, options = {}) {
  if (options.isUrgent) {
    region().assertive.textContent = text;
    return;
  }
  waiting = text;
  if (timer !== undefined) return;
  const pause = Math.max(0, lastSpoken + QUIET_MILLISECONDS - Date.now());
  timer = setTimeout(() => {
    timer = undefined;
    lastSpoken = Date.now();
    region().polite.textContent = waiting ?? "";
  }, pause);
}
