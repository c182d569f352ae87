import { el } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { carousel } from "./carousel.js";
import { ticketCard, ticketWords } from "./ticket.js";
import { showTicketScreen } from "./ticket-screen.js";

/**
 * @typedef {import("../kept-orders.js").KeptOrder} KeptOrder
 * @typedef {import("../ticket-codes.js").TicketCodes} TicketCodes
 */

/** The tickets of an order, side by side or one at a time, and each on the whole screen. */
export class OrderTickets {
  #event;
  #codes;
  #shown;
  #row;
  #fills;
  /** @type {ReturnType<typeof showTicketScreen> | undefined} */
  #screen;

  /** @param {Pick<KeptOrder, "order" | "event" | "places"> & { codes: TicketCodes }} options */
  constructor({ order, event, places, codes }) {
    this.#event = event;
    this.#codes = codes;
    const total = order.tickets.length;
    this.#shown = order.tickets.map(({ ticket }, index) => ({
      ticket, place: places[ticket] ?? { category: "" }, number: index + 1, total,
    }));
    this.#fills = this.#shown.map((_, index) =>
      el("button", { type: "button", class: "no-print", onclick: () => this.#fill(index) }, t("ticket.full")),
    );
    const cards = this.#shown.map((shown, index) => ticketCard(shown, { event, codes, fill: this.#fills[index] }));
    this.#row = carousel(cards);
    this.element = this.#row.element;
    this.element.addEventListener("keydown", this.#row.onKey);
    /** What each ticket is for. */
    this.words = this.#shown.map(ticketWords);
  }

  /** @param {number} first */
  #fill(first) {
    this.#screen = showTicketScreen(this.#shown, { event: this.#event, codes: this.#codes, first });
    void this.#screen.closed.then((last) => {
      this.#screen = undefined;
      this.#row.jump(last);
      this.#fills[last]?.focus({ preventScroll: true });
    });
  }

  /** Resolves as soon as no ticket fills the screen, so that none vanishes while it is shown to somebody. */
  async settled() {
    await this.#screen?.closed;
  }

  close() {
    this.#screen?.close();
  }
}
