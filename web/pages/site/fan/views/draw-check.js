import { el, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { checkDraw } from "../draw.js";
import { actionButton } from "./parts.js";

/**
 * @typedef {import("../../../../client/src/types.js").PlaceTicket} PlaceTicket
 * @typedef {import("../../../../client/src/types.js").WaitingRoom} WaitingRoom
 */

/**
 * Lets fans check the draw: the browser repeats it and says whether it yields the same number. Fans who joined later
 * are told that they were not part of it.
 * @param {PlaceTicket} place
 * @param {Pick<WaitingRoom, "drawSeed" | "drawCommitment" | "lobbySize">} room
 * @param {string | undefined} seenCommitment the commitment as this browser saw it in the lobby
 * @returns {HTMLElement | null} null until the draw is published
 */
export function drawCheck(place, { drawSeed, drawCommitment, lobbySize }, seenCommitment) {
  if (place.number === null || place.lobbyIndex === undefined) {
    return el(
      "section",
      { class: "card" },
      el("h2", null, t("draw.title")),
      el("p", { class: "small" }, t("draw.late")),
    );
  }
  if (drawSeed === null || lobbySize === null) return null;
  const { number, lobbyIndex } = place;
  const result = el("div", { role: "status" });
  const check = async () => {
    show(result, el("p", { class: "soft" }, t("draw.working")));
    const found = await checkDraw({
      seed: drawSeed, commitment: drawCommitment, seenCommitment, size: lobbySize, lobbyIndex, number,
    });
    const seen = found.isCommitmentSeen === undefined ? "notSeen" : found.isCommitmentSeen ? "seen" : "otherSeen";
    show(
      result,
      el(
        "div",
        { class: ["notice", found.agrees ? "good" : "bad"] },
        el("p", null, el("strong", null, t(found.agrees ? "draw.agrees" : "draw.differs"))),
        el(
          "ul",
          null,
          el("li", null, t(found.isSeedCommitted ? "draw.seedGood" : "draw.seedBad")),
          el("li", null, t(`draw.${seen}`)),
          el("li", null, t("draw.number", { drawn: found.number ?? "–", number })),
        ),
      ),
    );
  };
  return el(
    "section",
    { class: "card" },
    el("h2", null, t("draw.title")),
    el("p", null, t("draw.yours", { number, size: lobbySize })),
    el(
      "details",
      null,
      el("summary", null, t("draw.check")),
      el(
        "div",
        { class: "stack" },
        el("p", { class: "small" }, t("draw.explain")),
        el(
          "dl",
          { class: "facts" },
          el("dt", null, t("draw.commitment")), el("dd", null, el("code", { class: "hash" }, drawCommitment ?? "–")),
          el("dt", null, t("draw.seed")), el("dd", null, el("code", { class: "hash" }, drawSeed)),
          el("dt", null, t("draw.size")), el("dd", { class: "number" }, t("draw.people", { count: lobbySize })),
          el("dt", null, t("draw.index")), el("dd", { class: "number" }, String(lobbyIndex)),
        ),
        el("div", { class: "row" }, actionButton(t("draw.button"), check, "primary")),
        result,
      ),
    ),
  );
}
