import { Problem } from "../../../../client/src/index.js";
import { el, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { refusal } from "../words.js";
import { eventHead, heading, notice } from "./parts.js";

/** @typedef {import("./shop.js").ShopModel} ShopModel */
/** @template [Model=void] @typedef {import("./parts.js").View<Model>} View */

const RETRY_MILLISECONDS = 3000;

/**
 * A script that is fetched on first use. A failure is not cached, so the next call tries again.
 * @template Module @param {() => Promise<Module>} load @returns {() => Promise<Module>}
 */
function script(load) {
  /** @type {Promise<Module> | undefined} */
  let loaded;
  return () => {
    loaded ??= load().catch((error) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}

/**
 * Fetches the script for the shop and its map. It is as large as all the others together, so it is loaded while the fan
 * waits for the sale instead of delaying the first page.
 */
export const loadShop = script(() => import("./shop.js"));

/** Fetches the script for an order and its tickets; called while the fan pays. */
export const loadOrder = script(() => import("./order.js"));

/** Fetches the script for an event's page; the server has the browser fetch it with the page where there is one. */
const loadEvent = script(() => import("../event-page.js"));

const loadOrders = script(() => import("./orders.js"));

/**
 * An event's page, once its script has loaded.
 * @param {string} id @param {import("./parts.js").Navigate} navigate @returns {View}
 */
export function eventEntrance(id, navigate) {
  const element = el("div", { class: "stack" }, el("p", { class: "soft" }, t("loading")));
  /** @type {import("../event-page.js").EventPage | undefined} */
  let page;
  const stop = repeated(element, async () => {
    const { EventPage } = await loadEvent();
    return () => {
      page = new EventPage(id, navigate);
      show(element, page.element);
    };
  });
  return {
    element,
    title: t("loading"),
    update: () => page?.update(),
    cameTo: (state) => page?.cameTo(state),
    close: () => {
      stop();
      page?.close();
    },
  };
}

/**
 * The shop, once its script has loaded.
 * @param {ShopModel} model @returns {View<ShopModel>}
 */
export const shopEntrance = (model) =>
  entrance(async () => (await loadShop()).shopView, model, {
    title: t("shop.title"), waiting: t("shop.loading"), head: eventHead(model.event),
  });

/**
 * An order, once its script has loaded.
 * @param {string} event @param {string} order @returns {View}
 */
export function orderEntrance(event, order) {
  const load = async () => {
    const { orderView } = await loadOrder();
    return () => orderView(event, order);
  };
  /** @type {void} an order's view has no model */
  const none = undefined;
  return entrance(load, none, { title: t("order.title"), waiting: t("loading") });
}

/**
 * The buyer's orders, once their script has loaded.
 * @returns {View}
 */
export function ordersEntrance() {
  /** @type {void} they have no model either */
  const none = undefined;
  const load = async () => (await loadOrders()).ordersView;
  return entrance(load, none, { title: t("orders.title"), waiting: t("loading") });
}

/**
 * @template Model
 * @param {() => Promise<(model: Model) => View<Model>>} load @param {Model} model
 * @param {{ title: string, waiting: string, head?: HTMLElement }} words
 * @returns {View<Model>}
 */
function entrance(load, model, { title, waiting, head }) {
  const state = el("div", null, el("p", { class: "soft" }, waiting));
  const element = el("div", { class: "stack" }, head, heading(title), state);
  let latest = model;
  /** @type {View<Model> | undefined} */
  let view;
  const stop = repeated(state, async () => {
    const make = await load();
    return () => {
      const hasFocus = element.contains(document.activeElement);
      view = make(latest);
      show(element, view.element);
      if (hasFocus) view.element.querySelector("h1")?.focus();
      view.update?.(latest);
    };
  });
  return {
    element,
    title,
    update: (next) => {
      latest = next;
      view?.update?.(next);
    },
    close: () => {
      stop();
      view?.close?.();
    },
  };
}

/**
 * Loads until it succeeds, then enters; says meanwhile why it does not.
 * @param {HTMLElement} state where to say so @param {() => Promise<() => void>} load gives how to enter
 * @returns {() => void} stops it
 */
function repeated(state, load) {
  let isStopped = false;
  const attempt = async () => {
    try {
      const enter = await load();
      if (!isStopped) enter();
    } catch (error) {
      if (isStopped) return;
      const reason = refusal(Problem.unreachable(error));
      show(state, notice("warn", el("p", null, reason), el("p", { class: "small" }, t("retrying"))));
      setTimeout(() => !isStopped && attempt(), RETRY_MILLISECONDS);
    }
  };
  void attempt();
  return () => {
    isStopped = true;
  };
}
