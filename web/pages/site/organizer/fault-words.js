import { t } from "../lib/i18n.js";
import { pointerWords } from "./pointer-words.js";

/** @typedef {import("./plan-check.js").Fault} Fault */

/**
 * Maps the server's sentences, which are in English, to texts of the catalog. Unknown ones are shown as they are.
 * @type {[RegExp, string, string[]][]}
 */
const SENTENCES = [
  [/^is required$/, "missing", []],
  [/^is there twice: (.*)$/, "twiceNamed", ["name"]],
  [/^is there twice$/, "twice", []],
  [/^is not among the plan's categories: (.*)$/, "seat.unknownCategory", ["name"]],
  [/^is no category of the plan or the areas: (.*)$/, "seat.unknownCategory", ["name"]],
  [/^has no price for category (.*)$/, "price.missingFor", ["name"]],
  [/^times places come to more than .*$/, "price.tooHigh", []],
  [/^prices and limits were changed too often.*$/, "changedTooOften", []],
  [/^is the name of another account in use$/, "name.taken", []],
  [/^can't be added: (\d+) accounts are in use$/, "name.tooMany", ["most"]],
  [/^must have 1 to (\d+) characters, all of which can be seen$/, "name.length", ["most"]],
  [/^is out of range$/, "seat.outOfRange", []],
  [/^must have 1 to (\d+) bytes$/, "lengthTo", ["most"]],
  [/^must have at most (\d+) bytes$/, "tooLong", ["most"]],
  [/^must be from (\d+) to (\d+)$/, "fromTo", ["least", "most"]],
  [/^must be (?:a whole number|a number)$/, "notNumber", []],
  [/^must be an array$/, "notList", []],
  [/^must be an object$/, "notObject", []],
  [/^must match \[a-z0-9-\]\{1,64\}$/, "slug", []],
  [/^must be an ISO 4217 currency.*$/, "currency", []],
  [/^must be a moment as in .*$/, "moment", []],
  [/^must not be after opensAt$/, "lobbyAfterOpening", []],
  [/^must be after opensAt$/, "closesBeforeOpening", []],
  [/^lobbyOpensAt must not be after opensAt, and closesAt must be after it$/, "timesOrder", []],
  [/^has more than (\d+) seats$/, "plan.tooManySeats", ["most"]],
  [/^are more than (\d+)$/, "tooMany", ["most"]],
  [/^needs a seatingPlan or areas$/, "nothingToSell", []],
  [/^has no places to sell$/, "nothingToSell", []],
  [/^the URL has more than (\d+) bytes$/, "tooLong", ["most"]],
  [/^the URL has characters that must be escaped.*$/, "url.characters", []],
  [/^the URL doesn't begin with https:\/\/$/, "url.scheme", []],
  [/^the URL has a fragment$/, "url.fragment", []],
  [/^the URL has a user name or password$/, "url.userInformation", []],
  [/^the URL's host is neither .*$/, "url.host", []],
  [/^the URL's port is neither .*$/, "url.port", []],
  [/^the URL's host is not on the public internet$/, "url.notPublic", []],
  [/^there are (\d+) endpoints already.*$/, "url.tooMany", ["most"]],
];

/**
 * Converts a fault reported by the server.
 * @param {{ pointer: string, detail: string }} fault
 * @returns {Fault}
 */
export function fromServer({ pointer, detail }) {
  for (const [pattern, reason, names] of SENTENCES) {
    const match = pattern.exec(detail);
    if (!match) continue;
    /** @type {Record<string, string | number>} */
    const values = {};
    names.forEach((name, index) => {
      const text = match[index + 1] ?? "";
      values[name] = /^(least|most)$/.test(name) ? Number(text) : text;
    });
    return { pointer, reason, ...(names.length > 0 && { values }) };
  }
  return { pointer, reason: "verbatim", values: { detail } };
}

/**
 * What is wrong, without the place.
 * @param {Fault} fault @param {unknown} request what its pointer points into
 */
export function reasonWords(fault, request) {
  const values = { ...fault.values };
  // `first`, where a name first occurred, is a pointer too.
  if (typeof values["first"] === "string") values["first"] = pointerWords(values["first"], request);
  return t(`org.fault.${fault.reason}`, values);
}

/**
 * What is wrong, with the place.
 * @param {Fault} fault @param {unknown} request
 */
export function faultWords(fault, request) {
  const place = pointerWords(fault.pointer, request);
  const reason = reasonWords(fault, request);
  return place === "" ? reason : t("org.fault.at", { place, reason });
}

/**
 * The field a fault belongs to: its own, or the nearest one enclosing it.
 * @param {string} pointer @param {ReadonlySet<string>} fields the pointers that have a field
 * @returns {string | undefined}
 */
export function fieldFor(pointer, fields) {
  for (let place = pointer; place !== ""; place = place.slice(0, place.lastIndexOf("/"))) {
    if (fields.has(place)) return place;
  }
  return undefined;
}
