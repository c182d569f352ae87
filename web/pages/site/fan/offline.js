import { registerWorker } from "../lib/service-worker.js";

/** All that is kept of a buyer's tickets is in caches named so; the worker's are among them. */
export const TICKETS = "onsale-tickets-";

const WORKER = "/ticket-worker.js";

/**
 * Lets the pages of an event's orders open without a network. Their paths alone are the worker's: it has no part in the
 * shop, the waiting room or any other page.
 * @param {string} event
 */
export async function openOffline(event) {
  await registerWorker(WORKER, "/orders");
  await registerWorker(WORKER, `/events/${encodeURIComponent(event)}/orders/`);
}

/** Whether the page itself comes from the worker's cache; then it has no other page's modules. */
export const isKeptPage = new URL(import.meta.url).pathname.startsWith("/kept/");

/** Deletes all tickets and pages kept on this device. */
export async function forgetTickets() {
  try {
    const registrations = (await globalThis.navigator?.serviceWorker?.getRegistrations()) ?? [];
    for (const registration of registrations) {
      const worker = registration.active ?? registration.waiting ?? registration.installing;
      if (worker?.scriptURL === new URL(WORKER, location.origin).href) await registration.unregister();
    }
    for (const name of (await globalThis.caches?.keys()) ?? []) if (name.startsWith(TICKETS)) await caches.delete(name);
  } catch {
    // Storage is disabled, so nothing was kept.
  }
}
