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

/** @type {Promise<typeof import("./shop.js")> | undefined} */
let loaded;

/**
 * Brings the script of the shop and its map. It is as much as all the rest together, so it comes while one waits for
 * the sale, not before the first page is there. A try that failed is forgotten.
 */
export function loadShop() {
  loaded ??= import("./shop.js").catch((error) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

/**
 * The shop, as soon as its script is there.
 * @param {EventPage} page @returns {View}
 */
export function shopEntrance(page) {
  const state = el("div", null, el("p", { class: "soft" }, t("shop.loading")));
  const element = el("div", { class: "stack" }, eventHead(page.event), heading(t("shop.title")), state);
  let isClosed = false;
  /** @type {View | undefined} */
  let view;

  const enter = async () => {
    try {
      const { shopView } = await loadShop();
      if (isClosed) return;
      const hasFocus = element.contains(document.activeElement);
      view = shopView(page);
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
    title: t("shop.title"),
    update: () => view?.update?.(),
    close: () => {
      isClosed = true;
      view?.close?.();
    },
  };
}
