/**
 * @typedef {{ name: "list" } | { name: "event", event: string } | { name: "orders" }
 *   | { name: "order", event: string, order: string } | { name: "signIn" } | { name: "missing" }} Route
 */

/**
 * @param {string} pathname
 * @returns {Route}
 */
export function routeOf(pathname) {
  /** @type {string[]} */
  let parts;
  try {
    parts = pathname.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return { name: "missing" };
  }
  const [first, second, third, fourth, ...rest] = parts;
  if (first === undefined) return { name: "list" };
  if (first === "events" && second !== undefined && third === undefined) return { name: "event", event: second };
  if (first === "sign-in" && second === undefined) return { name: "signIn" };
  if (first === "orders" && second === undefined) return { name: "orders" };
  if (first === "orders" && second !== undefined && third !== undefined && fourth === undefined) {
    return { name: "order", event: second, order: third };
  }
  // The bank's page returns here.
  if (first === "events" && second !== undefined && third === "orders" && fourth !== undefined && rest.length === 0) {
    return { name: "order", event: second, order: fourth };
  }
  return { name: "missing" };
}

/** @param {string} event */
export const eventPath = (event) => `/events/${encodeURIComponent(event)}`;

/** @param {string} event @param {string} order */
export const orderPath = (event, order) => `/orders/${encodeURIComponent(event)}/${encodeURIComponent(order)}`;
