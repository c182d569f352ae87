import { clock } from "./api.js";
import { KeptOrders } from "./kept-orders.js";
import { forgetTickets } from "./offline.js";
import { session } from "./session.js";
import { openOffline } from "./ticket-worker.js";
import { standingOf } from "./words.js";

/**
 * @typedef {import("./kept-orders.js").KeptOrder} KeptOrder
 * @typedef {import("./ticket-codes.js").TicketCodes} TicketCodes
 */

/** The copy of an order on this device: its tickets when there is no network. */
export class OrderCopy {
  #orders = new KeptOrders();
  #event;
  #order;

  /** @param {string} event @param {string} order */
  constructor(event, order) {
    this.#event = event;
    this.#order = order;
  }

  /**
   * @returns {Promise<KeptOrder | undefined>} what whoever is signed in has kept; if nobody is, the last buyer: a
   *   session may have ended long before the event begins
   */
  find() {
    const known = session();
    return this.#orders.find(known && (known.buyer ?? ""), this.#event, this.#order);
  }

  /**
   * Keeps valid tickets as the server has just told them, and forgets those that have ended.
   * @param {Pick<KeptOrder, "order" | "event" | "places">} told @param {TicketCodes} codes
   */
  async keep({ order, event, places }, codes) {
    if (standingOf(order) !== "confirmed") return this.forget();
    const at = new Date(clock.now()).toISOString();
    const buyer = session()?.buyer;
    const texts = await codes.all(order.tickets.map(({ ticket }) => ticket)).catch(() => undefined);
    if (buyer === undefined || !texts || session()?.buyer !== buyer) return;
    await this.#orders.keep(buyer, { at, order, event, places, codes: texts });
    await openOffline([...new Set((await this.#orders.all(buyer)).map((kept) => kept.event.id))]);
    // Whoever signs out meanwhile leaves nothing behind.
    if (session()?.buyer !== buyer) await forgetTickets();
  }

  async forget() {
    await this.#orders.forget(session()?.buyer, this.#event, this.#order);
  }
}
