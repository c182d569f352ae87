import { el, show } from "../lib/dom.js";
import { formatMoney, formatNumber, t } from "../lib/i18n.js";
import { OrdersTable } from "./orders-table.js";
import { exactDate, section, workButton } from "./parts.js";
import { placesWords } from "./place-words.js";
import { problemWords } from "./problem-words.js";
import { eventPath } from "./routes.js";

/**
 * @typedef {import("../../../client/src/types.js").Buyer} Buyer
 * @typedef {import("../../../client/src/types.js").Hold} Hold
 */

/**
 * @typedef {object} BuyerModel
 * @property {string} id of the event
 * @property {() => Promise<Buyer>} buyer
 * @property {import("./order-dialog.js").OrderModel} dialog
 * @property {AbortSignal} signal aborts when the page is left
 */

/** @param {Buyer} buyer */
function standing({ place, pass }) {
  return el(
    "dl",
    { class: "org-facts" },
    el("dt", null, t("org.buyer.place")),
    el("dd", null, place ? placeWords(place) : t("org.buyer.noPlace")),
    pass && [
      el("dt", null, t("org.buyer.pass")),
      el("dd", null, t("org.buyer.passUntil", { since: exactDate(pass.grantedAt), until: exactDate(pass.expiresAt) })),
    ],
  );
}

/** @param {import("../../../client/src/types.js").BuyerPlace} place */
function placeWords({ state, number, position }) {
  const parts = [t(`org.buyer.place.${state}`)];
  if (number !== null) parts.push(t("org.buyer.number", { number: formatNumber(number) }));
  if (position !== null) parts.push(t("org.buyer.ahead", { count: position }));
  return parts.join(" · ");
}

/** @param {BuyerModel} model @param {Hold} hold */
const holdWords = ({ dialog }, { amount, currency, expiresAt, ...places }) =>
  t("org.buyer.hold", {
    places: placesWords(dialog.chart(), places), amount: formatMoney(amount, currency), until: exactDate(expiresAt),
  });

/**
 * What one buyer has of the event: for whoever is on the telephone with them.
 * @param {BuyerModel} model
 */
export function buyerView(model) {
  const table = new OrdersTable(model.dialog, { caption: t("org.buyer.orders") });
  const place = el("div", { class: "stack", "aria-busy": "true" }, el("p", { class: "soft" }, t("org.loading")));
  const load = async () => {
    try {
      const buyer = await model.buyer();
      if (model.signal.aborted) return;
      const hasAny = buyer.place !== null || buyer.holds.length > 0 || buyer.orders.length > 0;
      // The orders of one buyer are listed without saying so in each.
      table.show(buyer.orders.map((order) => ({ ...order, buyer: buyer.buyer })));
      show(
        place,
        el("h2", { class: "org-buyer" }, t("org.buyer.title", { buyer: buyer.buyer })),
        !hasAny && el("p", { class: "notice" }, t("org.buyer.nothing")),
        section(t("org.buyer.line"), standing(buyer)),
        section(
          t("org.buyer.holds"),
          buyer.holds.length === 0
            ? el("p", { class: "soft" }, t("org.buyer.noHolds"))
            : el("ul", null, buyer.holds.map((hold) => el("li", null, holdWords(model, hold)))),
        ),
        section(
          t("org.buyer.orders"),
          buyer.orders.length === 0 ? el("p", { class: "soft" }, t("org.orders.none")) : table.element,
        ),
        el("p", null, workButton(t("org.refresh"), load, "plain")),
      );
    } catch (error) {
      if (model.signal.aborted) return;
      show(place, el("p", { class: "notice bad", role: "alert" }, problemWords(error)), workButton(t("org.retry"), load));
    }
    place.removeAttribute("aria-busy");
  };
  void load();
  return el("div", { class: "stack" }, el("a", { class: "org-back", href: eventPath(model.id, "orders") }, t("org.buyer.back")), place);
}
