/** @typedef {"live" | "seats" | "orders" | "settlement" | "audit"} Tab */
/** @typedef {{ name: "events" } | { name: "new" } | { name: "webhooks" } | { name: "accounts" } | { name: "event", event: string, tab: Tab, buyer?: string }
 *   | { name: "unknown" }} Route `buyer`: one buyer of the event, among its orders */

/**
 * The tabs of an event's page, in order.
 * @type {Tab[]}
 */
export const TABS = ["live", "seats", "orders", "settlement", "audit"];

/**
 * The route for a path.
 * @param {string} path @returns {Route}
 */
export function parseRoute(path) {
  const parts = path.split("/").filter(Boolean);
  if (parts[0] !== "organizer") return { name: "unknown" };
  if (parts.length === 1) return { name: "events" };
  if (parts[1] === "new" && parts.length === 2) return { name: "new" };
  if (parts[1] === "webhooks" && parts.length === 2) return { name: "webhooks" };
  if (parts[1] === "accounts" && parts.length === 2) return { name: "accounts" };
  if (parts[1] !== "events") return { name: "unknown" };
  if (parts[2] === undefined) return { name: "events" };
  const isBuyer = parts[3] === "buyers" && parts.length === 5;
  if (parts.length > 4 && !isBuyer) return { name: "unknown" };
  const tab = isBuyer ? "orders" : TABS.find((known) => known === (parts[3] ?? "live"));
  if (tab === undefined || parts[3] === "live") return { name: "unknown" };
  try {
    const event = decodeURIComponent(parts[2]);
    return isBuyer ? { name: "event", event, tab, buyer: decodeURIComponent(parts[4] ?? "") } : { name: "event", event, tab };
  } catch {
    return { name: "unknown" };
  }
}

/** @param {string} event @param {Tab} [tab] */
export function eventPath(event, tab = "live") {
  return `/organizer/events/${encodeURIComponent(event)}${tab === "live" ? "" : `/${tab}`}`;
}

/** @param {string} event @param {string} buyer */
export const buyerPath = (event, buyer) => `/organizer/events/${encodeURIComponent(event)}/buyers/${encodeURIComponent(buyer)}`;
