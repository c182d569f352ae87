/**
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("../../../client/src/types.js").MyOrderPage} MyOrderPage
 */

/** A buyer's orders, as far as they have been asked for. */
export class OrderPages {
  #ask;
  /** @type {string | undefined} */
  #after;
  /** @type {Order[]} */
  orders = [];
  hasMore = true;

  /** @param {(after: string | undefined) => Promise<MyOrderPage>} ask */
  constructor(ask) {
    this.#ask = ask;
  }

  /** @returns {Promise<void>} after it there is a page more; a page that did not come is asked for again */
  async more() {
    const { orders, next } = await this.#ask(this.#after);
    this.orders = [...this.orders, ...orders];
    this.#after = next ?? undefined;
    this.hasMore = this.#after !== undefined;
  }
}
