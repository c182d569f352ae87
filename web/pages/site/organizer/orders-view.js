import { announce } from "../lib/announce.js";
import { el, setText, show } from "../lib/dom.js";
import { formatMoney, t } from "../lib/i18n.js";
import { saveFile } from "./files.js";
import { openOrder } from "./order-dialog.js";
import { newSearch, searchOrders } from "./order-search.js";
import { ORDER_STATES, Outcome, cardTable, orderBadges, shortDate, uniqueID, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";

/**
 * @typedef {import("../../../client/src/types.js").OrganizerOrder} OrganizerOrder
 * @typedef {import("../../../client/src/types.js").OrderState} OrderState
 * @typedef {import("../../../client/src/types.js").OrderPage} OrderPage
 */

/**
 * @typedef {object} OrdersModel
 * @property {string} id of the event
 * @property {(query: { limit: number, after?: string, state?: OrderState }) => Promise<OrderPage>} orders
 * @property {() => Promise<Blob>} csv all orders as a file
 * @property {import("./order-dialog.js").OrderModel} dialog
 * @property {AbortSignal} signal aborts when the tab is left
 */

const PAGE = 50;
const SEARCH_PAGE = 500;
const PLACES_SHOWN = 4;

/** @param {OrganizerOrder} order */
function placesWords(order) {
  const seats = order.tickets.flatMap((ticket) => (ticket.seat === undefined ? [] : [ticket.seat]));
  const quantity = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  if (seats.length === 0) {
    const name = order.tickets[0]?.area ?? order.lines.map((line) => line.category).join(", ");
    return t("org.order.places", { name, count: quantity });
  }
  const rest = seats.length - PLACES_SHOWN;
  return seats.slice(0, PLACES_SHOWN).join(", ") + (rest > 0 ? ` ${t("org.order.more", { count: rest })}` : "");
}

/** @param {OrganizerOrder} order */
function amountWords({ amount, refundedAmount = 0, currency }) {
  const whole = formatMoney(amount, currency);
  if (refundedAmount === 0) return whole;
  const refunded = t("org.order.refundedPart", { amount: formatMoney(refundedAmount, currency) });
  return el("span", null, whole, " ", el("span", { class: "small soft" }, refunded));
}

/** An event's orders: paged, filtered or searched, each with its details and refund, and all of them as a file. */
class OrdersPage {
  #model;
  #signal;
  #status = el("p", { class: "soft", role: "status" });
  #place = el("div", { class: "stack", "aria-busy": "true" });
  #pager = el("nav", { class: "row", "aria-label": t("org.orders.pages") });
  #file = new Outcome();
  /**
   * Where the earlier pages start.
   * @type {(string | undefined)[]}
   */
  #before = [];
  /** @type {string | undefined} */
  #after;
  /** Numbers the requests, so that late answers to earlier ones are ignored. */
  #question = 0;
  /** @type {OrganizerOrder[]} */
  #shown = [];

  /** @param {OrdersModel} model */
  constructor(model) {
    this.#model = model;
    this.#signal = model.signal;
    const asked = new URLSearchParams(location.search);
    const known = ORDER_STATES.find((state) => state === asked.get("state"));
    const ids = { state: uniqueID("state"), query: uniqueID("query"), hint: uniqueID("hint") };
    this.state = el(
      "select",
      { id: ids.state, onchange: () => this.#list() },
      el("option", { value: "" }, t("org.orders.all")),
      ORDER_STATES.map(
        (state) => el("option", { value: state, selected: state === known }, t(`org.order.state.${state}`)),
      ),
    );
    this.query = el("input", {
      id: ids.query, type: "search", value: asked.get("q") ?? "", autocomplete: "off", spellcheck: "false", "aria-describedby": ids.hint,
    });
    const search = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (this.query.value.trim() === "") this.#list();
      else void this.#search(newSearch());
    };
    this.element = el(
      "div",
      { class: "stack" },
      el(
        "div",
        { class: "card org-orders-bar" },
        el("div", { class: "field" }, el("label", { for: ids.state }, t("org.orders.filter")), this.state),
        el(
          "form",
          { class: "field", role: "search", onsubmit: search },
          el("label", { for: ids.query }, t("org.orders.search")),
          el(
            "div",
            { class: "org-inline" },
            this.query,
            el("button", { type: "submit" }, t("org.orders.searchSubmit")),
          ),
          el("p", { class: "soft small", id: ids.hint }, t("org.orders.searchHint")),
        ),
        el("div", { class: "org-file" }, workButton(t("org.orders.csv"), () => this.#download()), this.#file.element),
      ),
      this.#status,
      this.#place,
      this.#pager,
    );
    if (this.query.value === "") this.#list();
    else void this.#search(newSearch());
  }

  /** Stores the filter and the search in the address, so that they survive a reload. */
  #remember() {
    const query = new URLSearchParams();
    if (this.state.value !== "") query.set("state", this.state.value);
    if (this.query.value.trim() !== "") query.set("q", this.query.value.trim());
    const text = query.toString();
    history.replaceState(history.state, "", location.pathname + (text === "" ? "" : `?${text}`));
  }

  /** @param {number} limit @param {string | undefined} after */
  #page(limit, after) {
    const state = /** @type {OrderState | ""} */ (this.state.value);
    return this.#model.orders({ limit, ...(after !== undefined && { after }), ...(state !== "" && { state }) });
  }

  #list() {
    if (this.query.value.trim() !== "") {
      void this.#search(newSearch());
      return;
    }
    this.#before = [];
    void this.#load(undefined);
  }

  /** @param {string | undefined} after */
  async #load(after) {
    const question = (this.#question += 1);
    this.#remember();
    this.#place.setAttribute("aria-busy", "true");
    setText(this.#status, t("org.loading"));
    try {
      const { orders, next } = await this.#page(PAGE, after);
      if (question !== this.#question || this.#signal.aborted) return;
      this.#after = after;
      const first = this.#before.length * PAGE + 1;
      setText(
        this.#status,
        orders.length === 0 ? t("org.orders.none") : t("org.orders.range", { first, last: first + orders.length - 1 }),
      );
      this.#show(orders);
      this.#showPager(next);
    } catch (error) {
      if (question === this.#question) this.#fail(error, () => this.#load(after));
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

  /** @param {import("./order-search.js").Search} from */
  async #search(from) {
    const question = (this.#question += 1);
    const isLate = () => question !== this.#question || this.#signal.aborted;
    this.#remember();
    this.#place.setAttribute("aria-busy", "true");
    show(this.#pager);
    let search = from;
    const say = () => setText(
      this.#status,
      t("org.orders.searching", { looked: search.looked, found: search.found.length }),
    );
    say();
    try {
      search = await searchOrders({
        query: this.query.value,
        page: (after) => this.#page(SEARCH_PAGE, after),
        from,
        isCancelled: isLate,
        onProgress: (progress) => {
          search = progress;
          if (!isLate()) say();
        },
      });
      if (isLate()) return;
      const found = { count: search.found.length, looked: search.looked };
      const isThatOne = search.found.some((order) => order.order === this.query.value.trim());
      const outcome = isThatOne ? "foundThat" : search.next === null ? "foundAll" : "foundSome";
      setText(this.#status, t(`org.orders.${outcome}`, found));
      this.#show(search.found);
      show(this.#pager, search.next !== null && workButton(t("org.orders.searchOn"), () => this.#search(search)));
    } catch (error) {
      if (isLate()) return;
      this.#show(search.found);
      this.#fail(error, () => this.#search(search));
    }
  }

  /** @param {unknown} error @param {() => Promise<void>} again */
  #fail(error, again) {
    setText(this.#status, problemWords(error));
    this.#place.removeAttribute("aria-busy");
    show(this.#pager, workButton(t("org.retry"), again));
  }

  /** @param {OrganizerOrder[]} orders */
  #show(orders) {
    this.#shown = orders;
    this.#place.removeAttribute("aria-busy");
    if (orders.length === 0) {
      show(this.#place);
      return;
    }
    const rows = orders.map((order) => [
      el(
        "button",
        { type: "button", class: "plain org-order-id", onclick: () => this.#open(order.order) },
        order.order,
      ),
      el("span", null, orderBadges(order)),
      shortDate(order.placedAt),
      placesWords(order),
      amountWords(order),
      el("span", { class: "small" }, order.buyer),
    ]);
    const columns = ["order", "state", "placedAt", "seats", "amount", "buyer"].map((name) => ({
      label: t(`org.order.${name}`),
      isNumber: name === "amount",
    }));
    show(this.#place, el("div", { class: "card org-table-card" }, cardTable(t("org.orders.title"), columns, rows)));
  }

  /** @param {string} id */
  #open(id) {
    const order = this.#shown.find((shown) => shown.order === id);
    if (!order) return;
    let hasChanged = false;
    openOrder(this.#model.dialog, order, {
      onChange: (changed) => {
        hasChanged = true;
        this.#shown = this.#shown.map((shown) => (shown.order === id ? changed : shown));
      },
      onClose: () => {
        if (!hasChanged || this.#signal.aborted) return;
        this.#show(this.#shown);
        // The button that opened the dialog has been replaced, so focus the new one.
        const index = this.#shown.findIndex((shown) => shown.order === id);
        /** @type {HTMLElement | undefined} */ ([...this.#place.querySelectorAll("button")][index])?.focus();
      },
    });
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
