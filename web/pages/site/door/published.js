import { Kept } from "../lib/storage.js";

/**
 * What the gate needs from the server to work offline: the barcode keys and the list of void tickets.
 *
 * @typedef {import("../../../client/src/types.js").BarcodeKey} BarcodeKey
 * @typedef {{ keys: BarcodeKey[], void: string[], asOf: number }} Published
 */

/** @param {any} value @returns {value is Published} */
function isPublished(value) {
  return Array.isArray(value?.keys) && Array.isArray(value.void) && typeof value.asOf === "number";
}

/** The latest published facts, stored so that they survive a reload without a network. */
export class PublishedFacts {
  #kept;
  /** @type {BarcodeKey[]} */
  keys = [];
  /** @type {ReadonlySet<string>} */
  void = new Set();
  /** @type {number | undefined} when the server last reported them */
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
