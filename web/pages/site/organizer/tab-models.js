import { pauseWhileHidden } from "./poller.js";
import { buyerPath, eventPath } from "./routes.js";
import { TimelineWindow } from "./timeline-window.js";

/**
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {import("./live-event.js").LiveEvent} LiveEvent
 */

/**
 * Shows a value at once, if there is one, and again on every change until the tab is left.
 * @template Value
 * @typedef {(show: (value: Value) => void) => void} Follow
 */

/** @param {LiveEvent} live @param {AbortSignal} signal @returns {Follow<import("./seat-widgets.js").Seats>} */
const seatsOf = (live, signal) => (show) =>
  live.watch(
    ["seats"],
    (changed) => {
      const { chart, states } = live;
      if (chart && states.version !== undefined) show({ chart, states, changed });
    },
    signal,
  );

/**
 * @param {LiveEvent} live @param {Desk} desk @param {AbortSignal} signal aborts when the tab is left
 * @returns {import("./onsale-controls.js").ControlsModel}
 */
export const controlsModel = (live, desk, signal) => ({
  may: (role) => desk.may(role),
  onEvent: (show) => live.watch(["event"], () => live.event && show(live.event), signal),
  report: () => live.report,
  pauseOrResume: async (action) => {
    live.setEvent(
      await desk.call((client, token) =>
        action === "pause" ? client.pauseOnsale(live.id, token) : client.resumeOnsale(live.id, token),
      ),
    );
    live.refresh();
  },
  changeOnsale: async (changes) => {
    live.setEvent(await desk.call((client, token) => client.changeOnsale(live.id, token, changes)));
  },
});

/**
 * @param {LiveEvent} live @param {Desk} desk @param {AbortSignal} signal aborts when the tab is left
 * @returns {import("./live-view.js").LiveModel}
 */
export const liveModel = (live, desk, signal) => ({
  id: live.id,
  controls: controlsModel(live, desk, signal),
  onNumbers: (show) =>
    live.watch(
      ["report", "event", "room"],
      () => {
        const { report, event, room, pace, burst } = live;
        if (report && event) show({ report, event, room, pace, burst });
      },
      signal,
    ),
  onOrderCounts: (show) => live.watch(["report"], () => live.report && show(live.report.orders), signal),
  timeline: (window, changed) => {
    const timeline = new TimelineWindow(
      window,
      (query) => desk.call((client, token) => client.getTimeline(live.id, token, query)),
      changed,
    );
    timeline.start();
    const ending = new AbortController();
    const stop = () => {
      timeline.stop();
      ending.abort();
    };
    signal.addEventListener("abort", stop, { signal: ending.signal });
    pauseWhileHidden((isHidden) => timeline.pause(isHidden), ending.signal);
    return stop;
  },
  onSeats: seatsOf(live, signal),
  signal,
});

/**
 * @param {LiveEvent} live @param {Desk} desk @param {AbortSignal} signal aborts when the tab is left
 * @returns {import("./seats-view.js").SeatsModel}
 */
export const seatsModel = (live, desk, signal) => ({
  mayBlock: desk.may("box-office"),
  onChart: (show) => live.watch(["chart"], () => live.chart && show(live.chart), signal),
  onSeats: seatsOf(live, signal),
  blocks: () => desk.call((client, token) => client.listBlocks(live.id, token)),
  change: (action, names, reason) =>
    desk.call(async (client, token) => {
      if (action === "block") await client.blockSeats(live.id, token, names, reason);
      else await client.unblockSeats(live.id, token, names);
    }),
  refresh: () => live.refresh(),
});

/**
 * @param {LiveEvent} live @param {Desk} desk @param {AbortSignal} signal aborts when the tab is left
 * @returns {import("./order-dialog.js").OrderModel}
 */
const orderModel = (live, desk, signal) => ({
  mayRefund: desk.may("box-office"),
  order: (id) => desk.call((client, token) => client.getOrder(live.id, token, id)),
  refund: (id, { tickets, reason }) =>
    desk.call((client, token) =>
      tickets === undefined
        ? client.cancelOrder(live.id, token, id, reason)
        : client.refundTickets(live.id, token, id, { tickets, ...(reason !== undefined && { reason }) }),
    ),
  story: (id) => desk.call((client, token) => client.getOrderStory(live.id, token, id)),
  refresh: () => live.refresh(),
  chart: () => live.chart,
  onChart: (told) => live.on("chart", told, signal),
});

/**
 * @param {LiveEvent} live @param {Desk} desk @param {AbortSignal} signal aborts when the tab is left
 * @param {(path: string) => void} go
 * @returns {import("./orders-view.js").OrdersModel}
 */
export const ordersModel = (live, desk, signal, go) => ({
  id: live.id,
  orders: (wanted) => desk.call((client, token) => client.listOrders(live.id, token, wanted)),
  csv: () => desk.call((client, token) => client.exportOrders(live.id, token)),
  dialog: orderModel(live, desk, signal),
  buyerPath: (buyer) => buyerPath(live.id, buyer),
  go,
  signal,
});

/**
 * @param {LiveEvent} live @param {Desk} desk @param {AbortSignal} signal aborts when the page is left
 * @param {string} buyer
 * @returns {import("./buyer-view.js").BuyerModel}
 */
export const buyerModel = (live, desk, signal, buyer) => ({
  id: live.id,
  buyer: () => desk.call((client, token) => client.getBuyer(live.id, token, buyer)),
  dialog: orderModel(live, desk, signal),
  signal,
});

/**
 * @param {LiveEvent} live @param {Desk} desk @param {AbortSignal} signal aborts when the tab is left
 * @returns {import("./settlement-view.js").SettlementModel}
 */
export const settlementModel = (live, desk, signal) => ({
  id: live.id,
  settlement: (period) => desk.call((client, token) => client.getSettlement(live.id, token, period)),
  csv: (period) => desk.call((client, token) => client.exportSettlement(live.id, token, period)),
  orderPath: (order) => `${eventPath(live.id, "orders")}?q=${encodeURIComponent(order)}`,
  signal,
});

/**
 * @param {LiveEvent} live @param {Desk} desk @param {AbortSignal} signal aborts when the tab is left
 * @returns {import("./audit-view.js").AuditModel}
 */
export const auditModel = (live, desk, signal) => ({
  entries: () => desk.call((client, token) => client.listAudit(live.id, token)),
  signal,
});
