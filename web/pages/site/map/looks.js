/**
 * @typedef {"shop" | "manage"} Mode who looks at the seats: a fan, or the organizer
 * @typedef {import("./chart.js").SeatingChart} SeatingChart
 * @typedef {import("../../../client/src/index.js").SeatStates} SeatStates
 */

/** How a seat can look. */
export const Look = /** @type {const} */ ({ free: 0, dim: 1, held: 2, sold: 3, blocked: 4, picked: 5, mine: 6 });
export const LOOK_COUNT = 7;

const FREE = 46;
const HELD = 104;
const SOLD = 120;

/** What the map and the list show, and to whom; both need it to tell how a seat looks. */
export class Scene {
  /** @type {Set<number>} the chosen seats */
  selected = new Set();
  /** @type {Set<number>} the seats held by the viewer */
  mine = new Set();
  /** @type {string | undefined} the category to show */
  filter;
  /** @type {Mode} */
  mode = "shop";

  /** @param {SeatingChart} chart @param {SeatStates} states */
  constructor(chart, states) {
    this.chart = chart;
    this.states = states;
  }

  /** @param {number} index @returns {number} a member of `Look` */
  lookOf(index) {
    if (this.selected.size > 0 && this.selected.has(index)) return Look.picked;
    if (this.mine.size > 0 && this.mine.has(index)) return Look.mine;
    switch (this.states.codes[index]) {
      case FREE:
        return this.filter !== undefined && this.chart.categoryAt(index).name !== this.filter ? Look.dim : Look.free;
      case HELD:
        return Look.held;
      case SOLD:
        return Look.sold;
      default:
        return Look.blocked;
    }
  }

  /** @param {number} index of the seat that a tap may pick */
  isPickable(index) {
    if (this.mode === "manage") return true;
    return this.states.codes[index] === FREE || this.selected.has(index) || this.mine.has(index);
  }

  /** The free seats in each section, counting only those of the filter's category if one is set. */
  countFree() {
    const { chart, states, filter } = this;
    const wanted = filter === undefined ? -1 : chart.categories.findIndex((category) => category.name === filter);
    return chart.sections.map(({ first, count }) => {
      let free = 0;
      for (let index = first; index < first + count; index += 1) {
        if (states.codes[index] === FREE && (filter === undefined || chart.category[index] === wanted)) free += 1;
      }
      return free;
    });
  }
}
