import { Problem } from "../../../../client/src/index.js";
import { el, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { refusal } from "../words.js";
import { eventHead, heading, notice } from "./parts.js";

/**
 * @typedef {import("../event-page.js").EventPage} EventPage
 * @typedef {import("./parts.js").View} View
 */

const RETRY_MILLISECONDS = 3000;

/**
 * A script that comes when it is wanted, once. A try that failed is forgotten.
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
 * Brings the script of the shop and its map. It is as much as all the rest together, so it comes while one waits for
 * the sale, not before the first page is there.
 */
export const loadShop = script(() => import("./shop.js"));

/** Brings the script of an order and its tickets, which comes while one pays. */
export const loadOrder = script(() => import("./order.js"));

/**
 * The shop, as soon as its script is there.
 * @param {EventPage} page @returns {View}
 */
export const shopEntrance = (page) =>
  entrance(async () => (await loadShop()).shopView(page), {
    title: t("shop.title"), waiting: t("shop.loading"), head: eventHead(page.event),
  });

/**
 * An order, as soon as its script is there.
 * @param {string} event @param {string} order @returns {View}
 */
export const orderEntrance = (event, order) =>
  entrance(async () => (await loadOrder()).orderView(event, order), { title: t("order.title"), waiting: t("loading") });

/**
 * @param {() => Promise<View>} load @param {{ title: string, waiting: string, head?: HTMLElement }} words
 * @returns {View}
 */
function entrance(load, { title, waiting, head }) {
  const state = el("div", null, el("p", { class: "soft" }, waiting));
  const element = el("div", { class: "stack" }, head, heading(title), state);
  let isClosed = false;
  /** @type {View | undefined} */
  let view;

  const enter = async () => {
    try {
      const made = await load();
      if (isClosed) return made.close?.();
      const hasFocus = element.contains(document.activeElement);
      view = made;
      show(element, view.element);
      if (hasFocus) view.element.querySelector("h1")?.focus();
      view.update?.();
    } catch (error) {
      if (isClosed) return;
      const reason = refusal(Problem.unreachable(error));
      show(state, notice("warn", el("p", null, reason), el("p", { class: "small" }, t("retrying"))));
      setTimeout(() => !isClosed && enter(), RETRY_MILLISECONDS);
    }
  };
  void enter();
  return {
    element,
    title,
    update: () => view?.update?.(),
    close: () => {
      isClosed = true;
      view?.close?.();
    },
  };
}
