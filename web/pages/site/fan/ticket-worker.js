import { TICKET_WORKER } from "../lib/script-urls.js";
import { registerWorker } from "../lib/service-worker.js";
import { ticketWorkers } from "./offline.js";
import { eventPath } from "./routes.js";

/**
 * Lets the pages of orders open without a network. The worker has their paths alone, and no part in the shop, the
 * waiting room or any other page.
 * @param {string[]} events those with orders on this device; the worker leaves all others
 */
export async function openOffline(events) {
  const paths = ["/orders", ...events.map((event) => `${eventPath(event)}/orders/`)];
  for (const path of paths) await registerWorker(TICKET_WORKER, path);
  for (const registration of await ticketWorkers()) {
    if (!paths.includes(new URL(registration.scope).pathname)) await registration.unregister();
  }
}
