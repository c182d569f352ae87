import { Kept } from "../lib/storage.js";

/**
 * What the server has published and the gate needs without it: the barcodes' keys, and the tickets that count no more.
 *
 * @typedef {import("../../../client/src/types.js").BarcodeKey} BarcodeKey
 * @typedef {{ keys: BarcodeKey[], void: string[], asOf: number }} Published
 */

/** @param {any} value @returns {value is Published} */
function isPublished(value) {
  return Array.isArray(value?.keys) && Array.isArray(value.void) && typeof value.asOf === "number";
}

/** The newest that was heard, kept over a reload without a network. */
export class PublishedFacts {
  #kept;
  /** @type {BarcodeKey[]} */
  keys = [];
  /** @type {ReadonlySet<string>} */
  void = new Set();
  /** @type {number | undefined} when the server said so */
  asOf;

  /** @param {() => Storage} [storage] */
  constructor(storage) {
    this.#kept = new Kept("door.published", isPublished, storage);
    this.#take(this.#kept.get());
  }

  /** @param {Published | undefined} facts */
  #take(facts) {
    this.keys = facts?.keys ?? [];
    this.void = new Set(facts?.void);
    this.asOf = facts?.asOf;
  }

  /** @param {Published} facts */
  replace(facts) {
    this.#take(facts);
    this.#kept.set(facts);
  }

  forget() {
    this.#take(undefined);
    this.#kept.set(undefined);
  }
}
