import { clock } from "./api.js";
import { TICKETS } from "./offline.js";

/**
 * What of an order is kept to show its tickets without a network.
 * @typedef {object} KeptOrder
 * @property {string} at RFC 3339, when the server said so
 * @property {import("../../../client/src/types.js").Order} order
 * @property {import("../../../client/src/types.js").Event} event
 * @property {Record<string, import("./ticket-place.js").TicketPlace>} places by ticket
 * @property {Record<string, string>} codes QR codes as SVG, by ticket
 */

/** The number is the form of `KeptOrder`: a page doesn't read what another version has kept in another form. */
const PREFIX = `${TICKETS}orders-1-`;
const ORDERS_MOST = 20;
const DAY_MILLISECONDS = 86_400_000;
const CHARACTERS_MOST = 1_000_000;

/** @param {string} event @param {string} order */
const addressOf = (event, order) => `/kept-orders/${encodeURIComponent(event)}/${encodeURIComponent(order)}`;

/** @param {KeptOrder} kept @param {number} now @returns {boolean} whether its event ended more than a day ago */
function isOver({ event }, now) {
  // One that doesn't say how long it takes is over within a day.
  const lasts = event.runningMinutes === undefined ? DAY_MILLISECONDS : event.runningMinutes * 60_000;
  return Date.parse(event.startsAt) + lasts + DAY_MILLISECONDS < now;
}

/**
 * Orders on this device, one buyer's at a time, until a day after the event. Whatever can't be stored or read, as in private windows, counts as not
 * kept.
 */
export class KeptOrders {
  #storage;
  #now;

  /** @param {CacheStorage | undefined} [storage] @param {() => number} [now] the time in milliseconds */
  constructor(storage = globalThis.caches, now = () => clock.now()) {
    this.#storage = storage;
    this.#now = now;
  }

  /**
   * Keeps an order instead of what was kept of it before; the orders of other buyers and the oldest beyond a number go.
   * @param {string} buyer @param {KeptOrder} kept
   */
  async keep(buyer, kept) {
    const text = JSON.stringify(kept);
    if (!this.#storage || text.length > CHARACTERS_MOST || isOver(kept, this.#now())) return;
    try {
      const own = PREFIX + encodeURIComponent(buyer);
      for (const name of await this.#names()) if (name !== own) await this.#storage.delete(name);
      const cache = await this.#storage.open(own);
      await cache.put(addressOf(kept.order.event, kept.order.order), new Response(text));
      const old = (await this.all(buyer)).slice(ORDERS_MOST);
      for (const { order } of old) await cache.delete(addressOf(order.event, order.order));
    } catch {
      // There is no room, or no storage.
    }
  }

  /** Deletes the orders of events that ended more than a day ago, whoever's they are. */
  async forgetOver() {
    try {
      for (const name of await this.#names()) {
        const cache = await this.#storage?.open(name);
        const kept = /** @type {KeptOrder[]} */ (
          await Promise.all(((await cache?.matchAll()) ?? []).map((response) => response.json()))
        );
        const over = kept.filter((order) => isOver(order, this.#now()));
        for (const { order } of over) await cache?.delete(addressOf(order.event, order.order));
        // Its name has the buyer's.
        if (over.length === kept.length) await this.#storage?.delete(name);
      }
    } catch {
      // There is no storage.
    }
  }

  /**
   * @param {string | undefined} buyer whoever is signed in; undefined shows what the last buyer has left on the device,
   *   since a session may end before the event does
   * @returns {Promise<KeptOrder[]>} the newest first
   */
  async all(buyer) {
    /** @type {KeptOrder[]} */
    const found = [];
    await this.forgetOver();
    try {
      for (const name of await this.#names()) {
        if (buyer !== undefined && name !== PREFIX + encodeURIComponent(buyer)) continue;
        const cache = await this.#storage?.open(name);
        for (const response of (await cache?.matchAll()) ?? []) found.push(await response.json());
      }
    } catch {
      return [];
    }
    return found.sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
  }

  /** @param {string | undefined} buyer @param {string} event @param {string} order */
  async find(buyer, event, order) {
    return (await this.all(buyer)).find((kept) => kept.order.event === event && kept.order.order === order);
  }

  /** @param {string | undefined} buyer @param {string} event @param {string} order one without valid tickets */
  async forget(buyer, event, order) {
    try {
      const own = (await this.#names()).filter((name) => name === PREFIX + encodeURIComponent(buyer ?? ""));
      for (const name of own) await (await this.#storage?.open(name))?.delete(addressOf(event, order));
    } catch {
      // Nothing was kept.
    }
  }

  async #names() {
    return ((await this.#storage?.keys()) ?? []).filter((name) => name.startsWith(PREFIX));
  }
}
