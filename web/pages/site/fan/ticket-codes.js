/** The QR codes of an order's tickets: each is asked for once, and again only after a failure. */
export class TicketCodes {
  #load;
  /** @type {Map<string, Promise<string>>} */
  #texts = new Map();
  /** @type {Map<string, string>} */
  #addresses = new Map();

  /**
   * @param {(ticket: string) => Promise<Blob>} load asks the server
   * @param {Record<string, string>} [kept] SVGs by ticket that are known already
   */
  constructor(load, kept = {}) {
    this.#load = load;
    for (const [ticket, text] of Object.entries(kept)) this.#texts.set(ticket, Promise.resolve(text));
  }

  /** @param {string} ticket @returns {Promise<string>} its SVG */
  text(ticket) {
    const known = this.#texts.get(ticket);
    if (known) return known;
    const asked = this.#load(ticket).then((blob) => blob.text());
    this.#texts.set(ticket, asked);
    asked.catch(() => this.#texts.delete(ticket));
    return asked;
  }

  /** @param {string} ticket @returns {Promise<string>} an address of its image, good until `close` */
  async address(ticket) {
    const text = await this.text(ticket);
    const known = this.#addresses.get(ticket);
    if (known !== undefined) return known;
    const made = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    this.#addresses.set(ticket, made);
    return made;
  }

  /** @param {string[]} tickets @returns {Promise<Record<string, string>>} SVGs by ticket */
  async all(tickets) {
    return Object.fromEntries(await Promise.all(tickets.map(async (ticket) => [ticket, await this.text(ticket)])));
  }

  close() {
    for (const address of this.#addresses.values()) URL.revokeObjectURL(address);
    this.#addresses.clear();
  }
}
