import { Problem } from "../../../client/src/problem.js";
import { announce } from "../lib/announce.js";
import { confirmed } from "../lib/dialog.js";
import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { field } from "./field.js";
import { categoryWord, momentText } from "./verdict-view.js";

/**
 * @typedef {import("../../../client/src/types.js").DoorTicket} DoorTicket
 * @typedef {import("../../../client/src/types.js").DoorTickets} DoorTickets
 * @typedef {{ seat: string } | { email: string } | { order: string }} Wanted
 *
 * @typedef {object} FindParts
 * @property {(wanted: Wanted) => Promise<DoorTickets>} find
 * @property {(ticket: DoorTicket) => Promise<void>} admit shows the verdict; rejects if the server gave no answer
 * @property {(code: string) => void} scan judges a ticket's code
 * @property {() => void} isRefused called when the server no longer accepts the token
 * @property {import("./places.js").Places} places
 */

/** A ticket's code, which a hand-held scanner types wherever the focus is; no seat's name is as long. */
const CODE = /^[\w-]+\.[\w-]{16,}\.[\w-]{64,}$/;

/** @param {string} typed @param {import("./places.js").Places} places @returns {Wanted | { code: string }} */
export function readWanted(typed, places) {
  if (typed.includes("@")) return { email: typed };
  if (/^ord_\w+$/i.test(typed)) return { order: typed.toLowerCase() };
  if (CODE.test(typed)) return { code: typed };
  return { seat: places.seat(typed) };
}

/** @param {DoorTicket} ticket */
const placeOf = ({ seat, area }) => seat ?? area ?? "";

/**
 * Finds tickets of people who have none to show, and lets their holders in.
 * @param {FindParts} parts
 */
export function buildFindView({ find, admit, scan, isRefused, places }) {
  const input = el("input", {
    id: "wanted", name: "wanted", autocomplete: "off", autocapitalize: "none", spellcheck: "false", enterkeyhint: "search",
  });
  const wantedField = field(input, t("door.find.label"), t("door.find.hint"));
  const submit = el("button", { type: "submit" }, t("door.find.submit"));
  const found = el("div", { class: "stack", tabindex: "-1" });
  let isBusy = false;

  /** @param {unknown} error @param {string} otherwise what to say if the server gave no answer */
  const complain = (error, otherwise) => {
    const problem = error instanceof Problem ? error : Problem.unreachable(error);
    const isTokenRefused = problem.status === 401 || problem.status === 403;
    if (isTokenRefused) isRefused();
    const words =
      isTokenRefused ? t("door.find.refused")
      : problem.slug === "invalid-request" ? t("door.find.unknown")
      : otherwise;
    show(found, el("p", { class: "notice bad", role: "alert" }, words));
  };

  const look = async () => {
    const typed = input.value.trim();
    wantedField.complain(typed === "" ? t("door.find.empty") : "");
    if (typed === "" || isBusy) return;
    const wanted = readWanted(typed, places);
    if ("code" in wanted) {
      input.value = "";
      return scan(wanted.code);
    }
    isBusy = true;
    submit.textContent = t("door.find.looking");
    try {
      const answer = await find(wanted);
      show(
        found,
        answer.tickets.length === 0
          ? el("p", { class: "notice warn" }, t("door.find.none"))
          : el("ul", { class: "door-found" }, answer.tickets.map(line)),
        answer.isMore && el("p", { class: "soft small" }, t("door.find.more")),
      );
      announce(t("door.find.count", { count: answer.tickets.length }));
    } catch (error) {
      complain(error, t("door.find.failed"));
    } finally {
      isBusy = false;
      submit.textContent = t("door.find.submit");
    }
  };

  /** @param {DoorTicket} ticket */
  const letIn = async (ticket) => {
    if (isBusy) return;
    const { place } = places.words(placeOf(ticket));
    const isSure = await confirmed({
      title: t("door.find.ask", { place }),
      text: [el("p", { class: "soft" }, t("door.find.askText"))],
      keep: t("door.find.stay"),
      action: t("door.find.admit"),
    });
    if (!isSure) return;
    isBusy = true;
    show(found, el("p", { class: "soft", role: "status" }, t("door.find.admitting", { place })));
    try {
      await admit(ticket);
    } catch (error) {
      // It may have arrived, so the list that offered it is no longer true.
      return complain(error, t("door.find.noAnswer", { place }));
    } finally {
      isBusy = false;
    }
    await look();
  };

  /** @param {DoorTicket} ticket */
  const line = (ticket) => {
    const words = places.words(placeOf(ticket));
    const category = categoryWord({ place: words.place, category: ticket.category });
    return el(
      "li",
      null,
      el(
        "div",
        null,
        el("strong", null, words.place),
        category !== "" && el("span", { class: "soft" }, ` · ${category}`),
        el("span", { class: "soft small door-state" }, stateWords(ticket)),
      ),
      !ticket.isVoid && ticket.checkedInAt === null &&
        el("button", { type: "button", onclick: () => letIn(ticket), "aria-label": t("door.find.admitFor", { place: words.place }) }, t("door.find.admit")),
    );
  };

  const element = el(
    "details",
    { class: "card door-find" },
    el("summary", null, t("door.find.title")),
    el(
      "form",
      {
        class: "stack",
        novalidate: true,
        onsubmit: (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          void look();
        },
      },
      wantedField.element,
      submit,
    ),
    found,
  );
  return {
    element,
    /** Moves the focus to what was found. */
    focus: () => found.focus(),
  };
}

/** @param {DoorTicket} ticket */
function stateWords({ isVoid, checkedInAt, checkedInBy }) {
  if (isVoid) return t("door.find.void");
  if (checkedInAt === null) return t("door.find.valid");
  const time = momentText(Date.parse(checkedInAt), Date.now());
  return checkedInBy === null ? t("door.find.in", { time }) : t("door.find.inBy", { time, name: checkedInBy });
}
