import { Problem } from "../../../../client/src/index.js";
import { el, show } from "../../lib/dom.js";
import { formatDate, formatMoney, t } from "../../lib/i18n.js";
import { client } from "../api.js";
import { orderPath } from "../routes.js";
import { dropSession, session } from "../session.js";
import { refusal } from "../words.js";
import { heading, notice } from "./parts.js";
import { signInForm } from "./sign-in.js";

/**
 * @typedef {import("../../../../client/src/types.js").Order} Order
 * @typedef {import("./parts.js").View} View
 */

const RETRY_MILLISECONDS = 4000;

/** @type {Record<import("../../../../client/src/types.js").OrderState, string>} */
export const ORDER_KINDS = {
  authorizing: "warn", confirmed: "good", declined: "bad", expired: "bad", refunding: "warn", refunded: "",
};

/**
 * All orders of whoever is signed in, of every event.
 * @returns {View}
 */
export function ordersView() {
  const body = el("div", { class: "stack" });
  let isClosed = false;

  const load = async () => {
    const known = session();
    if (!known) {
      show(
        body,
        el(
          "section",
          { class: "card" },
          el("p", null, t("orders.signIn")),
          signInForm({ submit: t("orders.show"), signedIn: load }),
        ),
      );
      return;
    }
    if (!body.firstChild) show(body, el("p", { class: "soft" }, t("loading")));
    try {
      const [orders, events] = await Promise.all([client.myOrders(known.token), client.events().catch(() => [])]);
      if (isClosed) return;
      const byID = new Map(events.map((event) => [event.id, event]));
      show(
        body,
        known.email ? el("p", { class: "soft" }, t("signIn.as", { email: known.email })) : null,
        orders.length === 0
          ? el("p", null, t("orders.none"), " ", el("a", { href: "/" }, t("event.toList")))
          : el("ul", { class: "stack" }, orders.map((order) => row(order, byID.get(order.event)))),
      );
    } catch (error) {
      if (isClosed) return;
      if (error instanceof Problem && error.status === 401) {
        dropSession();
        load();
        return;
      }
      show(body, notice("warn", el("p", null, refusal(error)), el("p", { class: "small" }, t("retrying"))));
      setTimeout(() => !isClosed && load(), RETRY_MILLISECONDS);
    }
  };
  load();
  return {
    element: el("div", { class: "stack" }, heading(t("orders.title")), body),
    title: t("orders.title"),
    close: () => {
      isClosed = true;
    },
  };
}

/** @param {Order} order @param {import("../../../../client/src/types.js").EventSummary | undefined} event */
function row(order, event) {
  const quantity = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  return el(
    "li",
    { class: "card" },
    el(
      "div",
      { class: "row spread" },
      el("h2", null, el("a", { href: orderPath(order.event, order.order) }, event?.title ?? order.event)),
      el("span", { class: ["badge", ORDER_KINDS[order.state]] }, t(`order.state.${order.state}`)),
    ),
    event && el("p", { class: "soft" }, `${event.venue} · ${formatDate(event.startsAt)}`),
    el(
      "p",
      { class: "number" },
      t("orders.line", {
        count: quantity,
        amount: formatMoney(order.amount, order.currency),
        date: formatDate(order.placedAt, { dateStyle: "medium", timeStyle: "short" }),
      }),
    ),
  );
}
