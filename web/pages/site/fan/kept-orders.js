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
const CHARACTERS_MOST = 1_000_000;

/** @param {string} event @param {string} order */
const addressOf = (event, order) => `/kept-orders/${encodeURIComponent(event)}/${encodeURIComponent(order)}`;

/**
 * Orders on this device, one buyer's at a time. Whatever can't be stored or read, as in private windows, counts as not
 * kept.
 */
export class KeptOrders {
  #storage;

  /** @param {CacheStorage | undefined} [storage] */
  constructor(storage = globalThis.caches) {
    this.#storage = storage;
  }

  /**
   * Keeps an order instead of what was kept of it before; the orders of other buyers and the oldest beyond a number go.
   * @param {string} buyer @param {KeptOrder} kept
   */
  async keep(buyer, kept) {
    const text = JSON.stringify(kept);
    if (!this.#storage || text.length > CHARACTERS_MOST) return;
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

  /**
   * @param {string | undefined} buyer whoever is signed in; undefined shows what the last buyer has left on the device,
   *   since a session may end before the event does
   * @returns {Promise<KeptOrder[]>} the newest first
   */
  async all(buyer) {
    /** @type {KeptOrder[]} */
    const found = [];
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
