import { el, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { client } from "../api.js";
import { seatName, when } from "../words.js";

/**
 * @typedef {import("../../../../client/src/types.js").Ticket} Ticket
 * @typedef {import("../../../../client/src/types.js").Order} Order
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 */

/** @param {Ticket} ticket @param {SeatingChart} [chart] @returns {string} the seat or area it is for */
export function ticketPlace(ticket, chart) {
  return ticket.seat === undefined ? t("ticket.area", { area: ticket.area ?? "" }) : seatName(ticket.seat, chart);
}

/**
 * One ticket, as shown at the door.
 * @param {{ event: Event, order: Order, ticket: Ticket, chart: SeatingChart | undefined, token: string }} options
 * @returns {{ element: HTMLElement, close: () => void }}
 */
export function ticketCard(options) {
  const { event, order, ticket, chart, token } = options;
  const code = el("div", { class: "qr" });
  const place = ticketPlace(ticket, chart);
  let address = "";
  let isClosed = false;

  const load = async () => {
    show(code, el("p", { class: "small" }, t("loading")));
    try {
      const blob = await client.getQRCode(order.event, token, order.order, ticket.ticket);
      if (isClosed) return;
      address = URL.createObjectURL(blob);
      show(code, el("img", { src: address, alt: t("ticket.alt", { place }), width: "220", height: "220" }));
    } catch {
      if (isClosed) return;
      show(
        code,
        el("p", { class: "small" }, t("ticket.noCode")),
        el("button", { type: "button", class: "no-print", onclick: load }, t("ticket.retry")),
      );
    }
  };
  load();

  return {
    element: el(
      "li",
      { class: "card ticket" },
      code,
      el(
        "div",
        { class: "stack" },
        el("p", { class: "ticket-event" }, event.title),
        el("p", { class: "ticket-place" }, place),
        el("p", null, when(event.startsAt, event)),
        el("p", null, event.venue),
        el("p", { class: "small soft hash" }, ticket.ticket),
      ),
    ),
    close: () => {
      isClosed = true;
      if (address !== "") URL.revokeObjectURL(address);
    },
  };
}
