import { Problem } from "../../../../client/src/index.js";
import { el, show } from "../../lib/dom.js";
import { formatDate, formatMoney, t } from "../../lib/i18n.js";
import { client } from "../api.js";
import { OrderPages } from "../order-pages.js";
import { orderPath } from "../routes.js";
import { dropSession, session } from "../session.js";
import { asOf, isUnreachable, refusal, standingOf, when } from "../words.js";
import { actionButton, heading, notice } from "./parts.js";
import { signInForm } from "./sign-in.js";

/**
 * @typedef {import("../../../../client/src/types.js").Order} Order
 * @typedef {import("../../../../client/src/types.js").EventSummary} EventSummary
 * @typedef {import("./parts.js").View} View
 */

const RETRY_MILLISECONDS = 4000;
/** How long the server may take until what is kept is shown meanwhile. */
const PATIENCE_MILLISECONDS = 2500;

/** @type {Record<ReturnType<typeof standingOf>, string>} */
export const ORDER_KINDS = {
  authorizing: "warn", requires_action: "warn", confirmed: "good", declined: "bad", expired: "bad", refunding: "warn",
  refunded: "", disputed: "bad",
};

/**
 * All orders of whoever is signed in, for every event.
 * @returns {View}
 */
export function ordersView() {
  const body = el("div", { class: "stack" });
  let isClosed = false;
  /** @type {"server" | "device" | undefined} where the orders shown come from */
  let from;

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
      const isReached = await client.listEvents().then(() => true, (error) => !isUnreachable(error));
      if (!isReached && session() === undefined) await showKept(undefined);
      return;
    }
    if (!body.firstChild) show(body, el("p", { class: "soft" }, t("loading")));
    const patience = setTimeout(() => showKept(known.buyer ?? ""), PATIENCE_MILLISECONDS);
    try {
      const pages = new OrderPages((after) =>
        client.listMyOrders(known.token, { ...(after !== undefined && { after }) }),
      );
      const [events] = await Promise.all([client.listEvents().catch(() => []), pages.more()]);
      if (isClosed) return;
      from = "server";
      show(
        body,
        known.email ? el("p", { class: "soft" }, t("signIn.as", { email: known.email })) : null,
        pages.orders.length === 0
          ? el("p", null, t("orders.none"), " ", el("a", { href: "/" }, t("event.toList")))
          : list(pages, events),
      );
    } catch (error) {
      if (isClosed || isSignedOut(error)) return;
      if (!(await showKept(known.buyer ?? ""))) {
        show(body, notice("warn", el("p", null, refusal(error)), el("p", { class: "small" }, t("retrying"))));
      }
      setTimeout(() => !isClosed && load(), RETRY_MILLISECONDS);
    } finally {
      clearTimeout(patience);
    }
  };

  /**
   * Shows the orders that are kept on this device, unless there is something newer.
   * @param {string | undefined} buyer @returns {Promise<boolean>} whether there are any
   */
  const showKept = async (buyer) => {
    if (from === "device") return true;
    try {
      const { KeptOrders } = await import("../kept-orders.js");
      const kept = await new KeptOrders().all(buyer);
      const oldest = kept[kept.length - 1];
      if (!oldest || from !== undefined || isClosed) return false;
      from = "device";
      const rows = kept.map(({ order, event }) => row(order, event));
      show(body, notice("warn", asOf(oldest.at)), el("ul", { class: "stack" }, rows));
      return true;
    } catch {
      // The script can't be loaded either.
      return false;
    }
  };

  /** @param {unknown} error @returns {boolean} whether the session was refused; if so, shows the sign-in form */
  const isSignedOut = (error) => {
    if (!(error instanceof Problem) || error.status !== 401) return false;
    dropSession();
    load();
    return true;
  };

  /** @param {OrderPages} pages @param {EventSummary[]} events */
  const list = (pages, events) => {
    const byID = new Map(events.map((event) => [event.id, event]));
    const rows = el("ul", { class: "stack" });
    const trouble = el("div", { role: "alert" });
    const showMore = () => {
      const shown = rows.childElementCount;
      rows.append(...pages.orders.slice(shown).map((order) => row(order, byID.get(order.event))));
      foot.hidden = !pages.hasMore;
      return rows.children[shown]?.querySelector("a");
    };
    const more = actionButton(t("orders.more"), async () => {
      show(trouble);
      try {
        await pages.more();
        if (!isClosed) showMore()?.focus();
      } catch (error) {
        if (!isClosed && !isSignedOut(error)) show(trouble, notice("warn", refusal(error)));
      }
    });
    const foot = el("div", { class: "row" }, more);
    showMore();
    return [rows, trouble, foot];
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

/** @param {Order} order @param {EventSummary | undefined} event */
function row(order, event) {
  const standing = standingOf(order);
  const quantity = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  return el(
    "li",
    { class: "card" },
    el(
      "div",
      { class: "row spread" },
      el("h2", null, el("a", { href: orderPath(order.event, order.order) }, event?.title ?? order.event)),
      el("span", { class: ["badge", ORDER_KINDS[standing]] }, t(`order.state.${standing}`)),
    ),
    event && el("p", { class: "soft" }, `${event.venue} · ${when(event.startsAt, event)}`),
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
