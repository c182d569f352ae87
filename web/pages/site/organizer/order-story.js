import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { exactDate, uniqueID, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { storyWords } from "./story-words.js";

/**
 * @typedef {import("../../../client/src/types.js").Story} Story
 * @typedef {import("../../../client/src/types.js").StoryStep} StoryStep
 */

/** @param {boolean} isOurs whether a text is in the language of the page */
const languageOf = (isOurs) => (isOurs ? {} : { lang: "en" });

/** @param {StoryStep} step */
function line(step) {
  const { what, detail, isBad, whatIsOurs, detailIsOurs } = storyWords(step);
  return el(
    "li",
    { class: isBad && "bad" },
    el("time", { class: "soft small number", datetime: step.at }, exactDate(step.at)),
    el("strong", languageOf(whatIsOurs), what),
    detail !== "" && el("p", languageOf(detailIsOurs), detail),
  );
}

/** What happened to an order, from the hold to the last step. */
export class OrderStory {
  #ask;
  #place = el("div", { class: "stack" });
  #isStopped = false;
  /** Numbers the requests, so that a late answer to an earlier one is ignored. */
  #question = 0;

  /** @param {() => Promise<Story>} ask */
  constructor(ask) {
    this.#ask = ask;
    const id = uniqueID("story");
    this.element = el("section", { class: "stack", "aria-labelledby": id }, el("h3", { id }, t("org.order.story")), this.#place);
    show(this.#place, el("p", { class: "soft" }, t("org.loading")));
    void this.load();
  }

  /** Asks for the story, now or anew. What is shown stays until the answer is there. */
  async load() {
    const question = (this.#question += 1);
    this.#place.setAttribute("aria-busy", "true");
    /** @type {(HTMLElement | false)[]} */
    let content;
    try {
      const { steps } = await this.#ask();
      content = [
        steps.length === 0
          ? el("p", { class: "soft" }, t("org.order.story.none"))
          : el("ol", { class: "org-story" }, steps.map(line)),
        steps.length > 0 && el("p", { class: "soft small" }, t("org.order.story.note")),
      ];
    } catch (error) {
      content = [
        el("p", { class: "notice warn", role: "alert" }, problemWords(error)),
        el("div", null, workButton(t("org.retry"), () => this.load())),
      ];
    }
    if (question !== this.#question || this.#isStopped) return;
    this.#place.removeAttribute("aria-busy");
    show(this.#place, ...content);
  }

  stop() {
    this.#isStopped = true;
  }
}
