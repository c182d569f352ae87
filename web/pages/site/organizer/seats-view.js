import { Problem } from "../../../client/src/index.js";
import { announce } from "../lib/announce.js";
import { el, setText, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { confirmed } from "./dialog.js";
import { Outcome, uniqueID, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { blockAll, sortSeats } from "./seat-choice.js";
import { follow, seatWidget } from "./seat-widgets.js";

/**
 * @typedef {import("./live-event.js").LiveEvent} LiveEvent
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {import("./seat-widgets.js").Pick} Pick
 */

/** @param {unknown} error the seats that were taken meanwhile, if that is what it says */
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
 * Blocks by map: chosen seats are kept back from sale, or given back to it.
 * @param {LiveEvent} live @param {Desk} desk @param {AbortSignal} signal
 */
export function seatsView(live, desk, signal) {
  /** @type {Set<number>} */
  let chosen = new Set();
  const map = seatWidget("seat-map");
  const list = seatWidget("seat-list");
  for (const widget of [map, list]) {
    widget.mode = "manage";
    widget.addEventListener("pick", (event) => picked(/** @type {CustomEvent<Pick>} */ (event).detail));
  }
  const count = el("p", { class: "org-value-small" });
  const parts = el("p", { class: "soft small" });
  const outcome = new Outcome();
  const names = (/** @type {number[]} */ indexes) => indexes.map((index) => live.chart?.name(index) ?? "");

  const work = async (/** @type {"block" | "unblock"} */ action) => {
    const sorted = sortSeats(chosen, live.states.codes);
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
    const send = async (/** @type {string[]} */ some) => {
      await desk.call(async (client, token) => void (await client[action](live.id, token, some)));
    };
    const result = await blockAll(wanted, send, takenOf);
    live.refresh();
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
    const sorted = sortSeats(chosen, live.states.codes);
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
  const choose = (/** @type {Set<number>} */ seats) => {
    chosen = seats;
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
      // A second rectangle over what is chosen already takes it away again.
      const areAllChosen = pick.indexes.every((index) => next.has(index));
      for (const index of pick.indexes) areAllChosen ? next.delete(index) : next.add(index);
    } else {
      return outcome.say("warn", t("org.seats.noAreas"));
    }
    outcome.clear();
    choose(next);
  };
  follow(live, [map, list], signal);
  live.on("seats", update, signal);
  update();

  const sections = sectionChoice(live, signal, (indexes) => picked({ kind: "seats", indexes }));
  const mapTitle = uniqueID("map");
  const listTitle = uniqueID("list");
  const body = el(
    "div",
    { class: "org-seats" },
    el(
      "section",
      { class: "card", "aria-labelledby": mapTitle },
      el("h2", { id: mapTitle }, t("org.seats.title")),
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
        el("div", { class: "row" }, block, unblock, clear),
        outcome.element,
        sections,
      ),
      el(
        "section",
        { class: "card", "aria-labelledby": listTitle },
        el("h2", { id: listTitle }, t("org.seats.list")),
        el("div", { class: "org-seat-list" }, list),
      ),
    ),
  );
  const place = el("div", null, body);
  const showOrSay = () => {
    if (live.chart?.seatCount === 0) show(place, el("p", { class: "card" }, t("org.seats.noSeats")));
  };
  live.on("chart", showOrSay, signal);
  showOrSay();
  return place;
}

/** @param {LiveEvent} live @param {AbortSignal} signal @param {(indexes: number[]) => void} choose */
function sectionChoice(live, signal, choose) {
  const id = uniqueID("section");
  const select = el("select", { id });
  const fill = () => {
    show(
      select,
      (live.chart?.sections ?? []).map(
        (section, index) => el(
          "option",
          { value: index },
          t("org.seats.section", { name: section.name, count: section.count }),
        ),
      ),
    );
  };
  live.on("chart", fill, signal);
  fill();
  const add = () => {
    const section = live.chart?.sections[Number(select.value)];
    if (section) choose(Array.from({ length: section.count }, (_, index) => section.first + index));
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
