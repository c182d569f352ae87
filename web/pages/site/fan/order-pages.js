/**
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("../../../client/src/types.js").OrderList} OrderList
 */

/** A buyer's orders, as far as they have been loaded. */
export class OrderPages {
  #ask;
  /** @type {string | undefined} */
  #after;
  /** @type {Order[]} */
  orders = [];
  hasMore = true;

  /** @param {(after: string | undefined) => Promise<OrderList>} ask */
  constructor(ask) {
    this.#ask = ask;
  }

  /** Loads one more page; after a failure, the next call asks for the same page again. */
  async more() {
    const { orders, next } = await this.#ask(this.#after);
    this.orders = [...this.orders, ...orders];
    this.#after = next ?? undefined;
    this.hasMore = this.#after !== undefined;
  }
}
