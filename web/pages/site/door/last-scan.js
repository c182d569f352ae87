import { Kept } from "../lib/storage.js";

/**
 * The newest verdict, kept so that a reload doesn't lose what the guard was about to say. It has no barcode.
 *
 * @typedef {{ event: string, verdict: import("./gate.js").Verdict, at: number }} LastScan
 */

const KINDS = ["admitted", "used", "refused", "unsure"];

/** @param {any} value @returns {value is LastScan} */
function isLastScan(value) {
  const { kind, place } = value?.verdict ?? {};
  const isVerdict = KINDS.includes(kind) && typeof place === "string";
  return isVerdict && typeof value.event === "string" && typeof value.at === "number";
}

export class KeptLastScan {
  #kept;

  /** @param {() => Storage} [storage] */
  constructor(storage) {
    this.#kept = new Kept("door.last", isLastScan, storage);
  }

  /** @param {string} event @returns {LastScan | undefined} if it was at this event's door */
  get(event) {
    const last = this.#kept.get();
    return last?.event === event ? last : undefined;
  }

  /** @param {LastScan} last */
  set(last) {
    // If there is no room for it, an older one would be mistaken for it.
    this.forget();
    this.#kept.set(last);
  }

  forget() {
    this.#kept.set(undefined);
  }
}
