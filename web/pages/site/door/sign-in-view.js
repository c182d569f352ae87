import { OnsaleClient } from "../../../client/src/onsale-client.js";
import { Problem } from "../../../client/src/problem.js";
import { el, show } from "../lib/dom.js";
import { formatDate, t } from "../lib/i18n.js";
import { field } from "./field.js";

/**
 * @typedef {import("./session.js").DoorSession} DoorSession
 * @typedef {import("../../../client/src/types.js").EventSummary} EventSummary
 *
 * @typedef {object} SignInParts
 * @property {number} waiting scans on this device that the server doesn't know yet
 * @property {string | undefined} event the event selected at first
 * @property {(session: DoorSession) => void} signedIn
 */

/**
 * Asks for the event and the door token, and accepts them once the server does.
 * @param {HTMLElement} main @param {SignInParts} parts
 */
export function showSignIn(main, parts) {
  const client = new OnsaleClient({ timeoutSeconds: 10 });
  const trouble = el("div", { role: "alert" });
  const events = el("select", { id: "event", name: "event", disabled: true });
  const token = el("input", {
    id: "token",
    name: "token",
    type: "password",
    autocomplete: "current-password",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const eventField = field(events, t("door.signIn.event"));
  const tokenField = field(token, t("door.signIn.token"));
  const submit = el("button", { class: "primary", type: "submit" }, t("door.signIn.submit"));
  /** @type {EventSummary[]} */
  let known = [];

  /** @param {string} text @param {...HTMLElement} more */
  const complain = (text, ...more) => {
    show(trouble, el("div", { class: "notice bad stack" }, el("p", null, text), ...more));
  };

  const load = async () => {
    show(trouble);
    events.disabled = true;
    show(events, el("option", { value: "" }, t("door.signIn.loading")));
    try {
      known = await client.listEvents();
    } catch {
      show(events);
      complain(t("door.signIn.eventsFailed"), el("button", { type: "button", onclick: load }, t("door.signIn.again")));
      return;
    }
    events.disabled = known.length === 0;
    show(events, ...options(known, parts.event));
  };

  const signIn = async () => {
    eventField.complain("");
    tokenField.complain("");
    show(trouble);
    const event = known.find((one) => one.id === events.value);
    const secret = token.value.trim();
    if (!event) return eventField.complain(t("door.signIn.eventMissing"));
    if (secret === "") return tokenField.complain(t("door.signIn.tokenMissing"));
    submit.setAttribute("aria-disabled", "true");
    submit.textContent = t("door.signIn.checking");
    try {
      const { id, name, role } = await client.getCaller(secret);
      if (role === "viewer") return tokenField.complain(t("door.signIn.viewer"));
      // The event may be gone by now.
      await client.listVoidTickets(event.id, secret);
      parts.signedIn({
        token: secret, ...(id !== null && { name }), event: { id: event.id, title: event.title, venue: event.venue },
      });
    } catch (error) {
      const problem = error instanceof Problem ? error : Problem.unreachable(error);
      if (problem.status === 401) tokenField.complain(t("door.signIn.refused"));
      else complain(troubleText(problem));
    } finally {
      submit.removeAttribute("aria-disabled");
      submit.textContent = t("door.signIn.submit");
    }
  };

  const form = el(
    "form",
    {
      class: "stack",
      novalidate: true,
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        if (!submit.hasAttribute("aria-disabled")) void signIn();
      },
    },
    eventField.element,
    tokenField.element,
    trouble,
    submit,
  );
  show(
    main,
    el(
      "section",
      { class: "card door-sign-in" },
      el("h1", { tabindex: "-1" }, t("door.signIn.title")),
      el("p", { class: "soft" }, t("door.signIn.explain")),
      parts.waiting > 0 && el("p", { class: "notice warn" }, t("door.signIn.waiting", { count: parts.waiting })),
      form,
    ),
  );
  void load();
}

/** @param {EventSummary[]} events @param {string | undefined} chosen */
function options(events, chosen) {
  if (events.length === 0) return [el("option", { value: "" }, t("door.signIn.noEvents"))];
  return events.map(({ id, title, venue, startsAt }) => {
    const when = formatDate(startsAt, { dateStyle: "medium", timeStyle: "short" });
    return el("option", { value: id, selected: id === chosen }, [title, venue, when].filter(Boolean).join(" · "));
  });
}

/** @param {Problem} problem */
function troubleText(problem) {
  if (problem.status === 403) return t("door.signIn.forbidden");
  if (problem.status === 404) return t("door.signIn.noEvent");
  if (problem.slug === "unreachable") return t("door.signIn.unreachable");
  return t("door.signIn.failed", { status: String(problem.status) });
}
