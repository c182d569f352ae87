import { el, setText } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { countdown, when } from "../words.js";
import { stepView } from "./parts.js";
import { soundSwitch } from "./sound-switch.js";

/**
 * @typedef {object} LobbyModel
 * @property {import("../../../../client/src/types.js").EventSummary} event
 * @property {string} opensAt
 * @property {number | null} lobbySize
 * @property {number | undefined} lobbyIndex the fan's position in the list of entrants
 * @property {string | null} drawCommitment
 */

/**
 * The lobby, where everyone has the same chance.
 * @param {LobbyModel} model @returns {import("./parts.js").View<LobbyModel>}
 */
export function lobbyView({ event }) {
  const until = el("p", { class: "soft" }, t("lobby.until"));
  const clockText = el("p", { class: "big-clock number", role: "timer" });
  const size = el("p", { class: "soft number" });
  const date = el("p", { class: "soft" });
  const commitment = el("code", { class: "hash" });
  return stepView(event, {
    title: t("lobby.title"),
    isCentered: true,
    card: [
      until,
      clockText,
      date,
      el("p", { class: "notice good" }, t("lobby.kept")),
      size,
      soundSwitch(),
    ],
    below: [
      el(
        "section",
        { class: "card" },
        el("h2", null, t("lobby.how")),
        el(
          "ol",
          null,
          el("li", null, t("lobby.how1")),
          el("li", null, t("lobby.how2")),
          el("li", null, t("lobby.how3")),
        ),
        el(
          "details",
          null,
          el("summary", null, t("lobby.commitment")),
          el("div", { class: "stack" }, el("p", { class: "small" }, t("lobby.commitmentExplain")), commitment),
        ),
      ),
    ],
    update: ({ opensAt, lobbySize, lobbyIndex, drawCommitment }) => {
      const left = (Date.parse(opensAt) - clock.now()) / 1000;
      setText(until, left > 0 ? t("lobby.until") : "");
      setText(clockText, left > 0 ? countdown(left) : t("lobby.now"));
      setText(date, when(opensAt, event));
      // The room's count may be older than the fan's place.
      const count = Math.max(lobbySize ?? 0, lobbyIndex === undefined ? 0 : lobbyIndex + 1);
      setText(size, t("lobby.size", { count, index: (lobbyIndex ?? 0) + 1 }));
      setText(commitment, drawCommitment ?? "–");
    },
  });
}
