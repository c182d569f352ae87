import { el, setText, show } from "../../lib/dom.js";
import { formatMoney, t } from "../../lib/i18n.js";
import { client, clock } from "../api.js";
import { nextMoment } from "../journey.js";
import { eventPath } from "../routes.js";
import { countdown, refusal, when } from "../words.js";
import { heading, notice } from "./parts.js";

/**
 * @typedef {import("../../../../client/src/types.js").EventSummary} EventSummary
 * @typedef {import("./parts.js").View} View
 */

const REFRESH_MILLISECONDS = 30_000;
const RETRY_MILLISECONDS = 5000;
/** Show a countdown instead of a date from here on. */
const SOON_MILLISECONDS = 48 * 3_600_000;
/** Events a fan can act on come first. */
const ORDER = ["open", "lobby", "paused", "scheduled", "soldOut", "closed"];
/** @type {Record<string, string>} */
const KINDS = { open: "good", lobby: "good", paused: "warn", soldOut: "bad" };

/** @returns {View} */
export function whatsOnView() {
  const events = el("ul", { class: "event-cards" });
  const trouble = el("div", { role: "status" });
  /** @type {(() => void)[]} */
  let clocks = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let shown = "";
  let isClosed = false;

  const load = async () => {
    let pause = REFRESH_MILLISECONDS;
    try {
      const list = await client.listEvents();
      if (isClosed) return;
      show(trouble);
      // If nothing changed, leave the cards alone to keep the focus.
      if (JSON.stringify(list) !== shown) {
        shown = JSON.stringify(list);
        clocks = [];
        const sorted = [...list].sort(
          (a, b) =>
            ORDER.indexOf(a.onsale.phase) - ORDER.indexOf(b.onsale.phase) || a.startsAt.localeCompare(b.startsAt),
        );
        show(
          events,
          sorted.length > 0 ? sorted.map((event) => card(event, clocks)) : el("li", { class: "soft" }, t("list.none")),
        );
      }
    } catch (error) {
      if (isClosed) return;
      pause = RETRY_MILLISECONDS;
      show(trouble, notice("warn", el("p", null, refusal(error)), el("p", { class: "small" }, t("retrying"))));
    }
    timer = setTimeout(load, pause);
  };
  show(events, el("li", { class: "soft" }, t("loading")));
  load();

  return {
    element: el("div", { class: "stack" }, heading(t("list.title")), trouble, events),
    title: t("list.title"),
    update: () => clocks.forEach((tick) => tick()),
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

/** @param {EventSummary} event @param {(() => void)[]} clocks */
function card(event, clocks) {
  const { onsale } = event;
  const least = Math.min(...event.prices.map((price) => price.amount));
  const isAhead = onsale.phase === "scheduled" || onsale.phase === "lobby";
  const soon = el("p", { class: "number soon" });
  if (isAhead) {
    const tick = () => {
      const { kind, at } = nextMoment(onsale, clock.now());
      const left = Date.parse(at) - clock.now();
      setText(
        soon,
        left > SOON_MILLISECONDS
          ? t(`list.${kind}.on`, { date: when(at, event) })
          : t(`list.${kind}.in`, { clock: countdown(Math.max(0, left / 1000)) }),
      );
    };
    tick();
    clocks.push(tick);
  }
  return el(
    "li",
    { class: "card event-card" },
    el("p", null, el("span", { class: ["badge", KINDS[onsale.phase]] }, t(`phase.${onsale.phase}`))),
    el("h2", null, el("a", { href: eventPath(event.id) }, event.title)),
    el(
      "p",
      { class: "soft" },
      event.venue,
      el("br"),
      el("time", { datetime: event.startsAt }, when(event.startsAt, event)),
    ),
    event.prices.length > 0 &&
      el(
        "p",
        { class: "number price" },
        t(event.prices.length > 1 ? "list.from" : "list.price", { price: formatMoney(least, event.currency) }),
      ),
    isAhead && soon,
  );
}
