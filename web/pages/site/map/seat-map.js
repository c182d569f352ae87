import { el, setText, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { readPalette } from "./colors.js";
import { contains, distanceToEdge, emptyBounds, grow, isEmpty, meet, widened } from "./geometry.js";
import { listenForGestures } from "./gestures.js";
import { SeatGrid } from "./grid.js";
import { MapLabels, SEATS_FROM } from "./labels.js";
import { Scene } from "./looks.js";
import { legend } from "./marks.js";
import { needStyleSheet } from "./style-sheet.js";
import { pathOf, TileLayer } from "./tiles.js";
import { RowNames } from "./row-names.js";
import { measure } from "./timings.js";
import { between, clamp, fit, toPlan, visible, zoomAt } from "./view.js";
import { freeTicketsWord, priceWord, sectionWords, stateWord } from "./words.js";

/**
 * @typedef {import("./chart.js").SeatingChart} SeatingChart
 * @typedef {import("../../../client/src/index.js").SeatStates} SeatStates
 * @typedef {import("./geometry.js").Bounds} Bounds
 * @typedef {import("./geometry.js").Point} Point
 * @typedef {import("./looks.js").Mode} Mode
 * @typedef {import("./view.js").View} View
 *
 * @typedef {{ kind: "seat", index: number } | { kind: "area", name: string } | { kind: "seats", indexes: number[] }} Pick
 *   the `detail` of the `pick` event
 */

/** The margin around the whole plan; the names above the sections use part of it. */
const PADDING = 24;
/** The most pixels between neighbors, which limits the zoom. */
const MOST_SPACING = 52;
/** The pixels between neighbors after zooming into a section or a dense group of seats. */
const NEAR_SPACING = 26;
/** The pixels between seats that a finger needs to hit a single one. */
const FINGER_SPACING = 19;
const FLIGHT_MILLISECONDS = 260;
const SETTLE_MILLISECONDS = 130;
const FRAME_BUDGET_MILLISECONDS = 3;

/**
 * The seats as a map. Fires `pick` when the user picks something; the page decides what happens and sets `selected`.
 * `<seat-list>` offers the same by keyboard and screen reader.
 */
export class SeatMap extends HTMLElement {
  /** @type {Scene | undefined} */
  #scene;
  /** @type {SeatGrid | undefined} */
  #grid;
  /** @type {Path2D[]} */
  #paths = [];
  /** @type {MapLabels | undefined} */
  #labels;
  /** @type {TileLayer[]} the last one is the sharpest */
  #layers = [];
  #rowNames = new RowNames();
  /** @type {View | undefined} */
  #view;
  /** @type {{ from: View, to: View, start: number } | undefined} */
  #flight;
  /** @type {number[]} free seats in each section */
  #free = [];
  /** @type {Set<number> | "all" | undefined} */
  #changed;
  #size = { width: 0, height: 0 };
  #ratio = 1;
  #frame = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;
  #loadedAt = 0;
  #isSelecting = false;
  /** @type {Point | undefined} */
  #pointer;
  /** @type {Set<number>} */
  #selected = new Set();
  /** @type {Set<number>} */
  #mine = new Set();
  /** @type {string | undefined} */
  #filter;
  /** @type {Mode} */
  #mode = "shop";

  #stage = el("div", { class: "seat-map-stage", "aria-hidden": "true", role: "none" });
  #rectangle = el("div", { class: "seat-map-rectangle", hidden: true });
  #tooltip = el("div", { class: "seat-map-tooltip", hidden: true });
  #viewport = el("div", { class: "seat-map-viewport", tabindex: "0", role: "group" });
  #controls = el("div", { class: "seat-map-controls", role: "group" });
  #extra = el("div", { class: "seat-map-areas" });
  #legend = el("div");
  /** @type {ResizeObserver | undefined} */
  #observer;
  #themes = matchMedia("(prefers-color-scheme: dark)");
  #themeChanged = () => this.#restyle();

  constructor() {
    super();
    this.#rowNames.element.setAttribute("aria-hidden", "true");
    this.#viewport.append(this.#stage, this.#rowNames.element, this.#rectangle, this.#tooltip, this.#controls);
    listenForGestures(this.#viewport, {
      pan: (dx, dy) => this.#moveTo(this.#view && { ...this.#view, x: this.#view.x + dx, y: this.#view.y + dy }),
      zoom: (at, factor) => this.#zoom(at, factor),
      whole: () => this.showWhole(),
      tap: (at, isTouch) => this.#tap(at, isTouch),
      doubleTap: (at, isTouch) => this.#doubleTap(at, isTouch),
      hover: (at) => this.#hover(at),
      wantsRectangle: (event) => this.#mode === "manage" && (this.#isSelecting || event.shiftKey),
      rectangle: (from, to, isDone) => this.#drawRectangle(from, to, isDone),
      rectangleCancelled: () => (this.#rectangle.hidden = true),
    });
    // Dragging on the controls must not move the map.
    this.#controls.addEventListener("pointerdown", (event) => event.stopPropagation());
  }

  connectedCallback() {
    needStyleSheet();
    this.#furnish();
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(this.#viewport);
    this.#themes.addEventListener("change", this.#themeChanged);
    this.#resize();
  }

  disconnectedCallback() {
    this.#observer?.disconnect();
    this.#themes.removeEventListener("change", this.#themeChanged);
    clearTimeout(this.#settling);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /**
   * Shows a plan.
   * @param {SeatingChart} chart @param {SeatStates} states
   */
  load(chart, states) {
    this.#loadedAt = performance.now();
    const scene = new Scene(chart, states);
    this.#scene = scene;
    this.#dress(scene);
    this.#grid = new SeatGrid(chart);
    this.#paths = chart.sections.map((section) => pathOf(section.hull));
    this.#labels = new MapLabels(scene);
    this.#dropLayers();
    this.#view = undefined;
    this.#flight = undefined;
    this.#changed = "all";
    this.#stage.replaceChildren(this.#labels.element);
    this.#labels.pin();
    const { left, top, right, bottom } = chart.bounds;
    this.style.setProperty("--map-ratio", ((right - left + 1) / (bottom - top + 1)).toFixed(3));
    this.#furnish();
    this.#schedule();
  }

  /**
   * Call this when states have changed.
   * @param {Iterable<number>} [changed] which seats; all if omitted
   */
  update(changed) {
    if (changed === undefined || this.#changed === "all") this.#changed = "all";
    else {
      this.#changed ??= new Set();
      for (const index of changed) this.#changed.add(index);
    }
    this.#schedule();
  }

  /** The chosen seats. Assign a set to change them. */
  get selected() {
    return this.#selected;
  }

  set selected(value) {
    const before = this.#selected;
    this.#selected = new Set(value);
    this.#marked(before, this.#selected);
  }

  /** The seats held by the viewer. Assign a set to change them. */
  get mine() {
    return this.#mine;
  }

  set mine(value) {
    const before = this.#mine;
    this.#mine = new Set(value);
    this.#marked(before, this.#mine);
  }

  /** The category to show; the others are dimmed. */
  get filter() {
    return this.#filter;
  }

  set filter(value) {
    if (this.#filter === value) return;
    this.#filter = value;
    this.update();
  }

  /** Whether a fan shops here or the organizer manages. */
  get mode() {
    return this.#mode;
  }

  set mode(value) {
    if (this.#mode === value) return;
    this.#mode = value;
    this.#isSelecting = false;
    this.#furnish();
    this.#schedule();
  }

  /** Zooms out to the whole plan. */
  showWhole() {
    if (this.#scene) this.#fly(fit(this.#scene.chart.bounds, this.#size, PADDING, this.#limits().most));
  }

  /**
   * Brings a category's places into view.
   * @param {string} category
   */
  showCategory(category) {
    const chart = this.#scene?.chart;
    if (!chart) return;
    const bounds = emptyBounds();
    const wanted = chart.categories.findIndex(({ name }) => name === category);
    chart.category.forEach((used, index) => {
      if (used === wanted) grow(bounds, chart.x[index] ?? 0, chart.y[index] ?? 0);
    });
    for (const { shape, category: used } of chart.areas) {
      if (!shape || used !== category) continue;
      grow(bounds, shape.bounds.left, shape.bounds.top);
      grow(bounds, shape.bounds.right, shape.bounds.bottom);
    }
    if (isEmpty(bounds)) this.showWhole();
    else this.#fly(fit(widened(bounds, chart.spacing), this.#size, PADDING, this.#scaleFor(NEAR_SPACING)));
  }

  /**
   * How many pixels at the bottom something of the page stands on. The plan can be moved out from under it; nothing
   * moves when this changes.
   */
  get covered() {
    return this.#covered;
  }

  set covered(value) {
    this.#covered = Math.max(0, value);
  }

  #covered = 0;

  /** @param {View} view */
  #clamped(view) {
    const scene = /** @type {Scene} */ (this.#scene);
    const free = { ...scene.chart.bounds, bottom: scene.chart.bounds.bottom + this.#covered / view.scale };
    // A plan shown whole stays where it is.
    return clamp(view, this.#isWholeAt(view.scale) ? scene.chart.bounds : free, this.#size, PADDING);
  }

  /**
   * Brings a section into view.
   * @param {number} section its index in the chart's `sections`
   */
  showSection(section) {
    const bounds = this.#scene?.chart.sections[section]?.bounds;
    if (bounds) this.#fly(fit(bounds, this.#size, 28, this.#scaleFor(NEAR_SPACING * 1.3)));
  }

  /**
   * Brings seats into view, close enough to pick.
   * @param {number[]} indexes
   */
  showSeats(indexes) {
    const chart = this.#scene?.chart;
    if (!chart || indexes.length === 0) return;
    const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
    for (const index of indexes) {
      bounds.left = Math.min(bounds.left, chart.x[index] ?? Infinity);
      bounds.right = Math.max(bounds.right, chart.x[index] ?? -Infinity);
      bounds.top = Math.min(bounds.top, chart.y[index] ?? Infinity);
      bounds.bottom = Math.max(bounds.bottom, chart.y[index] ?? -Infinity);
    }
    this.#fly(fit(widened(bounds, chart.spacing * 3), this.#size, PADDING, this.#scaleFor(NEAR_SPACING)));
  }

  // Controls, legend and areas

  #furnish() {
    if (!this.isConnected) return;
    this.#viewport.setAttribute("aria-label", t("map.label"));
    this.#controls.setAttribute("aria-label", t("map.controls"));
    const centre = () => ({ x: this.#size.width / 2, y: this.#size.height / 2 });
    const control = (/** @type {string} */ key, /** @type {string} */ sign, /** @type {() => void} */ act) =>
      el("button", { type: "button", "aria-label": t(key), title: t(key), onclick: act }, el("span", { "aria-hidden": "true" }, sign));
    const selecting = control("map.select", "⬚", () => {
      this.#isSelecting = !this.#isSelecting;
      selecting.setAttribute("aria-pressed", String(this.#isSelecting));
      this.#viewport.classList.toggle("is-selecting", this.#isSelecting);
    });
    selecting.setAttribute("aria-pressed", String(this.#isSelecting));
    this.#viewport.classList.toggle("is-selecting", this.#isSelecting);
    this.#controls.replaceChildren(
      control("map.zoomIn", "+", () => this.#zoomSmoothly(centre(), 1.6)),
      control("map.zoomOut", "−", () => this.#zoomSmoothly(centre(), 1 / 1.6)),
      control("map.whole", "⤢", () => this.showWhole()),
      ...(this.#mode === "manage" ? [selecting] : []),
    );
    show(this.#legend, legend(this.#mode, this.#usedColors()));
    this.#furnishAreas();
    show(this, this.#viewport, this.#extra, this.#legend);
  }

  #usedColors() {
    const chart = this.#scene?.chart;
    return chart ? [...new Set(chart.category)].map((used) => chart.categories[used]?.color ?? "") : [];
  }

  /** Areas that the plan does not draw become buttons below the map. */
  #furnishAreas() {
    const scene = this.#scene;
    const areas = scene && this.#mode === "shop" ? scene.chart.areas.filter((area) => !area.shape) : [];
    this.#extra.hidden = areas.length === 0;
    this.#extra.replaceChildren(
      ...areas.map(({ name }) =>
        el("button", { type: "button", dataset: { area: name }, onclick: () => this.#pick({ kind: "area", name }) }),
      ),
    );
    this.#viewport.hidden = scene !== undefined && scene.chart.seatCount === 0 && scene.chart.areas.every((area) => !area.shape);
    this.#legend.hidden = scene !== undefined && scene.chart.seatCount === 0;
    this.#sayAreas();
  }

  #sayAreas() {
    const scene = this.#scene;
    if (!scene) return;
    for (const button of this.#extra.children) {
      const area = scene.chart.areas.find(({ name }) => name === /** @type {HTMLElement} */ (button).dataset["area"]);
      if (!area) continue;
      const parts = [area.name, priceWord(area.amount, scene.chart.currency), freeTicketsWord(scene.states.areas.get(area.name) ?? 0)];
      setText(button, parts.filter(Boolean).join(" · "));
    }
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#viewport;
    if (width === 0 || height === 0) return;
    const isWhole = this.#isWhole();
    const before = this.#size;
    this.#size = { width, height };
    if (this.#view && this.#scene) {
      if (isWhole) this.#view = fit(this.#scene.chart.bounds, this.#size, PADDING, this.#limits().most);
      else {
        const shifted = { ...this.#view, x: this.#view.x + (width - before.width) / 2, y: this.#view.y + (height - before.height) / 2 };
        this.#view = this.#clamped(shifted);
      }
      this.#flight = undefined;
    }
    this.#schedule();
  }

  #restyle() {
    this.#dropLayers();
    this.update();
  }

  /** @param {Set<number>} before @param {Set<number>} after */
  #marked(before, after) {
    const changed = [...before].filter((index) => !after.has(index)).concat([...after].filter((index) => !before.has(index)));
    if (changed.length === 0) return;
    if (this.#scene) this.#dress(this.#scene);
    this.#labels?.pin();
    this.update(changed);
  }

  /** @param {Scene} scene */
  #dress(scene) {
    scene.selected = this.#selected;
    scene.mine = this.#mine;
    scene.filter = this.#filter;
    scene.mode = this.#mode;
  }

  // Moving

  #limits() {
    const scene = this.#scene;
    if (!scene) return { least: 1, most: 1 };
    const most = this.#scaleFor(MOST_SPACING);
    return { least: fit(scene.chart.bounds, this.#size, PADDING, most).scale, most };
  }

  /** @param {number} spacing in pixels between neighbors */
  #scaleFor(spacing) {
    return spacing / (this.#scene?.chart.spacing ?? 1);
  }

  #isWhole() {
    return !this.#view || this.#isWholeAt(this.#view.scale);
  }

  /** @param {number} scale */
  #isWholeAt(scale) {
    return scale <= this.#limits().least * 1.001;
  }

  /** @param {View | undefined} view */
  #moveTo(view) {
    if (!view || !this.#scene) return;
    this.#flight = undefined;
    this.#view = this.#clamped(view);
    this.#schedule();
  }

  /** @param {Point} at @param {number} factor */
  #zoom(at, factor) {
    if (!this.#view) return false;
    const next = zoomAt(this.#view, at, factor, this.#limits());
    if (next.scale === this.#view.scale) return false;
    this.#moveTo(next);
    return true;
  }

  /** @param {Point} at @param {number} factor */
  #zoomSmoothly(at, factor) {
    const view = this.#flight?.to ?? this.#view;
    if (view) this.#fly(zoomAt(view, at, factor, this.#limits()));
  }

  /** @param {View} target */
  #fly(target) {
    if (!this.#view || !this.#scene) return;
    const to = this.#clamped(target);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.#moveTo(to);
    else this.#flight = { from: this.#view, to, start: performance.now() };
    this.#schedule();
  }

  // Hit testing

  /** @param {Point} at */
  #areaAt(at) {
    if (!this.#view) return undefined;
    const point = toPlan(this.#view, at);
    return this.#scene?.chart.areas.find(({ shape }) => shape && contains(shape.points, point.x, point.y));
  }

  /** @param {Point} at @returns {number | undefined} */
  #sectionAt(at) {
    if (!this.#view || !this.#scene) return undefined;
    const { x, y } = toPlan(this.#view, at);
    const margin = this.#scene.chart.spacing * 0.7;
    const found = this.#scene.chart.sections.findIndex(
      ({ hull, bounds }) =>
        meet({ left: x, top: y, right: x, bottom: y }, bounds) &&
        (contains(hull, x, y) || (hull.length > 0 && distanceToEdge(hull, x, y) <= margin)),
    );
    return found < 0 ? undefined : found;
  }

  /** @param {Point} at @param {number} reach in multiples of the seat spacing */
  #seatAt(at, reach) {
    if (!this.#view || !this.#scene) return undefined;
    const { x, y } = toPlan(this.#view, at);
    return this.#grid?.nearest(x, y, this.#scene.chart.spacing * reach);
  }

  /** @param {Point} at @param {boolean} isTouch */
  #tap(at, isTouch) {
    const scene = this.#scene;
    if (!scene || !this.#view) return;
    const spacing = scene.chart.spacing * this.#view.scale;
    const index = this.#seatAt(at, isTouch ? 0.75 : 0.6);
    if (index !== undefined && spacing >= (isTouch ? FINGER_SPACING : SEATS_FROM)) {
      if (scene.isPickable(index)) this.#pick({ kind: "seat", index });
      return;
    }
    const area = this.#areaAt(at);
    if (area) {
      if (this.#mode === "shop") this.#pick({ kind: "area", name: area.name });
      return;
    }
    const section = this.#sectionAt(at);
    if (section === undefined) return;
    const bounds = /** @type {import("./chart.js").Section} */ (scene.chart.sections[section]).bounds;
    const target = fit(bounds, this.#size, 28, this.#scaleFor(NEAR_SPACING * 1.3));
    // If a section shown whole would still be too small to hit seats in, zoom in at the tapped point instead.
    if (target.scale >= this.#scaleFor(isTouch ? FINGER_SPACING : SEATS_FROM)) this.#fly(target);
    else if (spacing < NEAR_SPACING) this.#fly(zoomAt(this.#view, at, NEAR_SPACING / spacing, this.#limits()));
  }

  /** @param {Point} at @param {boolean} isTouch */
  #doubleTap(at, isTouch) {
    const scene = this.#scene;
    if (!scene || !this.#view) return;
    const isSeats = scene.chart.spacing * this.#view.scale >= (isTouch ? FINGER_SPACING : SEATS_FROM);
    // Two quick taps on a seat count as two taps, so a seat picked by mistake is dropped again.
    if (isSeats && this.#seatAt(at, 0.6) !== undefined) this.#tap(at, isTouch);
    else this.#zoomSmoothly(at, 2);
  }

  /** @param {Pick} detail */
  #pick(detail) {
    this.dispatchEvent(new CustomEvent("pick", { detail, bubbles: true }));
  }

  /** @param {Point} from @param {Point} to @param {boolean} isDone */
  #drawRectangle(from, to, isDone) {
    const { style } = this.#rectangle;
    const left = Math.min(from.x, to.x);
    const top = Math.min(from.y, to.y);
    const width = Math.abs(from.x - to.x);
    const height = Math.abs(from.y - to.y);
    style.setProperty("transform", `translate(${left}px, ${top}px)`);
    style.setProperty("width", `${width}px`);
    style.setProperty("height", `${height}px`);
    this.#rectangle.hidden = isDone;
    if (!isDone || !this.#view || !this.#grid) return;
    const first = toPlan(this.#view, { x: left, y: top });
    const last = toPlan(this.#view, { x: left + width, y: top + height });
    const indexes = this.#grid.within({ left: first.x, top: first.y, right: last.x, bottom: last.y });
    if (indexes.length > 0) this.#pick({ kind: "seats", indexes: indexes.sort((a, b) => a - b) });
  }

  /** @param {Point | undefined} at */
  #hover(at) {
    this.#pointer = at;
    this.#schedule();
  }

  #point() {
    const at = this.#pointer;
    const scene = this.#scene;
    const words = at && scene && !this.#flight ? this.#wordsAt(at, scene) : undefined;
    this.#tooltip.hidden = words === undefined;
    this.#viewport.classList.toggle("is-pickable", words?.isPickable ?? false);
    if (!at || !words) return;
    const key = words.lines.join("\n");
    if (this.#tooltip.dataset["words"] !== key) {
      this.#tooltip.dataset["words"] = key;
      this.#tooltip.replaceChildren(...words.lines.filter(Boolean).map((line, place) => el(place === 0 ? "b" : "span", null, line)));
    }
    const isLow = at.y < 96;
    const x = Math.min(Math.max(at.x, 96), Math.max(96, this.#size.width - 96));
    this.#tooltip.style.setProperty(
      "transform",
      `translate(${x}px, ${at.y + (isLow ? 22 : -14)}px) translate(-50%, ${isLow ? "0" : "-100%"})`,
    );
  }

  /** @param {Point} at @param {Scene} scene @returns {{ lines: string[], isPickable: boolean } | undefined} */
  #wordsAt(at, scene) {
    const { chart, states } = scene;
    const isNear = chart.spacing * (this.#view?.scale ?? 0) >= SEATS_FROM;
    const index = isNear ? this.#seatAt(at, 0.6) : undefined;
    if (index !== undefined) {
      const { name, amount } = chart.categoryAt(index);
      const price = [name, priceWord(amount, chart.currency)].filter(Boolean).join(" · ");
      const lines = [t("map.place", chart.label(index)), price, stateWord(scene.lookOf(index), scene.mode)];
      return { lines, isPickable: scene.isPickable(index) };
    }
    const area = this.#areaAt(at);
    if (area) {
      const free = freeTicketsWord(states.areas.get(area.name) ?? 0);
      return { lines: [area.name, priceWord(area.amount, chart.currency), free], isPickable: this.#mode === "shop" };
    }
    const section = isNear ? undefined : this.#sectionAt(at);
    if (section === undefined) return undefined;
    const { price, free } = sectionWords(scene, section, this.#free[section] ?? 0);
    return { lines: [chart.sections[section]?.name ?? "", price, free], isPickable: true };
  }

  // Drawing

  #schedule() {
    if (this.#frame !== 0 || !this.isConnected) return;
    this.#frame = requestAnimationFrame((now) => {
      this.#frame = 0;
      this.#drawFrame(now);
    });
  }

  /** @param {number} now */
  #drawFrame(now) {
    const scene = this.#scene;
    if (!scene || !this.#labels || this.#size.width === 0) return;
    const start = performance.now();
    this.#dress(scene);
    const isFirst = this.#view === undefined;
    const before = this.#view;
    this.#view ??= fit(scene.chart.bounds, this.#size, PADDING, this.#limits().most);
    this.#advance(now);
    this.#applyChanges(scene, start);
    const isWhole = this.#drawLayers(scene, isFirst || this.#layers.length === 0);
    this.#labels.place(this.#view, this.#size);
    this.#rowNames.place(scene.chart, this.#view, this.#size);
    this.#point();
    // On the whole map a finger scrolls the page; zoomed in, it moves the map.
    this.#viewport.classList.toggle("is-whole", this.#isWhole());
    if (this.#flight || !isWhole) this.#schedule();
    if (!isFirst && (before !== this.#view || this.#lastView !== this.#view)) measure("onsale.map.frame", start);
    this.#lastView = this.#view;
    if (isFirst) this.#reportFirst();
  }

  /** @type {View | undefined} */
  #lastView;

  #reportFirst() {
    const loadedAt = this.#loadedAt;
    // This frame has been painted by the time the next one starts.
    requestAnimationFrame(() => measure("onsale.map.first", loadedAt));
  }

  /** @param {number} now */
  #advance(now) {
    const flight = this.#flight;
    if (!flight) return;
    const progress = Math.min(1, Math.max(0, (now - flight.start) / FLIGHT_MILLISECONDS));
    this.#view = between(flight.from, flight.to, 1 - (1 - progress) ** 3);
    if (progress >= 1) this.#flight = undefined;
  }

  /** @param {Scene} scene @param {number} start */
  #applyChanges(scene, start) {
    const changed = this.#changed;
    if (changed === undefined) return;
    this.#changed = undefined;
    for (const layer of this.#layers) {
      if (changed === "all") layer.invalidate();
      else layer.repaint(changed);
    }
    this.#free = scene.countFree();
    this.#labels?.say(this.#free);
    this.#sayAreas();
    measure("onsale.map.delta", start);
  }

  /**
   * @param {Scene} scene @param {boolean} isFirst whether there is nothing to see until this is drawn
   * @returns {boolean} whether everything is drawn
   */
  #drawLayers(scene, isFirst) {
    const view = /** @type {View} */ (this.#view);
    const part = visible(view, this.#size);
    let sharpest = this.#layers.at(-1);
    const ratio = sharpest ? view.scale / sharpest.scale : Infinity;
    const isBlurred = Math.abs(ratio - 1) > 1e-6;
    if (devicePixelRatio !== this.#ratio) this.#dropLayers();
    if (this.#layers.length === 0 || ratio > 2.2 || ratio < 0.45) sharpest = this.#addLayer(scene, view.scale);
    else if (isBlurred && this.#hasSettled) sharpest = this.#addLayer(scene, view.scale);
    else if (isBlurred) this.#settle();
    this.#hasSettled = false;
    const deadline = isFirst ? Infinity : performance.now() + FRAME_BUDGET_MILLISECONDS;
    let isWhole = sharpest?.fill(part, deadline) ?? true;
    if (isWhole) {
      for (const older of this.#layers.splice(0, this.#layers.length - 1)) older.remove();
      sharpest?.trim(part);
    }
    // Once the visible tiles are done, draw the next ones on each side ahead of time.
    if (isWhole && !isFirst && !isBlurred) {
      const margin = 160 / view.scale;
      isWhole = sharpest?.fill(widened(part, margin), performance.now()) ?? true;
    } else if (isFirst) isWhole = false;
    for (const layer of this.#layers) {
      const grown = view.scale / layer.scale;
      // Whole device pixels keep it as sharp as drawn.
      const x = Math.round(view.x * this.#ratio) / this.#ratio;
      const y = Math.round(view.y * this.#ratio) / this.#ratio;
      layer.element.style.setProperty("transform", `translate(${x}px, ${y}px)${grown === 1 ? "" : ` scale(${grown})`}`);
    }
    return isWhole;
  }

  #hasSettled = false;

  #settle() {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#hasSettled = true;
      this.#schedule();
    }, SETTLE_MILLISECONDS);
  }

  /** @param {Scene} scene @param {number} scale */
  #addLayer(scene, scale) {
    this.#ratio = devicePixelRatio;
    // Keep only the oldest layer, the one that is complete, and drop those never finished.
    for (const unfinished of this.#layers.splice(1)) unfinished.remove();
    const grid = /** @type {SeatGrid} */ (this.#grid);
    const layer = new TileLayer(scene, grid, this.#paths, readPalette(this), scale, this.#ratio);
    this.#layers.push(layer);
    this.#stage.insertBefore(layer.element, this.#labels?.element ?? null);
    return layer;
  }

  #dropLayers() {
    for (const layer of this.#layers.splice(0)) layer.remove();
  }
}

customElements.define("seat-map", SeatMap);
