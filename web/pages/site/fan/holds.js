import { Kept } from "../lib/storage.js";
import { toHex } from "./sha256.js";

/**
 * @typedef {import("../../../client/src/types.js").Hold} Hold
 * @typedef {import("../../../client/src/types.js").Order} Order
 */

/**
 * A hold as it is kept: with its order's Idempotency-Key, made once; with the payment method as soon as it may have
 * been sent; with the order as soon as there is one. After a payment that was declined it has a new key, and the code
 * that says why.
 *
 * @typedef {{ hold: Hold, key: string, method?: string, order?: string, declined?: string }} KeptHold
 */

/** @param {any} value @returns {value is KeptHold[]} */
function areKeptHolds(value) {
  return (
    Array.isArray(value) &&
    value.every((entry) => typeof entry?.hold?.hold === "string" && typeof entry.key === "string")
  );
}

/**
 * @param {number} [bytes]
 * @returns {string} a key nobody else has; `crypto.randomUUID` is there in secure contexts only
 */
export function newKey(bytes = 16) {
  return toHex(crypto.getRandomValues(new Uint8Array(bytes)));
}

/**
 * The holds of one event, kept over a reload and shared by tabs. What a payment is sent with is written down BEFORE it
 * is sent, so whatever happens to page or answer, the same order is repeated and never another made.
 */
export class KeptHolds {
  #kept;
  /** @type {KeptHold[]} where storage is switched off they live as long as the page */
  #memory = [];

  /** @param {string} event @param {() => Storage} [storage] */
  constructor(event, storage) {
    this.#kept = new Kept(`fan.holds.${event}`, areKeptHolds, storage);
  }

  /** @returns {KeptHold[]} */
  all() {
    return this.#kept.get() ?? this.#memory;
  }

  /** @param {string} id @returns {KeptHold | undefined} */
  get(id) {
    return this.all().find((entry) => entry.hold.hold === id);
  }

  /** @param {Hold} hold one already there keeps its key */
  add(hold) {
    const known = this.get(hold.hold);
    const entry = known ? { ...known, hold } : { hold, key: newKey() };
    this.#set([...this.all().filter((other) => other.hold.hold !== hold.hold), entry]);
  }

  /**
   * Writes down that a payment is being sent. If one already may have been, that one is the one to repeat, whatever
   * method is asked for now: another body under the same key would be refused, another key might pay twice.
   *
   * @param {string} id @param {string} method
   * @returns {{ key: string, method: string } | undefined} what to send; nothing if the hold is not kept any more
   */
  begin(id, method) {
    const entry = this.get(id);
    if (!entry) return undefined;
    const chosen = entry.method ?? method;
    this.#change(id, { ...entry, method: chosen });
    return { key: entry.key, method: chosen };
  }

  /** @param {string} id The server has refused for certain: nothing was placed, and another method may be chosen. */
  refused(id) {
    const entry = this.get(id);
    if (entry) this.#change(id, { hold: entry.hold, key: entry.key });
  }

  /** @param {string} id @param {string} key the order's: another tab may be on to the next one @param {string} order */
  ordered(id, key, order) {
    const entry = this.get(id);
    if (entry?.key === key) this.#change(id, { ...entry, order });
  }

  /**
   * The payment was declined and its hold is left: what pays it now is another order, under another key.
   * @param {Hold} hold as it is now @param {string} key the declined order's @param {string} code why
   */
  declined(hold, key, code) {
    if (this.get(hold.hold)?.key === key) this.#change(hold.hold, { hold, key: newKey(), declined: code });
  }

  /** @param {string} order @returns {KeptHold | undefined} what it pays for */
  paidBy(order) {
    return this.all().find((entry) => entry.order === order);
  }

  /** @param {string} id */
  remove(id) {
    this.#set(this.all().filter((entry) => entry.hold.hold !== id));
  }

  /**
   * Forgets what has run out, but never one whose payment may have been sent.
   * @param {number} now @returns {KeptHold[]} those that were forgotten
   */
  expire(now) {
    const all = this.all();
    const gone = all.filter((entry) => !entry.method && Date.parse(entry.hold.expiresAt) <= now);
    if (gone.length > 0) this.#set(all.filter((entry) => !gone.includes(entry)));
    return gone;
  }

  /** @param {() => void} changed told when another tab has changed them */
  onChange(changed) {
    this.#kept.onChange(changed);
  }

  /** @param {string} id @param {KeptHold} changed */
  #change(id, changed) {
    this.#set(this.all().map((entry) => (entry.hold.hold === id ? changed : entry)));
  }

  /** @param {KeptHold[]} entries */
  #set(entries) {
    this.#kept.set(entries);
    this.#memory = this.#kept.get() ? [] : entries;
  }
}
