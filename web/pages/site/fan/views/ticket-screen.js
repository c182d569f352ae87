import { keepAwake } from "../../lib/awake.js";
import { el } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { when } from "../words.js";
import { carousel } from "./carousel.js";
import { codeBox, placeLines, ticketName } from "./ticket.js";

/**
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../ticket-codes.js").TicketCodes} TicketCodes
 * @typedef {import("./ticket.js").ShownTicket} ShownTicket
 */

/**
 * Tickets that fill the screen, for the scanner at the door: black on white in either scheme, and the screen stays on.
 * @param {ShownTicket[]} tickets
 * @param {{ event: Event, codes: TicketCodes, first: number }} options
 * @returns {{ close: () => void, closed: Promise<number> }} `closed` tells which one was shown last
 */
export function showTicketScreen(tickets, { event, codes, first }) {
  const ending = new AbortController();
  const items = tickets.map((shown) =>
    el(
      "li",
      null,
      el(
        "div",
        { class: "screen-ticket", role: "group", "aria-label": ticketName(shown) },
        codeBox(shown, codes),
        el("div", { class: "screen-place" }, ...placeLines(shown)),
      ),
    ),
  );
  const row = carousel(items);
  const dialog = el(
    "dialog",
    { class: "ticket-screen", "aria-labelledby": "ticket-screen-title" },
    el(
      "div",
      { class: "screen-head" },
      el("h2", { id: "ticket-screen-title" }, event.title),
      el("p", null, when(event.startsAt, event)),
      el("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, t("ticket.close")),
    ),
    row.element,
    el("p", { class: "small screen-bright" }, t("ticket.bright")),
  );
  dialog.addEventListener("keydown", row.onKey);
  /** @type {Promise<number>} */
  const closed = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      ending.abort();
      dialog.remove();
      resolve(row.index());
    });
  });
  document.body.append(dialog);
  dialog.showModal();
  row.jump(first);
  keepAwake(ending.signal);
  fillScreen(ending.signal);
  return { close: () => dialog.close(), closed };
}

/**
 * Hides the browser's own bars, where it lets a page do so; the dialog fills what there is either way.
 * @param {AbortSignal} until
 */
function fillScreen(until) {
  if (document.fullscreenElement) return;
  const entered = document.documentElement.requestFullscreen?.({ navigationUI: "hide" });
  until.addEventListener("abort", () => {
    entered?.then(() => document.fullscreenElement && document.exitFullscreen()).catch(() => {});
  });
  entered?.catch(() => {});
}
