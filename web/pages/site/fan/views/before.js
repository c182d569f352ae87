import { el, setText } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { nextMoment } from "../journey.js";
import { countdown, when } from "../words.js";
import { aboutEvent } from "./about.js";
import { priceList, stepView } from "./parts.js";

/** @typedef {import("../../../../client/src/types.js").Event} Event */
/** @template Model @typedef {import("./parts.js").View<Model>} View */

/**
 * @typedef {object} BeforeModel
 * @property {Event} event
 * @property {string} opensAt from the room, which is more up to date than the event
 */

/**
 * Before the sale: nothing to do yet but wait.
 * @param {BeforeModel} model @returns {View<BeforeModel>}
 */
export function beforeView({ event }) {
  const label = el("p", { class: "soft" });
  const clockText = el("p", { class: "big-clock number", role: "timer" });
  const date = el("p", { class: "soft" });
  return stepView(event, {
    title: t("before.title"),
    isCentered: true,
    isTheEvents: true,
    card: [
      label,
      clockText,
      date,
      el("p", null, t(event.onsale.waitingRoom ? "before.explainLobby" : "before.explain")),
    ],
    below: [aboutEvent(event), el("section", { class: "card" }, el("h2", null, t("prices.title")), priceList(event))],
    update: ({ event: { onsale }, opensAt }) => {
      const { kind, at } = nextMoment({ ...onsale, opensAt }, clock.now());
      const left = (Date.parse(at) - clock.now()) / 1000;
      setText(label, t(`before.${kind}`));
      setText(clockText, left > 0 ? countdown(left) : t("before.now"));
      setText(date, when(at, event));
    },
  });
}

/** @typedef {{ event: Event }} OverModel */

/** @param {OverModel} model @returns {View<OverModel>} */
export const closedView = (model) => overView(model, "closed");

/**
 * Sold out, for a fan without a place in line who cannot get a returned seat.
 * @param {OverModel} model @returns {View<OverModel>}
 */
export const soldOutView = (model) => overView(model, "soldOut");

/** @param {OverModel} model @param {"closed" | "soldOut"} step @returns {View<OverModel>} */
const overView = ({ event }, step) =>
  stepView(event, {
    title: t(`${step}.title`),
    isCentered: true,
    isTheEvents: true,
    card: [
      el("p", null, t(`${step}.explain`)),
      el("p", null, el("a", { class: "button", href: "/orders" }, t("orders.title"))),
    ],
    below: [aboutEvent(event)],
  });
