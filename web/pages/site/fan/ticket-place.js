import { t } from "../lib/i18n.js";

/**
 * @typedef {import("../../../client/src/types.js").Event} Event
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("../../../client/src/types.js").Ticket} Ticket
 * @typedef {import("../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * What a ticket is for. A seat has its name alone until the plan is known.
 * @typedef {object} TicketPlace
 * @property {string} category empty if not known
 * @property {string} [area] where one stands
 * @property {string} [name] the seat's `seat_guid`
 * @property {{ section: string, row: string, seat: string }} [label]
 */

/**
 * @param {Ticket} ticket @param {Order} order @param {Event} event @param {SeatingChart} [chart]
 * @returns {TicketPlace}
 */
export function placeOf(ticket, order, event, chart) {
  // An order of one category says which, whatever else is known.
  const only = order.lines.length === 1 ? order.lines[0]?.category : undefined;
  if (ticket.seat === undefined) {
    const area = event.areas.find(({ name }) => name === ticket.area);
    return { category: area?.category ?? only ?? "", area: ticket.area ?? "" };
  }
  const index = chart?.indexOf(ticket.seat);
  if (chart === undefined || index === undefined) return { category: only ?? "", name: ticket.seat };
  return { category: chart.categoryAt(index).name, name: ticket.seat, label: chart.label(index) };
}

/** @param {TicketPlace} place @returns {string} "F2 section, row 5, seat 7", or "Floor, standing" */
export function placeWords({ area, name, label }) {
  if (area !== undefined) {
    const isNamedSo = area.toLowerCase().includes(t("ticket.standing").toLowerCase());
    return isNamedSo ? area : t("ticket.area", { area });
  }
  if (label === undefined) return name ?? "";
  const { section, row, seat } = label;
  // Small halls have no sections, and some rows no name.
  return [
    section !== "" && t("ticket.section", { section }),
    row !== "" && t("ticket.row", { row }),
    seat !== "" && t("ticket.seat", { seat }),
  ].filter(Boolean).join(t("ticket.separator"));
}

/** @param {TicketPlace} place @returns {string} empty if it says no more than the place itself */
export function categoryWords({ category, area }) {
  if (category === "" || category === area) return "";
  return area === undefined ? t("ticket.category", { category }) : category;
}
