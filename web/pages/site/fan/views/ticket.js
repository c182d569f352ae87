import { el, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { categoryWords, placeWords } from "../ticket-place.js";
import { when } from "../words.js";

/**
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../ticket-codes.js").TicketCodes} TicketCodes
 * @typedef {import("../ticket-place.js").TicketPlace} TicketPlace
 */

/**
 * A ticket as it is shown, alone or among others of its order.
 * @typedef {object} ShownTicket
 * @property {string} ticket
 * @property {TicketPlace} place
 * @property {number} number from 1
 * @property {number} total
 */

/** @param {ShownTicket} shown @returns {string} what it is for, in one line */
export function ticketWords({ place }) {
  return [categoryWords(place), placeWords(place)].filter((words) => words !== "").join(" · ");
}

/** @param {ShownTicket} shown @returns {string} its name among those of its order */
export function ticketName(shown) {
  const { number, total } = shown;
  return total === 1 ? ticketWords(shown) : t("ticket.name", { number, total, place: ticketWords(shown) });
}

/** @param {ShownTicket} shown @returns {HTMLElement[]} its category and its place, a line each */
export function placeLines({ place }) {
  const category = categoryWords(place);
  return [
    ...(category === "" ? [] : [el("p", { class: "ticket-category" }, category)]),
    el("p", { class: "ticket-place" }, placeWords(place)),
  ];
}

/** @param {ShownTicket} shown @param {TicketCodes} codes @returns {HTMLElement} its code, or how to get it */
export function codeBox(shown, codes) {
  const box = el("div", { class: "qr" });
  const load = async () => {
    show(box, el("p", { class: "small" }, t("loading")));
    try {
      const src = await codes.address(shown.ticket);
      const alt = t("ticket.alt", { place: placeWords(shown.place) });
      show(box, el("img", { src, alt, width: "220", height: "220" }));
    } catch {
      show(
        box,
        el("p", { class: "small" }, t("ticket.noCode")),
        el("button", { type: "button", class: "no-print", onclick: load }, t("ticket.retry")),
      );
    }
  };
  void load();
  return box;
}

/**
 * One ticket of an order's page.
 * @param {ShownTicket} shown
 * @param {{ event: Event, codes: TicketCodes, fill: HTMLElement | undefined }} options `fill` is the button that shows it
 *   on the whole screen
 * @returns {HTMLLIElement}
 */
export function ticketCard(shown, { event, codes, fill }) {
  return el(
    "li",
    null,
    el(
      "div",
      { class: "card ticket", role: "group", "aria-label": ticketName(shown) },
      codeBox(shown, codes),
      el(
        "div",
        { class: "stack" },
        el("p", { class: "ticket-event" }, event.title),
        ...placeLines(shown),
        el("p", null, when(event.startsAt, event)),
        el("p", null, event.venue),
        el("p", { class: "small soft hash" }, shown.ticket),
        fill,
      ),
    ),
  );
}
