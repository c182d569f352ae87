import { el, setText, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { paint } from "./colors.js";
import { Look, Scene } from "./looks.js";
import { needStyleSheet } from "./style-sheet.js";
import { freeTicketsWord, priceWord, seatSentence, sectionWords } from "./words.js";

/**
 * @typedef {import("./chart.js").SeatingChart} SeatingChart
 * @typedef {import("../../../client/src/index.js").SeatStates} SeatStates
 * @typedef {import("./looks.js").Mode} Mode
 * @typedef {import("./seat-map.js").Pick} Pick
 */

const NAMES = Object.keys(Look);

/**
 * The seats as a list: everything the map does, for the keyboard and screen readers. Fires the same `pick`. Only the
 * open section has its seats in the page. Updates happen in place, so the focus stays and nothing is announced.
 */
export class SeatList extends HTMLElement {
  /** @type {Scene | undefined} */
  #scene;
  /** @type {{ heading: HTMLButtonElement, price: HTMLElement, free: HTMLElement, body: HTMLElement }[]} */
  #sections = [];
  /** @type {{ name: string, button: HTMLButtonElement }[]} */
  #areas = [];
  /** @type {number | undefined} */
  #open;
  /** @type {Map<number, HTMLButtonElement>} the buttons of the open section */
  #seats = new Map();
  /** The seat that Tab moves to. */
  #current = -1;
  /** @type {HTMLButtonElement | undefined} the section or area that Tab moves to */
  #stop;
  #frame = 0;
  #isFilterNew = false;
  /** @type {Set<number>} */
  #selected = new Set();
  /** @type {Set<number>} */
  #mine = new Set();
  /** @type {string | undefined} */
  #filter;
  /** @type {Mode} */
  #mode = "shop";

  connectedCallback() {
    needStyleSheet();
    this.#schedule();
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /**
   * Shows a plan.
   * @param {SeatingChart} chart @param {SeatStates} states
   */
  load(chart, states) {
    this.#scene = new Scene(chart, states);
    this.#open = undefined;
    this.#seats.clear();
    this.#build(this.#scene);
    this.update();
  }

  /**
   * Call this when states have changed.
   * @param {Iterable<number>} [_changed] accepted like the map's, but not needed: the open section is small
   */
  update(_changed) {
    this.#schedule();
  }

  /** The chosen seats. Assign a set to change them. */
  get selected() {
    return this.#selected;
  }

  set selected(value) {
    this.#selected = new Set(value);
    this.#schedule();
  }

  /** The seats held by the viewer. Assign a set to change them. */
  get mine() {
    return this.#mine;
  }

  set mine(value) {
    this.#mine = new Set(value);
    this.#schedule();
  }

  /** The category to show; sections without it are hidden. */
  get filter() {
    return this.#filter;
  }

  set filter(value) {
    if (this.#filter === value) return;
    this.#filter = value;
    this.#isFilterNew = true;
    this.#schedule();
  }

  /** Whether a fan shops here or the organizer manages. */
  get mode() {
    return this.#mode;
  }

  set mode(value) {
    this.#mode = value;
    this.#schedule();
  }

  /**
   * Opens the section of a seat and focuses the seat.
   * @param {number} index
   */
  showSeat(index) {
    const section = this.#scene?.chart.sectionOf[index];
    if (section === undefined) return;
    if (this.#open !== section) this.#toggle(section);
    this.#focus(index);
  }

  /** @param {Scene} scene */
  #build(scene) {
    const { chart } = scene;
    this.#areas = chart.areas.map(({ name }) => ({
      name,
      button: el("button", { type: "button", class: "seat-list-area", onclick: () => this.#pickArea(name) }),
    }));
    this.#sections = chart.sections.map(({ name }, section) => {
      const price = el("span", { class: "price" });
      const free = el("span", { class: "free" });
      const body = el("div", { class: "seat-list-rows", id: `${this.#prefix}-${section}`, hidden: true });
      const heading = el(
        "button",
        { type: "button", "aria-expanded": "false", "aria-controls": body.id, onclick: () => this.#toggle(section) },
        el("b", null, name),
        price,
        free,
      );
      return { heading, price, free, body };
    });
    for (const stop of this.#stops()) {
      stop.setAttribute("tabindex", "-1");
      stop.addEventListener("focus", () => this.#makeStop(stop));
      stop.addEventListener("keydown", (event) => this.#walk(event, stop));
    }
    this.#makeStop(this.#stops()[0]);
    show(
      this,
      el("p", { class: "visually-hidden", id: `${this.#prefix}-hint` }, t("map.listHint")),
      this.#areas.length > 0 && el("div", { class: "seat-list-areas", role: "group", "aria-label": t("map.areas") }, this.#areas.map(({ button }) => button)),
      this.#sections.length > 0 &&
        el(
          "ul",
          { class: "seat-list-sections", "aria-label": t("map.list") },
          this.#sections.map(({ heading, body }) => el("li", null, heading, body)),
        ),
    );
  }

  /** Areas and sections that can be walked to, in order. */
  #stops() {
    return [...this.#areas.map(({ button }) => button), ...this.#sections.map(({ heading }) => heading)];
  }

  /** @param {HTMLButtonElement | undefined} stop */
  #makeStop(stop) {
    this.#stop?.setAttribute("tabindex", "-1");
    this.#stop = stop;
    stop?.setAttribute("tabindex", "0");
  }

  /** @param {KeyboardEvent} event @param {HTMLButtonElement} from */
  #walk(event, from) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const stops = this.#stops().filter((stop) => !isGone(stop));
    const here = stops.indexOf(from);
    /** @type {Record<string, HTMLButtonElement | undefined>} */
    const keys = { ArrowUp: stops[here - 1], ArrowDown: stops[here + 1], Home: stops[0], End: stops.at(-1) };
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]?.focus();
  }

  #prefix = `seat-list-${Math.random().toString(36).slice(2, 8)}`;

  /** @param {number} section */
  #toggle(section) {
    const before = this.#open;
    if (before !== undefined) this.#close(before);
    if (before !== section) this.#unfold(section);
    this.#schedule();
  }

  /** @param {number} section */
  #close(section) {
    const part = this.#sections[section];
    part?.heading.setAttribute("aria-expanded", "false");
    if (part) part.body.hidden = true;
    part?.body.replaceChildren();
    this.#seats.clear();
    this.#open = undefined;
    this.#current = -1;
  }

  /** @param {number} section */
  #unfold(section) {
    const scene = this.#scene;
    const part = this.#sections[section];
    const plan = scene?.chart.sections[section];
    if (!scene || !part || !plan) return;
    this.#dress(scene);
    this.#open = section;
    part.heading.setAttribute("aria-expanded", "true");
    part.body.hidden = false;
    part.body.replaceChildren(
      ...plan.rows.map((row) => {
        const seats = Array.from({ length: row.count }, (_, place) => this.#makeSeat(scene, row.first + place));
        const name = t("map.row", { row: row.name });
        return el("div", { class: "seat-list-row", role: "group", "aria-label": name }, el("span", { class: "name" }, name), el("div", { class: "seats" }, seats));
      }),
    );
    const isWanted = (/** @type {number} */ index) => scene.lookOf(index) === Look.free;
    const all = [...this.#seats.keys()];
    this.#makeCurrent(all.find(isWanted) ?? plan.first);
  }

  /** @param {Scene} scene @param {number} index */
  #makeSeat(scene, index) {
    const button = el(
      "button",
      {
        type: "button",
        class: "seat-list-seat",
        tabindex: "-1",
        "aria-describedby": `${this.#prefix}-hint`,
        onclick: () => this.#pickSeat(index),
        onfocus: () => this.#makeCurrent(index),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#move(event, index),
      },
      scene.chart.label(index).seat,
    );
    paint(button, scene.chart.categoryAt(index).color);
    this.#seats.set(index, button);
    return button;
  }

  /** @param {KeyboardEvent} event @param {number} index */
  #move(event, index) {
    const chart = this.#scene?.chart;
    const section = chart?.sections[this.#open ?? -1];
    if (!chart || !section || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = section.rows.findIndex(({ first, count }) => index >= first && index < first + count);
    const here = section.rows[row];
    if (!here) return;
    const last = here.first + here.count - 1;
    /** @type {Record<string, number | undefined>} */
    const keys = {
      ArrowLeft: Math.max(here.first, index - 1),
      ArrowRight: Math.min(last, index + 1),
      ArrowUp: nearestIn(chart, section.rows[row - 1], index),
      ArrowDown: nearestIn(chart, section.rows[row + 1], index),
      Home: here.first,
      End: last,
    };
    if (event.key === "Escape") this.#sections[this.#open ?? -1]?.heading.focus();
    if (!(event.key in keys)) return;
    event.preventDefault();
    const next = keys[event.key];
    if (next !== undefined) this.#focus(next);
  }

  /** @param {number} index */
  #focus(index) {
    this.#makeCurrent(index);
    this.#seats.get(index)?.focus();
  }

  /** @param {number} index */
  #makeCurrent(index) {
    this.#seats.get(this.#current)?.setAttribute("tabindex", "-1");
    this.#current = index;
    this.#seats.get(index)?.setAttribute("tabindex", "0");
  }

  /** @param {number} index */
  #pickSeat(index) {
    if (this.#scene?.isPickable(index)) this.#pick({ kind: "seat", index });
  }

  /** @param {string} name */
  #pickArea(name) {
    if (this.#mode === "shop") this.#pick({ kind: "area", name });
  }

  /** @param {Pick} detail */
  #pick(detail) {
    this.dispatchEvent(new CustomEvent("pick", { detail, bubbles: true }));
  }

  /** @param {Scene} scene */
  #dress(scene) {
    scene.selected = this.#selected;
    scene.mine = this.#mine;
    scene.filter = this.#filter;
    scene.mode = this.#mode;
  }

  #schedule() {
    if (this.#frame !== 0 || !this.isConnected) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#scene) this.#refresh(this.#scene);
    });
  }

  /** @param {Scene} scene */
  #refresh(scene) {
    this.#dress(scene);
    const { chart, states } = scene;
    const free = scene.countFree();
    for (const [section, part] of this.#sections.entries()) {
      const words = sectionWords(scene, section, free[section] ?? 0);
      setText(part.price, words.price);
      setText(part.free, words.free);
      part.heading.classList.toggle("is-none", (free[section] ?? 0) === 0);
    }
    if (this.#isFilterNew) this.#leaveOut(scene);
    for (const { name, button } of this.#areas) {
      const area = chart.areas.find((one) => one.name === name);
      if (!area) continue;
      const count = states.areas.get(name) ?? 0;
      setText(button, [name, priceWord(area.amount, chart.currency), freeTicketsWord(count)].filter(Boolean).join(" · "));
      change(button, "aria-disabled", count === 0 || this.#mode !== "shop" ? "true" : undefined);
    }
    for (const [index, button] of this.#seats) {
      const look = scene.lookOf(index);
      change(button, "data-look", NAMES[look]);
      change(button, "aria-label", seatSentence(scene, index));
      change(button, "aria-pressed", String(look === Look.picked || look === Look.mine));
      change(button, "aria-disabled", scene.isPickable(index) ? undefined : "true");
    }
  }

  /**
   * Hides sections and areas without the filter's category.
   * @param {Scene} scene
   */
  #leaveOut(scene) {
    this.#isFilterNew = false;
    const { chart, filter } = scene;
    for (const [section, { heading }] of this.#sections.entries()) {
      const { first, count } = /** @type {import("./chart.js").Section} */ (chart.sections[section]);
      const used = new Set(chart.category.subarray(first, first + count));
      const has = filter === undefined || [...used].some((category) => chart.categories[category]?.name === filter);
      const item = heading.parentElement;
      if (item) item.hidden = !has;
      if (!has && this.#open === section) this.#close(section);
    }
    for (const { name, button } of this.#areas) {
      button.hidden = filter !== undefined && chart.areas.find((area) => area.name === name)?.category !== filter;
    }
    if (this.#stop && isGone(this.#stop)) this.#makeStop(this.#stops().find((stop) => !isGone(stop)));
  }
}

/** @param {HTMLElement} stop left out by the filter, with its section or by itself */
const isGone = (stop) => stop.hidden || stop.parentElement?.hidden === true;

/**
 * Sets an attribute only if it differs, because screen readers repeat whatever is set again.
 * @param {Element} element @param {string} name @param {string | undefined} value
 */
function change(element, name, value) {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** @param {SeatingChart} chart @param {import("./chart.js").Row | undefined} row @param {number} index */
function nearestIn(chart, row, index) {
  if (!row) return undefined;
  let best = row.first;
  for (let other = row.first; other < row.first + row.count; other += 1) {
    if (chart.distance(other, index) < chart.distance(best, index)) best = other;
  }
  return best;
}

customElements.define("seat-list", SeatList);
