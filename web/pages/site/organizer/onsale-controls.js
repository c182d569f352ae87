import { Problem } from "../../../client/src/index.js";
import { el, setText, show } from "../lib/dom.js";
import { formatNumber, t } from "../lib/i18n.js";
import { confirmed } from "./dialog.js";
import { fromServer, reasonWords } from "./fault-words.js";
import { localText, momentOf, timeZone } from "./local-time.js";
import { Outcome, roleNote, section, venueDate, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { field, timeField, zoneNote } from "./time-field.js";

/**
 * @typedef {import("../../../client/src/types.js").Event} OnsaleEvent
 * @typedef {import("../../../client/src/types.js").Report} Report
 * @typedef {import("../../../client/src/types.js").ChangeOnsale} ChangeOnsale
 */

/**
 * @typedef {object} ControlsModel
 * @property {(role: "box-office" | "owner") => boolean} may whether whoever is signed in may do what needs the role
 * @property {import("./tab-models.js").Follow<OnsaleEvent>} onEvent
 * @property {() => Report | undefined} report the latest one
 * @property {(action: "pause" | "resume") => Promise<void>} pauseOrResume
 * @property {(changes: ChangeOnsale) => Promise<void>} changeOnsale
 */

/** @param {ControlsModel} model */
function pauseAndResume({ onEvent, report, pauseOrResume }) {
  const outcome = new Outcome();
  const place = el("div", { class: "row" });
  const apply = async (/** @type {"pause" | "resume"} */ action) => {
    outcome.say("busy", t("org.working"));
    try {
      await pauseOrResume(action);
      outcome.say("good", t(`org.controls.${action}.done`));
    } catch (error) {
      outcome.say("bad", problemWords(error));
    }
  };
  const pause = workButton(
    t("org.controls.pause"),
    async () => {
      const now = report();
      const isSure = await confirmed({
        title: t("org.controls.pause.ask"),
        text: [
          t("org.controls.pause.effect"),
          t(
            "org.controls.pause.now",
            { waiting: now?.waiting ?? 0, active: now?.activeShoppers ?? 0, held: now?.held ?? 0 },
          ),
        ],
        action: t("org.controls.pause"),
        isDanger: true,
      });
      if (isSure) await apply("pause");
    },
    "danger",
  );
  const resume = workButton(t("org.controls.resume"), () => apply("resume"), "primary");
  const words = el("p", { class: "soft small" });
  onEvent(({ onsale: { phase } }) => {
    const isPaused = phase === "paused";
    const hadFocus = place.contains(document.activeElement);
    // Before the opening nothing would show that the sale is paused, and the opening can be moved instead.
    const notNow = {
      scheduled: t("org.controls.notYet"),
      lobby: t("org.controls.notYet"),
      closed: t("org.controls.closed"),
    };
    const instead = phase === "scheduled" || phase === "lobby" || phase === "closed" ? el(
      "p",
      { class: "soft" },
      notNow[phase],
    ) : pause;
    show(place, isPaused ? resume : instead);
    if (hadFocus && !place.contains(document.activeElement)) place.querySelector("button")?.focus();
    words.hidden = !isPaused;
    setText(words, isPaused ? t("org.controls.pausedNow") : "");
  });
  return el("div", { class: "stack" }, words, place, outcome.element);
}

/** @param {ControlsModel} model */
function capForm({ onEvent, changeOnsale }) {
  const outcome = new Outcome();
  const cap = field({
    label: t("org.member.maxActiveShoppers"),
    hint: t("org.controls.capHint"),
    attributes: { type: "number", min: 1, max: 1_000_000, step: 1, inputmode: "numeric", required: true },
  });
  /** @type {number | undefined} the cap the server last reported */
  let known;
  onEvent(({ onsale: { maxActiveShoppers: now } }) => {
    if (now === known) return;
    // Leave the field alone while the user is typing.
    if (known === undefined || cap.input.value === String(known)) cap.input.value = String(now);
    known = now;
  });
  return el(
    "form",
    {
      class: "stack",
      novalidate: true,
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        const wanted = Number(cap.input.value);
        const isValid = Number.isInteger(wanted) && wanted >= 1 && wanted <= 1_000_000;
        cap.fail(isValid ? undefined : t("org.fault.fromTo", { least: 1, most: 1_000_000 }));
        if (!isValid) return cap.input.focus();
        outcome.say("busy", t("org.working"));
        try {
          await changeOnsale({ maxActiveShoppers: wanted });
          outcome.say("good", t("org.controls.capDone", { cap: formatNumber(wanted) }));
        } catch (error) {
          outcome.say("bad", problemWords(error));
        }
      },
    },
    cap.element,
    el("div", { class: "row" }, el("button", { type: "submit" }, t("org.controls.capSubmit"))),
    outcome.element,
  );
}

const TIMES = /** @type {const} */ (["lobbyOpensAt", "opensAt", "closesAt"]);

/** @param {OnsaleEvent} event */
const hasOpened = (event) => !["scheduled", "lobby"].includes(event.onsale.phase) && Date.parse(event.onsale.opensAt) <= Date.now();

/** @param {ControlsModel["changeOnsale"]} changeOnsale @param {OnsaleEvent} event @param {() => void} done */
function timesForm(changeOnsale, event, done) {
  const outcome = new Outcome();
  const opened = hasOpened(event);
  const zone = event.timeZone ?? timeZone();
  const fields = TIMES.filter((name) => name === "closesAt" || !opened).map((name) => ({
    name,
    field: timeField(
      {
        label: t(`org.member.${name}`), value: localText(event.onsale[name], zone), hint: t(`org.time.${name}`), zone: () => zone,
      },
    ),
  }));
  const change = () => {
    /** @type {ChangeOnsale} */
    const wanted = {};
    for (const { name, field: { input } } of fields) {
      const moment = momentOf(input.value, zone) ?? null;
      const before = localText(event.onsale[name], zone);
      if (input.value === before) continue;
      if (name === "opensAt") wanted.opensAt = moment ?? "";
      else wanted[name] = moment;
    }
    return wanted;
  };
  return el(
    "form",
    {
      class: "stack",
      novalidate: true,
      onsubmit: async (/** @type {Event} */ submit) => {
        submit.preventDefault();
        for (const { field: made } of fields) made.fail(undefined);
        const wanted = change();
        if (Object.keys(wanted).length === 0) return outcome.say("warn", t("org.controls.timesSame"));
        if (wanted.opensAt === "") return fields.find(
          ({ name }) => name === "opensAt",
        )?.field.fail(t("org.fault.missing"));
        outcome.say("busy", t("org.working"));
        try {
          await changeOnsale(wanted);
          done();
        } catch (error) {
          /** @type {string[]} */
          const rest = [];
          for (const detail of (error instanceof Problem && error.body.errors) || []) {
            const fault = fromServer(detail);
            const own = fields.find(({ name }) => fault.pointer === `/${name}`);
            if (own) own.field.fail(reasonWords(fault, wanted));
            else rest.push(reasonWords(fault, wanted));
          }
          outcome.say("bad", rest.join(" ") || problemWords(error));
        }
      },
    },
    opened && el("p", { class: "soft small" }, t("org.controls.hasOpened")),
    zoneNote(zone),
    fields.map(({ field: made }) => made.element),
    el("div", { class: "row" }, el("button", { type: "submit" }, t("org.controls.timesSubmit"))),
    outcome.element,
  );
}

/** @param {OnsaleEvent} event */
const timeFacts = (event) =>
  TIMES.flatMap((name) => [
    el("dt", null, t(`org.member.${name}`)),
    el("dd", null, event.onsale[name] === null ? t("org.time.none") : venueDate(event.onsale[name] ?? "", event)),
  ]);

/**
 * What the sale is set to, for those who may not change it.
 * @param {ControlsModel} model
 */
function settings({ onEvent }) {
  const facts = el("dl", { class: "org-facts" });
  onEvent((event) => {
    const { waitingRoom, maxActiveShoppers } = event.onsale;
    show(
      facts,
      timeFacts(event),
      el("dt", null, t("org.member.maxActiveShoppers")),
      el("dd", null, waitingRoom ? formatNumber(maxActiveShoppers) : t("org.event.noLine")),
    );
  });
  return facts;
}

/** @param {ControlsModel} model */
function times({ onEvent, changeOnsale }) {
  /** @type {OnsaleEvent | undefined} */
  let event;
  const facts = el("dl", { class: "org-facts" });
  const place = el("div", null);
  const outcome = new Outcome();
  const details = el("details", { ontoggle: () => fill() }, el("summary", null, t("org.controls.times")), place);
  const fill = () => {
    if (!details.open || !event) return;
    outcome.clear();
    show(
      place,
      timesForm(changeOnsale, event, () => {
        details.open = false;
        outcome.say("good", t("org.controls.timesDone"));
        details.querySelector("summary")?.focus();
      }),
    );
  };
  onEvent((now) => {
    event = now;
    show(facts, timeFacts(now));
  });
  return el("div", { class: "stack" }, facts, details, outcome.element);
}

/**
 * What the organizer can change during a sale.
 * @param {ControlsModel} model
 */
export function onsaleControls(model) {
  if (!model.may("box-office")) return section(t("org.controls.title"), settings(model), roleNote("box-office"));
  if (!model.may("owner")) {
    const note = el("p", { class: "soft small" }, t("org.controls.owners"));
    return section(t("org.controls.title"), pauseAndResume(model), settings(model), note);
  }
  const cap = el("div", null);
  model.onEvent(({ onsale: { waitingRoom } }) => {
    if (cap.childElementCount > 0) return;
    show(cap, waitingRoom ? capForm(model) : el("p", { class: "soft small" }, t("org.controls.noCap")));
  });
  return section(t("org.controls.title"), pauseAndResume(model), cap, times(model));
}
