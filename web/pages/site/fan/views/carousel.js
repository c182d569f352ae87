import { el, setText } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";

/**
 * @typedef {object} Carousel
 * @property {HTMLElement} element
 * @property {(event: KeyboardEvent) => void} onKey turns them by the arrow keys, for whatever surrounds them
 * @property {() => number} index of the item that is shown
 * @property {(index: number) => void} jump shows an item at once, without a motion
 */

/**
 * Tickets in a row, of which a narrow screen shows one: swiped by a finger, turned by the buttons or the arrow keys. In
 * a wide window the style sheet shows all of them and hides the buttons.
 * @param {HTMLLIElement[]} items
 * @returns {Carousel}
 */
export function carousel(items) {
  const list = el("ul", { class: "tickets" }, items);
  const position = el("p", { class: "number", role: "status" });
  let index = 0;
  /** @type {number | undefined} where a motion leads, which a second press goes on from */
  let aim;

  /** @param {number} step */
  const turn = (step) => {
    const to = (aim ?? index) + step;
    const item = items[to];
    if (!item) return;
    aim = to;
    list.scrollTo({ left: item.offsetLeft });
    showPosition(to);
  };
  /** @param {string} key @param {number} step */
  const turner = (key, step) =>
    el("button", { type: "button", "aria-label": t(`${key}.label`), onclick: () => turn(step) }, t(key));
  const previous = turner("tickets.previous", -1);
  const next = turner("tickets.next", 1);

  /** @param {number} to */
  const showPosition = (to) => {
    index = to;
    setText(position, t("tickets.position", { number: index + 1, total: items.length }));
    // Only said to be off, so that the last press doesn't lose the focus.
    previous.setAttribute("aria-disabled", String(index === 0));
    next.setAttribute("aria-disabled", String(index === items.length - 1));
  };
  const nearest = () => {
    const distances = items.map((item) => Math.abs(item.offsetLeft - list.scrollLeft));
    return distances.indexOf(Math.min(...distances));
  };
  const isRow = () => list.scrollWidth > list.clientWidth;

  list.addEventListener("scroll", () => {
    if (!isRow()) return;
    if (aim === nearest()) aim = undefined;
    showPosition(aim ?? nearest());
  }, { passive: true });
  for (const by of ["pointerdown", "wheel"]) list.addEventListener(by, () => (aim = undefined), { passive: true });
  showPosition(0);

  const element = el("div", { class: "carousel" }, list);
  if (items.length > 1) element.append(el("div", { class: "carousel-turn no-print" }, previous, position, next));
  return {
    element,
    onKey: (event) => {
      if (!isRow() || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
      event.preventDefault();
      turn(event.key === "ArrowLeft" ? -1 : 1);
    },
    index: () => index,
    jump: (to) => {
      const behavior = /** @type {ScrollBehavior} */ ("instant");
      list.scrollTo({ left: items[to]?.offsetLeft ?? 0, behavior });
      showPosition(to);
    },
  };
}
