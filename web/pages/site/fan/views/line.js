import { announce } from "../../lib/announce.js";
import { el, setText, show } from "../../lib/dom.js";
import { formatNumber, t } from "../../lib/i18n.js";
import { estimate, odds } from "../reckoning.js";
import { waiting } from "../words.js";
import { drawCheck } from "./draw-check.js";
import { notice, stepView } from "./parts.js";
import { soundSwitch } from "./sound-switch.js";

/**
 * @typedef {object} LineModel
 * @property {import("../../../../client/src/types.js").Event} event
 * @property {import("../../../../client/src/types.js").WaitingRoom} room
 * @property {import("../../../../client/src/types.js").PlaceTicket | undefined} place
 * @property {import("../journey.js").Journey["phase"]} phase
 * @property {number} position how many are ahead
 * @property {string | undefined} seenCommitment the draw's commitment as this browser saw it in the lobby
 */

/** @type {Record<string, string>} */
const KINDS = { likely: "good", uncertain: "warn", unlikely: "bad", none: "bad" };
/** Announce the position again once it has dropped to this fraction: 1000, 500, 250 … */
const TOLD_AGAIN = 0.5;

/**
 * Waiting in line.
 * @param {LineModel} first @returns {import("./parts.js").View<LineModel>}
 */
export function lineView(first) {
  const state = el("div");
  const ahead = el("p", { class: "soft" });
  const position = el("p", { class: "big-number number" });
  const caption = el("p", { class: "soft" });
  const bar = el("progress", { max: "1", value: "0", "aria-label": t("line.progress") });
  const wait = el("p", { class: "estimate" });
  const word = el("span", { class: "badge" });
  const reason = el("p", { class: "small" });
  const crowd = el("p", { class: "soft small number" });
  let lastTold = Infinity;
  let lastPhase = "";

  /** @param {LineModel} model */
  const showOdds = ({ event, room, position: before }) => {
    const reckoned = odds({
      free: room.free,
      capacity: event.capacity,
      admittedThrough: room.admittedThrough,
      activeShoppers: room.activeShoppers,
      position: before,
      ticketsPerBuyer: event.limits.ticketsPerBuyer,
    });
    word.className = `badge ${KINDS[reckoned.word]}`;
    setText(word, t(`odds.${reckoned.word}`));
    const per = formatNumber(Math.round(reckoned.perShopper * 10) / 10);
    setText(
      reason,
      t(reckoned.word === "none" ? "odds.reasonNone" : "odds.reason", {
        free: room.free,
        before: reckoned.before,
        per,
        left: reckoned.left,
      }),
    );
  };

  /** @param {LineModel} model */
  const update = (model) => {
    const { phase, position: before, room } = model;
    view.title = `(${formatNumber(before)}) ${t("line.title")}`;
    setText(ahead, before > 0 ? t("line.ahead") : "");
    setText(position, before > 0 ? t("line.count", { before }) : t("line.next"));
    const number = model.place?.number ?? 0;
    setText(caption, before > 0 ? t("line.before", { number }) : t("line.number", { number }));
    bar.value = number > 0 ? Math.min(1, room.admittedThrough / number) : 0;
    if (phase !== lastPhase) {
      lastPhase = phase;
      const isHalted = phase === "paused" || phase === "soldOut";
      show(state, isHalted && notice("warn", t(`${phase}.inLine`)));
      if (isHalted) announce(t(`${phase}.inLine`), { isUrgent: true });
    }
    const range = phase === "open" ? estimate(before, room.admittedPerMinute) : undefined;
    setText(wait, phase === "open" ? waiting(range) : "");
    setText(crowd, t("line.crowd", { active: room.activeShoppers, free: room.free }));
    showOdds(model);
    if (before <= lastTold * TOLD_AGAIN) {
      lastTold = before;
      announce(`${t("line.announce", { count: before })} ${wait.textContent}`);
    }
  };

  const view = stepView(first.event, {
    title: t("line.title"),
    isCentered: true,
    card: [
      state,
      ahead,
      position,
      caption,
      bar,
      wait,
      crowd,
      el("p", { class: "notice good" }, t("line.kept")),
      soundSwitch(),
    ],
    below: [
      el(
        "section",
        { class: "card" },
        el("div", { class: "row" }, el("h2", null, t("odds.title")), word),
        reason,
      ),
      first.place && drawCheck(first.place, first.room, first.seenCommitment),
    ],
    update,
  });
  return view;
}
