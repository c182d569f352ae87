import { OnsaleClient } from "../../../client/src/onsale-client.js";
import { Problem } from "../../../client/src/problem.js";
import { announce } from "../lib/announce.js";
import { keepAwake } from "../lib/awake.js";
import { el, setText, show } from "../lib/dom.js";
import { formatNumber, t } from "../lib/i18n.js";
import { Attendance, keptAttendance } from "./attendance.js";
import { buildCameraView } from "./camera-view.js";
import { Checkpoint } from "./checkpoint.js";
import { buildConflictsView } from "./conflicts-view.js";
import { field } from "./field.js";
import { buildFindView } from "./find-view.js";
import { Debounce, Sightings } from "./gate.js";
import { askToSignOut } from "./sign-out.js";
import { allowSound, signal } from "./signals.js";
import { categoryWord, momentText, verdictReason, verdictSymbol, VerdictView, verdictWord } from "./verdict-view.js";

/**
 * @typedef {import("./gate.js").Verdict} Verdict
 *
 * @typedef {object} ScanParts
 * @property {import("./session.js").DoorSession} session
 * @property {import("./ledger.js").Ledger} ledger
 * @property {import("./published.js").PublishedFacts} facts
 * @property {import("./places.js").Places} places
 * @property {import("./last-scan.js").KeptLastScan} lastScan
 * @property {boolean} isKept whether the browser stores data
 * @property {() => void} signedOut
 */

/**
 * The gate: camera, code field, verdicts and counts.
 * @param {HTMLElement} main @param {ScanParts} parts
 * @returns {{ update(): void, end(): void }}
 */
export function showScan(main, { session, ledger, facts, places, lastScan, isKept, signedOut }) {
  const ending = new AbortController();
  const debounce = new Debounce();
  const sightings = new Sightings();
  const verdicts = new VerdictView(() => focusField());
  /** @type {import("./checkpoint.js").Link} */
  let lastLink = "connecting";
  let lastWaiting = ledger.waiting;
  let lastConflicts = ledger.conflicts.length;
  let running = 0;
  /** @type {import("./last-scan.js").LastScan | undefined} */
  let newest = lastScan.get(session.event.id);
  let wasTyped = matchMedia("(pointer: fine)").matches;
  let wasByHand = false;

  const badge = el("span", { class: "badge" });
  const notice = el("div", { class: "stack" });
  const admitted = el("dd", { class: "number" });
  const waiting = el("dd", { class: "number" });
  const inAll = el("dd", { class: "number" }, "–");
  const inAllAsOf = el("dd", { class: "door-as-of", hidden: true });
  const last = el("p", { class: "door-last" }, t("door.last.none"));
  const input = el("input", {
    id: "code",
    name: "code",
    autocomplete: "off",
    autocapitalize: "none",
    autocorrect: "off",
    spellcheck: "false",
    enterkeyhint: "go",
  });
  const codeField = field(input, t("door.code.label"), t("door.code.hint"));
  const submit = el("button", { class: "primary", type: "submit" }, t("door.code.submit"));
  const conflicts = buildConflictsView(
    (ticket) => {
      ledger.dismissConflict(ticket);
      update();
    },
    ({ place, event }) => places.words(place, event).place,
  );
  const client = new OnsaleClient({ timeoutSeconds: 10 });
  const checkpoint = new Checkpoint({
    event: session.event.id,
    token: session.token,
    ...(session.name !== undefined && { name: session.name }),
    ledger,
    facts,
    changed: () => update(),
    exclusively: (work) => (navigator.locks ? navigator.locks.request("onsale.door.send", work) : work()),
  });
  const attendance = new Attendance({
    event: session.event.id,
    kept: keptAttendance,
    ask: () =>
      client.getDoor(session.event.id, session.token).catch((error) => {
        if (error instanceof Problem && (error.status === 401 || error.status === 403)) checkpoint.wake();
        throw error;
      }),
    changed: () => update(),
    isIdle: () => document.visibilityState !== "visible" || checkpoint.link !== "online",
  });
  const findView = buildFindView({
    find: (wanted) => client.findTickets(session.event.id, session.token, wanted),
    admit: async ({ ticket, seat, area }) => {
      const verdict = await checkpoint.admit({ ticket, place: seat ?? area ?? "" });
      if (ending.signal.aborted) return;
      wasByHand = true;
      tell(verdict);
    },
    scan: (code) => takeCode(code),
    isRefused: () => checkpoint.wake(),
    places,
  });
  const camera = buildCameraView((code) => {
    const now = Date.now();
    if (!sightings.isNew(code, now, running === 0)) return;
    // Typed at once, it would be the same scan.
    debounce.isNew(code, now);
    wasTyped = false;
    void judge(code);
  });

  const focusField = () => {
    if (wasByHand) {
      wasByHand = false;
      return findView.focus();
    }
    // On a phone the keyboard would cover the camera picture.
    if (wasTyped && !camera.isRunning) input.focus();
  };

  /** @param {string} code */
  const judge = async (code) => {
    running += 1;
    setText(submit, t("door.checking"));
    const verdict = await checkpoint.scan(code);
    running -= 1;
    if (ending.signal.aborted) return;
    if (running === 0) setText(submit, t("door.code.submit"));
    tell(verdict);
  };

  /** @param {Verdict} verdict */
  const tell = (verdict) => {
    newest = { event: session.event.id, verdict, at: Date.now() };
    lastScan.set(newest);
    signal(verdict.kind);
    verdicts.open(verdict, wordsOf(verdict));
    showLast();
    update();
    attendance.wake();
  };

  /** @param {Verdict} verdict */
  const wordsOf = (verdict) => {
    // Another event may have a place of the same name.
    const isElsewhere = verdict.kind === "refused" && verdict.reason === "otherEvent";
    return isElsewhere ? { place: verdict.place, category: "" } : places.words(verdict.place);
  };

  const showLast = () => {
    if (newest) show(last, ...lastLine(newest, wordsOf(newest.verdict)));
  };

  const learnPlaces = async () => {
    if (!(await places.refresh(client)) || ending.signal.aborted) return;
    showLast();
    update();
  };

  const submitCode = () => {
    const code = input.value.trim();
    input.value = "";
    codeField.complain(code === "" ? t("door.code.empty") : "");
    if (code !== "") takeCode(code);
  };

  /** @param {string} code that was typed, mostly by a hand-held scanner */
  const takeCode = (code) => {
    wasTyped = true;
    if (debounce.isNew(code, Date.now())) return void judge(code);
    // Pulling the trigger twice reads one ticket, so show its verdict again, unless it was green: showing green twice
    // could let in a second person with a copy.
    if (running > 0) return;
    if (newest && newest.verdict.kind !== "admitted") verdicts.open(newest.verdict, wordsOf(newest.verdict));
    else codeField.complain(t("door.code.same"));
  };

  const update = () => {
    if (ending.signal.aborted) return;
    const { link } = checkpoint;
    setText(badge, t(`door.link.${link}`));
    badge.className = link === "online" ? "badge good" : link === "connecting" ? "badge" : "badge warn";
    if (link !== lastLink && link === "offline") announce(t("door.link.announce.offline"));
    if (link !== lastLink && link === "online" && lastLink === "offline") announce(t("door.link.announce.online"));
    if (link !== lastLink && link === "online") attendance.wake();
    lastLink = link;
    if (link === "online") void learnPlaces();
    const words = linkWords(link, facts, ledger.hasSpace);
    if (!isKept) words.push(t("door.notKept"));
    if (notice.textContent !== words.join("")) {
      show(notice, words.map((text) => el("p", { class: "notice warn" }, text)));
    }
    setText(admitted, formatNumber(ledger.admitted(session.event.id)));
    setText(waiting, formatNumber(ledger.waiting));
    if (lastWaiting > 0 && ledger.waiting === 0) attendance.wake();
    lastWaiting = ledger.waiting;
    const { counts } = attendance;
    if (counts) {
      setText(inAll, t("door.count.ofAll", { in: counts.checkedIn, all: counts.tickets }));
      inAllAsOf.hidden = link === "online" && attendance.isAnswered;
      setText(inAllAsOf, t("door.count.asOf", { time: momentText(counts.at, Date.now()) }));
    }
    const found = ledger.conflicts;
    if (found.length > lastConflicts) announce(t("door.conflicts.announce"), { isUrgent: true });
    lastConflicts = found.length;
    conflicts.update(found);
  };

  const signOut = async () => {
    if (await askToSignOut({ waiting: ledger.waiting, conflicts: ledger.conflicts.length })) signedOut();
  };

  show(
    main,
    el(
      "header",
      { class: "door-head" },
      el(
        "div",
        null,
        el("h1", { tabindex: "-1" }, session.event.title),
        el("p", { class: "soft" }, [session.event.venue, session.name].filter(Boolean).join(" · ")),
      ),
      badge,
    ),
    notice,
    camera.element,
    el(
      "form",
      {
        class: "card",
        novalidate: true,
        onsubmit: (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          submitCode();
        },
      },
      codeField.element,
      submit,
    ),
    el(
      "dl",
      { class: "door-counts" },
      el("div", { class: "door-all" }, el("dt", null, t("door.count.all")), inAll, inAllAsOf),
      el("div", null, el("dt", null, t("door.count.admitted")), admitted),
      el("div", null, el("dt", null, t("door.count.waiting")), waiting),
    ),
    el(
      "section",
      { class: "card", "aria-labelledby": "last-title" },
      el("h2", { id: "last-title" }, t("door.last")),
      last,
    ),
    findView.element,
    conflicts.element,
    el("button", { class: "door-sign-out", type: "button", onclick: signOut }, t("door.signOut")),
  );

  const { signal: until } = ending;
  document.addEventListener("pointerdown", allowSound, { signal: until });
  document.addEventListener("keydown", (event) => takeKey(event, input, verdicts), { signal: until });
  addEventListener("online", () => checkpoint.wake(), { signal: until });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState !== "visible") return;
      checkpoint.wake();
      attendance.wake();
    },
    { signal: until },
  );
  keepAwake(until);
  update();
  showLast();
  void places.open(session.event.id).then(() => {
    showLast();
    update();
  });
  checkpoint.wake();

  return {
    update,
    /** Call this before showing another page. */
    end() {
      ending.abort();
      checkpoint.end();
      attendance.end();
      camera.stop();
      verdicts.remove();
    },
  };
}

/**
 * A hand-held scanner types wherever the focus is, so this moves the focus to the field.
 * @param {KeyboardEvent} event @param {HTMLInputElement} input @param {VerdictView} verdicts
 */
function takeKey(event, input, verdicts) {
  allowSound();
  const isText = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!isText || event.target instanceof HTMLInputElement || document.querySelector("dialog[open]")) return;
  verdicts.close();
  input.focus();
}

/** @param {import("./last-scan.js").LastScan} scan @param {import("./places.js").Words} words */
function lastLine({ verdict, at }, words) {
  const parts = [verdictWord(verdict), words.place, categoryWord(words), momentText(at, Date.now())];
  const text = parts.filter(Boolean).join(" · ");
  const reason = verdictReason(verdict);
  return [
    verdictSymbol(verdict.kind, `door-mark ${verdict.kind}`),
    el("span", null, text, reason !== "" && el("span", { class: "soft small" }, ` ${reason}`)),
  ];
}

/**
 * @param {import("./checkpoint.js").Link} link @param {import("./published.js").PublishedFacts} facts
 * @param {boolean} hasSpace
 */
function linkWords(link, facts, hasSpace) {
  const words = [];
  if (link === "signedOut") words.push(t("door.link.signedOutExplain"));
  else if (link === "offline" && facts.asOf === undefined) words.push(t("door.link.offlineBlind"));
  else if (link === "offline") {
    words.push(t("door.link.offlineExplain", { time: momentText(facts.asOf ?? 0, Date.now()) }));
  }
  if (!hasSpace) words.push(t("door.full"));
  return words;
}
