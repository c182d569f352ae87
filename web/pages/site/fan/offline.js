import { TICKET_WORKER } from "../lib/script-urls.js";

/** All that is kept of a buyer's tickets is in caches named so; the worker's are among them. */
export const TICKETS = "onsale-tickets-";

/** @returns {Promise<ServiceWorkerRegistration[]>} where it is registered */
export async function ticketWorkers() {
  const all = (await globalThis.navigator?.serviceWorker?.getRegistrations()) ?? [];
  const address = new URL(TICKET_WORKER, location.origin).href;
  return all.filter(({ active, waiting, installing }) => (active ?? waiting ?? installing)?.scriptURL === address);
}

/** Whether the page itself comes from the worker's cache; then it has no other page's modules. */
export const isKeptPage = new URL(import.meta.url).pathname.startsWith("/kept/");

/** Deletes what is kept of events that are over. It costs nothing where nothing is kept. */
export async function forgetOverTickets() {
  try {
    const names = (await globalThis.caches?.keys()) ?? [];
    if (!names.some((name) => name.startsWith(TICKETS))) return;
    const { KeptOrders } = await import("./kept-orders.js");
    await new KeptOrders().forgetOver();
  } catch {
    // Storage is disabled, so nothing was kept; or there is no network, and it is done another time.
  }
}

/** Deletes all tickets and pages kept on this device. */
export async function forgetTickets() {
  try {
    const workers = await ticketWorkers().catch(() => []);
    for (const registration of workers) await registration.unregister();
    for (const name of (await globalThis.caches?.keys()) ?? []) if (name.startsWith(TICKETS)) await caches.delete(name);
  } catch {
    // Storage is disabled, so nothing was kept.
  }
}
