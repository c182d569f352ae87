import { el, setText, show } from "../lib/dom.js";
import { announce } from "../lib/announce.js";
import { t } from "../lib/i18n.js";
import { confirmed } from "./dialog.js";
import { Outcome, phaseBadge, roleNote, venueDate, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { profileDialog } from "./profile-dialog.js";
import { TABS, eventPath } from "./routes.js";

/**
 * @typedef {import("./live-event.js").LiveEvent} LiveEvent
 * @typedef {import("./routes.js").Tab} Tab
 * @typedef {import("./parts.js").View} View
 */

/**
 * An event's page: its name and state, whether it is live, the tabs, and the current tab's content.
 *
 * @param {LiveEvent} live @param {Tab} tab
 * @param {(signal: AbortSignal) => HTMLElement} build makes the tab's content; the signal aborts when the tab is left
 * @returns {View}
 */
export function eventPage(live, tab, build) {
  const leaving = new AbortController();
  const heading = el("h1", { tabindex: "-1" }, live.event?.title ?? live.id);
  const badge = el("span", null);
  const facts = el("p", { class: "soft small" });
  const connection = el("p", { class: "org-connection small" });
  const failure = el("div", { class: "stack", hidden: true });
  const draft = el("div", { class: "notice warn row spread", hidden: true });
  const outcome = new Outcome();
  const edit = el("button", { type: "button", class: "plain", hidden: true, onclick: () => change() }, t("org.profile.edit"));
  // The new tab has this one's session, and so may see a draft.
  const preview = el("a", { href: `/events/${encodeURIComponent(live.id)}?preview`, target: "_blank", rel: "opener" }, t("org.preview"));
  const content = build(leaving.signal);
  let phase = live.event?.onsale.phase;

  const change = () => {
    const { event } = live;
    if (!event) return;
    // The report has the categories that are for sale.
    const categories = (live.report?.categories ?? event.prices).map(({ category }) => category);
    profileDialog(event, categories, async (changes) => {
      const changed = await live.changeProfile(changes);
      announce(t("org.profile.saved"));
      return changed;
    });
  };
  const publish = async () => {
    const isSure = await confirmed({
      title: t("org.draft.ask"), text: [t("org.draft.effect")], action: t("org.draft.publish"),
    });
    if (!isSure) return;
    try {
      await live.publish();
      outcome.say("good", t("org.draft.done"));
      heading.focus();
    } catch (error) {
      outcome.say("bad", problemWords(error));
    }
  };
  const isOwner = live.may("owner");
  show(
    draft,
    el("p", null, t("org.draft.text")),
    isOwner ? workButton(t("org.draft.publish"), publish, "primary") : roleNote("owner"),
  );

  const showEvent = () => {
    const { event } = live;
    if (!event) return;
    setText(heading, event.title);
    const isDraft = event.state === "draft";
    show(badge, isDraft ? el("span", { class: "badge warn" }, t("org.draft")) : phaseBadge(event.onsale.phase));
    draft.hidden = !isDraft;
    edit.hidden = !isOwner;
    setText(facts, [event.venue, venueDate(event.startsAt, event)].filter(Boolean).join(" · "));
    document.title = pageTitle(live, tab);
    if (phase !== undefined && phase !== event.onsale.phase) {
      announce(t("org.phase.changed", { phase: t(`org.phase.${event.onsale.phase}`) }));
    }
    phase = event.onsale.phase;
  };
  const showConnection = () => {
    connection.className = `org-connection small ${live.isConnected ? "good" : "warn"}`;
    setText(connection, t(live.isConnected ? "org.connection.live" : "org.connection.lost"));
  };
  const showFailure = () => {
    if (!live.failure) return;
    content.hidden = true;
    connection.hidden = true;
    failure.hidden = false;
    show(
      failure,
      el("p", { class: "notice bad", role: "alert" }, problemWords(live.failure)),
      el("p", null, el("a", { href: "/organizer" }, t("org.events.back"))),
    );
  };
  live.watch(["event"], showEvent, leaving.signal);
  live.watch(["failed"], showFailure, leaving.signal);
  showConnection();
  live.on(
    "connection",
    () => {
      showConnection();
      announce(t(live.isConnected ? "org.connection.back" : "org.connection.lost"));
    },
    leaving.signal,
  );

  return {
    title: pageTitle(live, tab),
    stop: () => leaving.abort(),
    element: el(
      "div",
      { class: "stack org-event-page" },
      el(
        "div",
        { class: "stack org-event-head" },
        el("a", { class: "org-back", href: "/organizer" }, t("org.events.back")),
        el(
          "div",
          { class: "row" },
          heading,
          badge,
          edit,
          isOwner && el("a", { href: `/organizer/new?from=${encodeURIComponent(live.id)}` }, t("org.copy")),
          preview,
        ),
        el("div", { class: "row" }, facts, connection),
        draft,
        outcome.element,
      ),
      el(
        "nav",
        { class: "org-tabs", "aria-label": t("org.tabs") },
        TABS.map((known) =>
          el(
            "a",
            { href: eventPath(live.id, known), ...(known === tab && { "aria-current": "page" }) },
            t(`org.tab.${known}`),
          ),
        ),
      ),
      failure,
      content,
    ),
  };
}

/** @param {LiveEvent} live @param {Tab} tab */
const pageTitle = (live, tab) => `${live.event?.title ?? live.id} · ${t(`org.tab.${tab}`)}`;
