import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { Outcome, exactDate, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { attemptWords, typeWords } from "./webhook-words.js";

/**
 * @typedef {import("../../../client/src/types.js").WebhookDelivery} WebhookDelivery
 * @typedef {import("../../../client/src/types.js").WebhookDeliveries} WebhookDeliveries
 */

/**
 * @typedef {object} LogModel
 * @property {(before: string | undefined) => Promise<WebhookDeliveries>} deliveries newest first
 * @property {(delivery: string) => Promise<void>} redeliver
 */

/** @type {Record<WebhookDelivery["state"], string>} */
const KINDS = { pending: "warn", sending: "warn", delivered: "good", exhausted: "bad" };

/** An endpoint's deliveries, and what became of each attempt. */
export class WebhookLog {
  #model;
  #list = el("ol", { class: "org-story", "aria-busy": "true" });
  #foot = el("div", { class: "row" });
  #outcome = new Outcome();
  #isStopped = false;
  /** @type {Map<string, HTMLElement>} the button that sends a delivery again */
  #buttons = new Map();

  /** @param {LogModel} model */
  constructor(model) {
    this.#model = model;
    this.element = el("div", { class: "stack" }, this.#outcome.element, this.#list, this.#foot);
    void this.#load(undefined);
  }

  stop() {
    this.#isStopped = true;
  }

  /** @param {string | undefined} before */
  async #load(before) {
    try {
      const { deliveries, next } = await this.#model.deliveries(before);
      if (this.#isStopped) return;
      if (before === undefined) this.#list.replaceChildren();
      this.#list.append(...deliveries.map((delivery) => this.#line(delivery)));
      if (this.#list.childElementCount === 0) this.#list.append(el("li", { class: "soft" }, t("org.hooks.noDeliveries")));
      show(
        this.#foot,
        next !== null && workButton(t("org.hooks.older"), () => this.#load(next)),
        workButton(t("org.refresh"), () => this.#load(undefined), "plain"),
      );
    } catch (error) {
      this.#outcome.say("bad", problemWords(error));
      show(this.#foot, workButton(t("org.retry"), () => this.#load(before)));
    }
    this.#list.removeAttribute("aria-busy");
  }

  /** @param {WebhookDelivery} delivery */
  #line(delivery) {
    const { id, type, state, createdAt, attempts } = delivery;
    const again = workButton(t("org.hooks.redeliver"), () => this.#redeliver(id), "plain");
    this.#buttons.set(id, again);
    return el(
      "li",
      null,
      el("time", { class: "soft small number", datetime: createdAt }, exactDate(createdAt)),
      el(
        "div",
        { class: "row" },
        el("strong", null, typeWords(type)),
        el("span", { class: ["badge", KINDS[state]] }, t(`org.hooks.state.${state}`)),
      ),
      state === "pending" && delivery.dueAt !== null &&
        attempts.length > 0 && el("p", { class: "small" }, t("org.hooks.dueAt", { time: exactDate(delivery.dueAt) })),
      attempts.map((attempt) =>
        el(
          "p",
          { class: "small" },
          t("org.hooks.attempt", {
            number: attempt.number, time: exactDate(attempt.at), milliseconds: attempt.milliseconds,
            outcome: attemptWords(attempt),
          }),
          attempt.answer !== "" && el("code", { class: "org-hook-answer" }, attempt.answer),
        ),
      ),
      el(
        "div",
        { class: "row" },
        el("code", { class: "small soft" }, id),
        again,
      ),
    );
  }

  /** @param {string} id */
  async #redeliver(id) {
    try {
      await this.#model.redeliver(id);
      this.#outcome.say("good", t("org.hooks.redelivered"));
      await this.#load(undefined);
      this.#buttons.get(id)?.focus();
    } catch (error) {
      this.#outcome.say("bad", problemWords(error));
    }
  }
}
