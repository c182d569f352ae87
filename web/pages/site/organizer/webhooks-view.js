import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { confirmed, openDialog } from "./dialog.js";
import { Outcome, loadFailure, shortDate, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { webhookForm } from "./webhook-form.js";
import { WebhookLog } from "./webhook-log.js";
import { showSecret } from "./secret-dialog.js";
import { typesWords } from "./webhook-words.js";

/**
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {import("../../../client/src/types.js").WebhookEndpoint} WebhookEndpoint
 */

/** @param {string} secret of an endpoint */
const showWebhookSecret = (secret) =>
  showSecret({ title: t("org.hooks.secret"), text: t("org.hooks.secretText"), label: t("org.hooks.secretLabel"), secret });

/** Who is told what happens: endpoints, their state, and their deliveries. */
class WebhooksPage {
  #desk;
  #list = el("div", { class: "stack", "aria-busy": "true" }, el("p", { class: "soft" }, t("org.loading")));
  #outcome = new Outcome();
  #isLeft = false;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.element = el(
      "div",
      { class: "stack" },
      el("h1", { tabindex: "-1" }, t("org.hooks.title")),
      el("p", { class: "soft org-lead" }, t("org.hooks.lead")),
      this.#outcome.element,
      this.#list,
      webhookForm({
        create: (endpoint) => this.#desk.call((client, token) => client.createWebhookEndpoint(token, endpoint)),
        created: async ({ secret }) => {
          await this.load();
          showWebhookSecret(secret);
        },
      }),
    );
    void this.load();
  }

  async load() {
    try {
      const endpoints = await this.#desk.call((client, token) => client.listWebhookEndpoints(token));
      if (this.#isLeft) return;
      show(
        this.#list,
        endpoints.length === 0
          ? el("p", { class: "card soft" }, t("org.hooks.none"))
          : el("ul", { class: "org-events" }, endpoints.map((endpoint) => this.#card(endpoint))),
      );
    } catch (error) {
      show(this.#list, ...loadFailure(error, () => this.load()));
    }
    this.#list.removeAttribute("aria-busy");
  }

  stop() {
    this.#isLeft = true;
  }

  /** @param {() => Promise<string>} work resolves to what to say */
  async #doing(work) {
    try {
      this.#outcome.say("good", await work());
    } catch (error) {
      this.#outcome.say("bad", problemWords(error));
    }
    await this.load();
  }

  /** @param {WebhookEndpoint} endpoint */
  #card(endpoint) {
    const { id, url, switchedOff } = endpoint;
    return el(
      "li",
      { class: "card" },
      el(
        "div",
        { class: "row spread" },
        el("h2", { class: "org-hook-url" }, url),
        switchedOff === null
          ? el(
              "span",
              { class: ["badge", endpoint.failures > 0 ? "warn" : "good"] },
              t(endpoint.failures > 0 ? "org.hooks.failing" : "org.hooks.on"),
            )
          : el("span", { class: "badge bad" }, t("org.hooks.off")),
      ),
      switchedOff !== null && el("p", { class: "notice bad" }, t(`org.hooks.off.${switchedOff}`)),
      el(
        "dl",
        { class: "org-facts" },
        el("dt", null, t("org.hooks.types")),
        el("dd", null, typesWords(endpoint.types)),
        el("dt", null, t("org.hooks.since")),
        el("dd", null, shortDate(endpoint.createdAt)),
        endpoint.failures > 0 && [
          el("dt", null, t("org.hooks.failures")),
          el("dd", null, t("org.hooks.failureCount", { count: endpoint.failures })),
        ],
      ),
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", onclick: () => this.#openLog(endpoint) }, t("org.hooks.deliveries")),
        switchedOff !== null &&
          workButton(t("org.hooks.switchOn"), () =>
            this.#doing(async () => {
              await this.#desk.call((client, token) => client.switchOnWebhookEndpoint(token, id));
              return t("org.hooks.isOn", { url });
            }),
          ),
        workButton(t("org.hooks.rotate"), () => this.#rotate(endpoint)),
        workButton(t("org.hooks.remove"), () => this.#remove(endpoint), "danger"),
      ),
    );
  }

  /** @param {WebhookEndpoint} endpoint */
  #openLog(endpoint) {
    const log = new WebhookLog({
      deliveries: (before) =>
        this.#desk.call((client, token) =>
          client.listWebhookDeliveries(token, endpoint.id, { limit: 20, ...(before !== undefined && { before }) }),
        ),
      redeliver: (delivery) =>
        this.#desk.call((client, token) => client.redeliverWebhook(token, endpoint.id, delivery)),
    });
    const dialog = openDialog({
      title: t("org.hooks.deliveriesTo", { url: endpoint.url }),
      kind: "wide",
      content: [
        log.element,
        el(
          "div",
          { class: "row dialog-buttons" },
          el("button", { type: "button", onclick: () => dialog.close() }, t("org.dialog.close")),
        ),
      ],
      onClose: () => log.stop(),
    });
  }

  /** @param {WebhookEndpoint} endpoint */
  async #rotate({ id, url }) {
    const isSure = await confirmed({
      title: t("org.hooks.rotate"),
      text: [t("org.hooks.rotateText", { url })],
      action: t("org.hooks.rotateDo"),
    });
    if (!isSure) return;
    try {
      showWebhookSecret((await this.#desk.call((client, token) => client.rotateWebhookSecret(token, id))).secret);
    } catch (error) {
      this.#outcome.say("bad", problemWords(error));
    }
  }

  /** @param {WebhookEndpoint} endpoint */
  async #remove({ id, url }) {
    const isSure = await confirmed({
      title: t("org.hooks.remove"),
      text: [t("org.hooks.removeText", { url })],
      action: t("org.hooks.removeDo"),
      isDanger: true,
    });
    if (!isSure) return;
    await this.#doing(async () => {
      await this.#desk.call((client, token) => client.deleteWebhookEndpoint(token, id));
      return t("org.hooks.removed", { url });
    });
  }
}

/** @param {Desk} desk @returns {import("./parts.js").View} */
export function webhooksView(desk) {
  const page = new WebhooksPage(desk);
  return { title: t("org.hooks.title"), element: page.element, stop: () => page.stop() };
}
