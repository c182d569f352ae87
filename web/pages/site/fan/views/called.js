import { el, setText } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { refusal } from "../words.js";
import { stepView } from "./parts.js";

/** @template Model @typedef {import("./parts.js").View<Model>} View */

/**
 * @typedef {object} AskingModel
 * @property {import("../../../../client/src/types.js").EventSummary} event
 * @property {import("../../../../client/src/index.js").Problem | undefined} trouble why there is no answer yet
 */

/**
 * The draw is running; the number is a moment away.
 * @param {AskingModel} model @returns {View<AskingModel>}
 */
export const drawingView = (model) => askingView(model, "drawing");

/**
 * It is the fan's turn; the page claims the pass without a click.
 * @param {AskingModel} model @returns {View<AskingModel>}
 */
export const calledView = (model) => askingView(model, model.event.onsale.waitingRoom ? "called" : "opening");

/** @param {AskingModel} model @param {"drawing" | "called" | "opening"} step @returns {View<AskingModel>} */
function askingView({ event }, step) {
  const notice = el("p", { class: "notice warn" });
  notice.hidden = true;
  return stepView(event, {
    title: t(`${step}.title`),
    isCentered: true,
    card: [
      el("p", null, t(`${step}.explain`)),
      el("progress", { "aria-label": t(`${step}.title`) }),
      notice,
    ],
    update: ({ trouble }) => {
      notice.hidden = trouble === undefined;
      if (trouble) setText(notice, refusal(trouble));
    },
  });
}
