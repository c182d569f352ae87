import { announce } from "../lib/announce.js";
import { el, setText, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { saveFile } from "./files.js";
import { readQuery } from "./order-search.js";
import { OrdersTable } from "./orders-table.js";
import { ORDER_STATES, Outcome, uniqueID, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";

/**
 * @typedef {import("../../../client/src/types.js").FindOrders} FindOrders
 * @typedef {import("../../../client/src/types.js").OrganizerOrder} OrganizerOrder
 * @typedef {import("../../../client/src/types.js").OrderState} OrderState
 * @typedef {import("../../../client/src/types.js").OrderPage} OrderPage
 */

/**
 * @typedef {object} OrdersModel
 * @property {string} id of the event
 * @property {(wanted: FindOrders) => Promise<OrderPage>} orders
 * @property {() => Promise<Blob>} csv all orders as a file
 * @property {import("./order-dialog.js").OrderModel} dialog
 * @property {(buyer: string) => string} buyerPath
 * @property {(path: string) => void} go opens another of the organizer's pages
 * @property {AbortSignal} signal aborts when the tab is left
 */

const PAGE = 50;

/** An event's orders: paged, filtered or searched, each with its details and refund, and all of them as a file. */
class OrdersPage {
  #model;
  #signal;
  #status = el("p", { class: "soft", role: "status" });
  #place = el("div", { class: "stack", "aria-busy": "true" });
  #pager = el("nav", { class: "row", "aria-label": t("org.orders.pages") });
  #file = new Outcome();
  #table;
  #state;
  #query;
  /** @type {FindOrders} what is listed, without its place among the pages */
  #wanted = {};
  /** @type {(string | undefined)[]} where the earlier pages start */
  #before = [];
  /** @type {string | undefined} */
  #after;
  /** Numbers the requests, so that late answers to earlier ones are ignored. */
  #question = 0;

  /** @param {OrdersModel} model */
  constructor(model) {
    this.#model = model;
    this.#signal = model.signal;
    this.#table = new OrdersTable(model.dialog, { caption: t("org.orders.title"), buyerPath: model.buyerPath });
    const asked = new URLSearchParams(location.search);
    const known = ORDER_STATES.find((state) => state === asked.get("state"));
    const ids = { state: uniqueID("state"), query: uniqueID("query"), hint: uniqueID("hint") };
    this.#state = el(
      "select",
      { id: ids.state, onchange: () => void this.#list() },
      el("option", { value: "" }, t("org.orders.all")),
      ORDER_STATES.map(
        (state) => el("option", { value: state, selected: state === known }, t(`org.order.state.${state}`)),
      ),
    );
    this.#query = el("input", {
      id: ids.query, type: "search", value: asked.get("q") ?? "", autocomplete: "off", spellcheck: "false", "aria-describedby": ids.hint,
    });
    const search = (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#list();
    };
    this.element = el(
      "div",
      { class: "stack" },
      el(
        "div",
        { class: "card org-orders-bar" },
        el(
          "form",
          { class: "field", role: "search", onsubmit: search },
          el("label", { for: ids.query }, t("org.orders.search")),
          el(
            "div",
            { class: "org-inline" },
            this.#query,
            el("button", { type: "submit" }, t("org.orders.searchSubmit")),
          ),
          el("p", { class: "soft small", id: ids.hint }, t("org.orders.searchHint")),
        ),
        el("div", { class: "field" }, el("label", { for: ids.state }, t("org.orders.filter")), this.#state),
        el("div", { class: "org-file" }, workButton(t("org.orders.csv"), () => this.#download()), this.#file.element),
      ),
      this.#status,
      this.#place,
      this.#pager,
    );
    void this.#list();
  }

  /** Keeps the filter and the search in the address, so that they survive a reload; an address of a buyer stays out. */
  #remember() {
    const query = new URLSearchParams();
    const text = this.#query.value.trim();
    if (this.#state.value !== "") query.set("state", this.#state.value);
    if (text !== "" && !text.includes("@")) query.set("q", text);
    history.replaceState(history.state, "", location.pathname + (`${query}` === "" ? "" : `?${query}`));
  }

  async #list() {
    this.#remember();
    this.#before = [];
    const query = readQuery(this.#query.value, this.#model.dialog.chart());
    if (query.kind === "buyer") return this.#model.go(this.#model.buyerPath(query.buyer));
    if (query.kind === "order") return this.#one(query.order);
    if (query.kind === "unknown") {
      this.#question += 1;
      this.#show([], t("org.orders.unknown"));
      return show(this.#pager);
    }
    const state = /** @type {OrderState | ""} */ (this.#state.value);
    this.#wanted = {
      order: "newest",
      ...(state !== "" && { state }),
      ...(query.kind === "email" && { email: query.email }),
      ...(query.kind === "seat" && { seat: query.seat }),
    };
    await this.#load(undefined);
  }

  /** @param {string} id */
  async #one(id) {
    await this.#asking(() => this.#one(id), async (isLate) => {
      // An organizer's answer has the buyer.
      const order = /** @type {OrganizerOrder} */ (await this.#model.dialog.order(id));
      // Only lists tell that a mail came back.
      const [seat] = order.seats;
      const { orders } = seat === undefined ? { orders: [] } : await this.#model.orders({ seat, order: "newest", limit: PAGE });
      if (isLate()) return;
      this.#show([orders.find((one) => one.order === id) ?? order], t("org.orders.found", { count: 1 }));
      show(this.#pager);
    });
  }

  /** @param {string | undefined} after */
  async #load(after) {
    await this.#asking(() => this.#load(after), async (isLate) => {
      const { orders, next } = await this.#model.orders({
        ...this.#wanted, limit: PAGE, ...(after !== undefined && { after }),
      });
      if (isLate()) return;
      this.#after = after;
      const first = this.#before.length * PAGE + 1;
      const isAll = next === null && after === undefined;
      const last = first + orders.length - 1;
      const status =
        orders.length === 0 ? t("org.orders.none")
        : isAll ? t("org.orders.found", { count: orders.length })
        : t("org.orders.range", { first, last });
      this.#show(orders, status);
      this.#showPager(next);
    });
  }

  /** @param {() => Promise<void>} again @param {(isLate: () => boolean) => Promise<void>} ask */
  async #asking(again, ask) {
    const question = (this.#question += 1);
    const isLate = () => question !== this.#question || this.#signal.aborted;
    this.#place.setAttribute("aria-busy", "true");
    setText(this.#status, t("org.loading"));
    try {
      await ask(isLate);
    } catch (error) {
      if (isLate()) return;
      show(this.#place);
      setText(this.#status, problemWords(error));
      show(this.#pager, workButton(t("org.retry"), again));
    } finally {
      if (!isLate()) this.#place.removeAttribute("aria-busy");
    }
  }

  /** @param {string | null} next */
  #showPager(next) {
    const turn = async (/** @type {string | undefined} */ after) => {
      await this.#load(after);
      this.#status.scrollIntoView({ block: "nearest" });
    };
    show(
      this.#pager,
      this.#before.length > 0 &&
        workButton(t("org.orders.previous"), async () => {
          await turn(this.#before.pop());
        }),
      next !== null &&
        workButton(t("org.orders.next"), async () => {
          this.#before.push(this.#after);
          await turn(next);
        }),
      workButton(t("org.refresh"), () => this.#load(this.#after), "plain"),
    );
  }

  /** @param {OrganizerOrder[]} orders @param {string} status */
  #show(orders, status) {
    setText(this.#status, status);
    this.#table.show(orders);
    show(this.#place, orders.length > 0 && this.#table.element);
  }

  async #download() {
    this.#file.say("busy", t("org.orders.csvLoading"));
    try {
      saveFile(await this.#model.csv(), `${this.#model.id}-orders.csv`);
      this.#file.say("good", t("org.orders.csvDone"));
      announce(t("org.orders.csvDone"));
    } catch (error) {
      this.#file.say("bad", problemWords(error));
    }
  }
}

/** @param {OrdersModel} model */
export const ordersView = (model) => new OrdersPage(model).element;
