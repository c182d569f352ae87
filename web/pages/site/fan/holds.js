import { Kept } from "../lib/storage.js";
import { toHex } from "./sha256.js";

/**
 * @typedef {import("../../../client/src/types.js").Hold} Hold
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("../../../client/src/types.js").Price} Price
 */

/**
 * A hold as stored: with the Idempotency-Key of its order, made once; the payment method as soon as it may have been
 * sent; and the order as soon as there is one. After a declined payment it has a new key and the decline code. `was`: what the
 * page showed before, of what turned out to cost something else.
 *
 * @typedef {{ hold: Hold, key: string, method?: string, order?: string, declined?: string, was?: Price[] }} KeptHold
 */

/** @param {any} value @returns {value is KeptHold[]} */
function areKeptHolds(value) {
  return (
    Array.isArray(value) &&
    value.every(
      (entry) =>
        typeof entry?.hold?.hold === "string" && typeof entry.key === "string" && Array.isArray(entry.was ?? []),
    )
  );
}

const PREFIX = "onsale.fan.holds.";

/**
 * Holds of all events that still run and that nobody is paying for, the first to end first.
 * @param {number} now in milliseconds @param {() => Storage} [storage]
 * @returns {{ event: string, hold: Hold }[]}
 */
export function heldEverywhere(now, storage = () => localStorage) {
  /** @type {{ event: string, hold: Hold }[]} */
  const held = [];
  try {
    const kept = storage();
    for (let index = 0; index < kept.length; index += 1) {
      const name = kept.key(index) ?? "";
      if (!name.startsWith(PREFIX)) continue;
      const event = name.slice(PREFIX.length);
      for (const { hold, method } of new KeptHolds(event, storage).all()) {
        if (method === undefined && Date.parse(hold.expiresAt) > now) held.push({ event, hold });
      }
    }
  } catch {
    // Storage is disabled: what this page holds is shown by its own.
  }
  return held.sort((a, b) => a.hold.expiresAt.localeCompare(b.hold.expiresAt));
}

/**
 * @param {number} [bytes]
 * @returns {string} a unique key; `crypto.randomUUID` exists in secure contexts only
 */
export function newKey(bytes = 16) {
  return toHex(crypto.getRandomValues(new Uint8Array(bytes)));
}

/**
 * The holds of one event, surviving reloads and shared between tabs. A payment's key and method are stored BEFORE it is
 * sent, so whatever happens to the page or the answer, a retry repeats the same order and never creates another.
 */
export class KeptHolds {
  #kept;
  /** @type {KeptHold[]} the fallback when storage is disabled; lives as long as the page */
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

  /**
   * @param {Hold} hold keeps its key if it is already stored
   * @param {Price[]} [was] what the page showed, of what it costs otherwise
   */
  add(hold, was = []) {
    const known = this.get(hold.hold);
    const entry = known ? { ...known, hold } : { hold, key: newKey(), ...(was.length > 0 && { was }) };
    this.#set([...this.all().filter((other) => other.hold.hold !== hold.hold), entry]);
  }

  /**
   * Records that a payment is being sent. If one may already have been, it must be repeated unchanged, whatever method
   * is asked for now: another body under the same key would be refused, and another key might pay twice.
   *
   * @param {string} id @param {string} method
   * @returns {{ key: string, method: string } | undefined} what to send; undefined if the hold is no longer stored
   */
  begin(id, method) {
    const entry = this.get(id);
    if (!entry) return undefined;
    const chosen = entry.method ?? method;
    this.#change(id, { ...entry, method: chosen });
    return { key: entry.key, method: chosen };
  }

  /** @param {string} id definitely refused by the server: nothing was placed, and another method may be chosen */
  refused(id) {
    const entry = this.get(id);
    if (entry) this.#change(id, { hold: entry.hold, key: entry.key, ...(entry.was && { was: entry.was }) });
  }

  /**
   * Records the order that a payment has placed, unless another tab has moved on to a new key.
   * @param {string} id @param {string} key the order's key @param {string} order
   */
  ordered(id, key, order) {
    const entry = this.get(id);
    if (entry?.key === key) this.#change(id, { ...entry, order });
  }

  /**
   * The payment was declined but the hold is left: paying for it now takes another order, under another key.
   * @param {Hold} hold as it is now @param {string} key the declined order's key @param {string} code the decline code
   */
  declined(hold, key, code) {
    const entry = this.get(hold.hold);
    if (entry?.key !== key) return;
    this.#change(hold.hold, { hold, key: newKey(), declined: code, ...(entry.was && { was: entry.was }) });
  }

  /** @param {string} order @returns {KeptHold | undefined} the hold it pays for */
  paidBy(order) {
    return this.all().find((entry) => entry.order === order);
  }

  /** @param {string} id */
  remove(id) {
    this.#set(this.all().filter((entry) => entry.hold.hold !== id));
  }

  /**
   * Forgets expired holds, but never one whose payment may have been sent.
   * @param {number} now @returns {KeptHold[]} the forgotten ones
   */
  expire(now) {
    const all = this.all();
    const gone = all.filter((entry) => !entry.method && Date.parse(entry.hold.expiresAt) <= now);
    if (gone.length > 0) this.#set(all.filter((entry) => !gone.includes(entry)));
    return gone;
  }

  /** @param {() => void} changed called when another tab changes them */
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
