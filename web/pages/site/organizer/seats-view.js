import { Problem } from "../../../client/src/index.js";
import { announce } from "../lib/announce.js";
import { el, setText, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { confirmed } from "./dialog.js";
import { Outcome, roleNote, section, uniqueID, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { blockAll, sortSeats } from "./seat-choice.js";
import { follow, seatWidget } from "./seat-widgets.js";

/**
 * @typedef {import("./seat-widgets.js").Pick} Pick
 * @typedef {import("./seat-widgets.js").Seats} Seats
 */
/** @template Value @typedef {import("./tab-models.js").Follow<Value>} Follow */

/**
 * @typedef {object} SeatsModel
 * @property {boolean} mayBlock
 * @property {Follow<import("../map/chart.js").SeatingChart>} onChart
 * @property {Follow<Seats>} onSeats
 * @property {(action: "block" | "unblock", names: string[], reason?: string) => Promise<void>} change
 * @property {() => Promise<import("../../../client/src/types.js").SeatBlock[]>} blocks which seats are kept back, and why
 * @property {() => void} refresh updates the event's numbers
 */

const REASON_MOST = 100;

/** @param {unknown} error @returns {string[] | undefined} the seats that were taken meanwhile, if that is why */
const takenOf = (error) =>
  error instanceof Problem && error.slug === "seats-unavailable" ? error.body.unavailable ?? [] : undefined;

/** @param {{ done: number, taken: number, error?: unknown }} result @param {"block" | "unblock"} action */
function resultWords(result, action) {
  const parts = [t(`org.seats.${action}.done`, { count: result.done })];
  if (result.taken > 0) parts.push(t("org.seats.takenMeanwhile", { count: result.taken }));
  if (result.error !== undefined) parts.push(t("org.seats.stopped"), problemWords(result.error));
  return parts.join(" ");
}

/**
 * Why seats are kept back: "House seats (12) · no reason given (3)".
 * @param {string[]} seats @param {Map<string, string>} reasons by seat
 */
export function reasonWords(seats, reasons) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const seat of seats) {
    const reason = reasons.get(seat);
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) =>
    t("org.seats.why", { reason: reason === "" ? t("org.seats.noReason") : reason, count }),
  ).join(" · ");
}

/**
 * Blocks seats on the map: the chosen ones are held back from sale, or returned to it.
 * @param {SeatsModel} model
 */
export function seatsView({ mayBlock, onChart, onSeats, change, blocks, refresh }) {
  /** @type {Set<number>} */
  let chosen = new Set();
  /** @type {Seats | undefined} */
  let seats;
  const sortChosen = () => sortSeats(chosen, seats?.states.codes ?? []);
  const map = seatWidget("seat-map");
  const list = seatWidget("seat-list");
  for (const widget of [map, list]) {
    widget.mode = "manage";
    widget.addEventListener("pick", (event) => picked(/** @type {CustomEvent<Pick>} */ (event).detail));
  }
  const count = el("p", { class: "org-value-small" });
  const parts = el("p", { class: "soft small" });
  const outcome = new Outcome();
  const why = el("p", { class: "small" });
  const reasonID = uniqueID("reason");
  const reason = el("input", { id: reasonID, maxlength: REASON_MOST, autocomplete: "off" });
  /** @type {Map<string, string>} by seat */
  let reasons = new Map();
  const loadReasons = async () => {
    try {
      reasons = new Map((await blocks()).map(({ seat, reason: given }) => [seat, given ?? ""]));
      update();
    } catch {
      // They are told beside the choice only; the next change asks again.
    }
  };
  const names = (/** @type {number[]} */ indexes) => indexes.map((index) => seats?.chart.name(index) ?? "");

  const work = async (/** @type {"block" | "unblock"} */ action) => {
    const sorted = sortChosen();
    const wanted = names(action === "block" ? sorted.free : sorted.blocked);
    if (wanted.length === 0) return outcome.say("warn", t(`org.seats.${action}.nothing`));
    if (action === "unblock") {
      const isSure = await confirmed({
        title: t("org.seats.unblock.ask", { count: wanted.length }),
        text: [t("org.seats.unblock.effect")],
        action: t("org.seats.unblock.submit", { count: wanted.length }),
      });
      if (!isSure) return;
    }
    outcome.say("busy", t("org.working"));
    const given = reason.value.trim();
    const result = await blockAll(wanted, (some) => change(action, some, given === "" ? undefined : given), takenOf);
    refresh();
    void loadReasons();
    outcome.say(result.error ? "bad" : result.taken > 0 ? "warn" : "good", resultWords(result, action));
    if (!result.error) choose(new Set());
  };
  const block = workButton(t("org.seats.block"), () => work("block"), "primary");
  const unblock = workButton(t("org.seats.unblock"), () => work("unblock"));
  const clear = el(
    "button",
    { type: "button", class: "plain", onclick: () => choose(new Set()) },
    t("org.seats.clear"),
  );

  const update = () => {
    const sorted = sortChosen();
    setText(count, t("org.seats.chosen", { count: chosen.size }));
    setText(
      parts,
      chosen.size === 0
        ? t("org.seats.none")
        : t(
          "org.seats.parts",
          { free: sorted.free.length, blocked: sorted.blocked.length, taken: sorted.taken.length },
        ),
    );
    setText(why, reasonWords(names(sorted.blocked), reasons));
    setText(
      block,
      sorted.free.length > 0 ? t("org.seats.block.submit", { count: sorted.free.length }) : t("org.seats.block"),
    );
    setText(
      unblock,
      sorted.blocked.length > 0 ? t(
        "org.seats.unblock.submit",
        { count: sorted.blocked.length },
      ) : t("org.seats.unblock"),
    );
    clear.hidden = chosen.size === 0;
  };
  const choose = (/** @type {Set<number>} */ indexes) => {
    chosen = indexes;
    map.selected = new Set(chosen);
    list.selected = new Set(chosen);
    update();
    announce(t("org.seats.chosen", { count: chosen.size }));
  };
  const picked = (/** @type {Pick} */ pick) => {
    const next = new Set(chosen);
    if (pick.kind === "seat") {
      if (!next.delete(pick.index)) next.add(pick.index);
    } else if (pick.kind === "seats") {
      // A second rectangle over the same seats drops them again.
      const areAllChosen = pick.indexes.every((index) => next.has(index));
      for (const index of pick.indexes) areAllChosen ? next.delete(index) : next.add(index);
    } else {
      return outcome.say("warn", t("org.seats.noAreas"));
    }
    outcome.clear();
    choose(next);
  };
  follow(onSeats, [map, list]);
  onSeats((now) => {
    seats = now;
    update();
  });
  update();
  void loadReasons();

  const sections = sectionChoice(onChart, (indexes) => picked({ kind: "seats", indexes }));
  const body = el(
    "div",
    { class: "org-seats" },
    section(
      t("org.seats.title"),
      el("p", { class: "soft small" }, t("org.seats.how")),
      el("div", { class: "org-map tall" }, map),
    ),
    el(
      "div",
      { class: "stack" },
      el(
        "section",
        { class: "card org-choice", "aria-label": t("org.seats.choice") },
        count,
        parts,
        why,
        mayBlock && el("div", { class: "field" }, el("label", { for: reasonID }, t("org.seats.reason")), reason),
        mayBlock ? el("div", { class: "row" }, block, unblock, clear) : [roleNote("box-office"), clear],
        outcome.element,
        sections,
      ),
      section(t("org.seats.list"), el("div", { class: "org-seat-list" }, list)),
    ),
  );
  const place = el("div", null, body);
  onChart((chart) => {
    if (chart.seatCount === 0) show(place, el("p", { class: "card" }, t("org.seats.noSeats")));
  });
  return place;
}

/** @param {SeatsModel["onChart"]} onChart @param {(indexes: number[]) => void} choose */
function sectionChoice(onChart, choose) {
  const id = uniqueID("section");
  const select = el("select", { id });
  /** @type {import("../map/chart.js").SeatingChart["sections"]} */
  let sections = [];
  onChart((chart) => {
    sections = chart.sections;
    show(
      select,
      sections.map(({ name, count }, index) =>
        el("option", { value: index }, t("org.seats.section", { name, count })),
      ),
    );
  });
  const add = () => {
    const wanted = sections[Number(select.value)];
    if (wanted) choose(Array.from({ length: wanted.count }, (_, index) => wanted.first + index));
  };
  return el(
    "div",
    { class: "field" },
    el("label", { for: id }, t("org.seats.whole")),
    el(
      "div",
      { class: "org-inline" },
      select,
      el("button", { type: "button", onclick: add }, t("org.seats.wholeSubmit")),
    ),
  );
}
