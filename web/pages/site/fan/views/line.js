import { announce } from "../../lib/announce.js";
import { el, setText, show } from "../../lib/dom.js";
import { formatNumber, t } from "../../lib/i18n.js";
import { estimate, odds } from "../reckoning.js";
import { waiting } from "../words.js";
import { drawCheck } from "./draw-check.js";
import { eventHead, heading, notice } from "./parts.js";
import { soundSwitch } from "./sound-switch.js";

/**
 * @typedef {import("../event-page.js").EventPage} EventPage
 * @typedef {import("./parts.js").View} View
 */

/** @type {Record<string, string>} */
const KINDS = { likely: "good", uncertain: "warn", unlikely: "bad", none: "bad" };
/** A position is told aloud when it has come this much nearer, by halves: 1000, 500, 250 … */
const TOLD_AGAIN = 0.5;

/**
 * In the line.
 * @param {EventPage} page @returns {View}
 */
export function lineView(page) {
  const state = el("div");
  const position = el("p", { class: "big-number number" });
  const caption = el("p", { class: "soft" });
  const bar = el("progress", { max: "1", value: "0", "aria-label": t("line.progress") });
  const wait = el("p", { class: "estimate" });
  const word = el("span", { class: "badge" });
  const reason = el("p", { class: "small" });
  const room = el("p", { class: "soft small number" });
  const place = page.place;
  let lastTold = Infinity;
  let lastPhase = "";

  /** @type {View} */
  const view = {
    element: el(
      "div",
      { class: "stack" },
      eventHead(page.event),
      el(
        "section",
        { class: "card centered" },
        heading(t("line.title")),
        state,
        position,
        caption,
        bar,
        wait,
        room,
        el("p", { class: "notice good" }, t("line.kept")),
        soundSwitch(),
      ),
      el(
        "section",
        { class: "card" },
        el("div", { class: "row" }, el("h2", null, t("odds.title")), word),
        reason,
      ),
      place && drawCheck(page),
    ),
    title: t("line.title"),
    update: () => {
      const { phase, position: before } = page.journey;
      view.title = `(${formatNumber(before)}) ${t("line.title")}`;
      setText(position, before > 0 ? formatNumber(before) : t("line.next"));
      const number = page.place?.number ?? 0;
      setText(caption, before > 0 ? t("line.before", { number }) : t("line.number", { number }));
      bar.value = number > 0 ? Math.min(1, page.room.admittedThrough / number) : 0;
      if (phase !== lastPhase) {
        lastPhase = phase;
        const isHalted = phase === "paused" || phase === "soldOut";
        show(state, isHalted && notice("warn", t(`${phase}.inLine`)));
        if (isHalted) announce(t(`${phase}.inLine`), { isUrgent: true });
      }
      const range = phase === "open" ? estimate(before, page.room.admittedPerMinute) : undefined;
      setText(wait, phase === "open" ? waiting(range) : "");
      setText(room, t("line.room", { active: page.room.activeShoppers, free: page.room.free }));
      showOdds();
      if (before <= lastTold * TOLD_AGAIN) {
        lastTold = before;
        announce(`${t("line.announce", { count: before })} ${wait.textContent}`);
      }
    },
  };

  const showOdds = () => {
    const { room: now, event } = page;
    const reckoned = odds({
      free: now.free,
      capacity: event.capacity,
      admittedThrough: now.admittedThrough,
      activeShoppers: now.activeShoppers,
      position: page.journey.position,
      ticketsPerBuyer: event.limits.ticketsPerBuyer,
    });
    word.className = `badge ${KINDS[reckoned.word]}`;
    setText(word, t(`odds.${reckoned.word}`));
    const per = formatNumber(Math.round(reckoned.perShopper * 10) / 10);
    setText(
      reason,
      t(reckoned.word === "none" ? "odds.reasonNone" : "odds.reason", {
        free: now.free,
        before: reckoned.before,
        per,
        left: reckoned.left,
      }),
    );
  };
  return view;
}
