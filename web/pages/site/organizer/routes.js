/** @typedef {"live" | "seats" | "orders" | "settlement" | "audit"} Tab */
/** @typedef {{ name: "events" } | { name: "new" } | { name: "webhooks" } | { name: "event", event: string, tab: Tab } | { name: "unknown" }} Route */

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
  if (parts[1] !== "events" || parts.length > 4) return { name: "unknown" };
  if (parts[2] === undefined) return { name: "events" };
  const tab = TABS.find((known) => known === (parts[3] ?? "live"));
  if (tab === undefined || parts[3] === "live") return { name: "unknown" };
  try {
    return { name: "event", event: decodeURIComponent(parts[2]), tab };
  } catch {
    return { name: "unknown" };
  }
}

/** @param {string} event @param {Tab} [tab] */
export function eventPath(event, tab = "live") {
  return `/organizer/events/${encodeURIComponent(event)}${tab === "live" ? "" : `/${tab}`}`;
}
