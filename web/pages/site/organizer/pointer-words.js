import { t } from "../lib/i18n.js";

/** @param {string} pointer RFC 6901 @returns {string[]} */
export const pointerParts = (pointer) =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The members of the request with a name in the catalog. */
const MEMBERS = new Set([
  "id", "title", "venue", "startsAt", "timeZone", "description", "posterURL", "ageLimit", "runningMinutes", "terms", "currency", "seatingPlan", "categories", "zones", "areas", "prices", "rows", "seats",
  "onsale", "lobbyOpensAt", "opensAt", "closesAt", "waitingRoom", "maxActiveShoppers", "passSeconds",
  "passIdleSeconds", "frontSeconds", "limits", "ticketsPerBuyer", "holdSeconds", "preventOrphans", "seat_guid", "category",
  "position", "name", "capacity", "amount",
]);

/**
 * A JSON pointer into a new event in plain words: "zone F1, row 3, seat 12: category". Names come from the request;
 * elements without a name are given by number.
 *
 * @param {string} pointer
 * @param {any} request what the pointer points into
 * @returns {string} empty for the whole event
 */
export function pointerWords(pointer, request) {
  const parts = pointerParts(pointer);
  /** @type {string[]} */
  const places = [];
  /** @type {string | undefined} */
  let last;
  let value = request;
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] ?? "";
    const list = parts[index - 1];
    value = value?.[part];
    if (/^\d+$/.test(part) && list !== undefined) {
      places.push(elementWords(list, parts[0] ?? "", Number(part), value));
      last = undefined;
    } else {
      last = part;
    }
  }
  // A price's only content is its amount, so naming it would be redundant.
  const isPrice = parts[0] === "prices" && last === "amount";
  const member = last === undefined || isPrice ? undefined : memberWords(last);
  const isInPlace = places.length > 0;
  const place = places.join(t("org.place.between"));
  if (member === undefined) return place;
  return isInPlace ? t("org.place.member", { place, member }) : member;
}

/** @param {string} member */
function memberWords(member) {
  // Show x and y of the plan as coordinates.
  if (member === "x" || member === "y") return t("org.member.coordinate", { axis: member });
  return MEMBERS.has(member) ? t(`org.member.${member}`) : member;
}

/** @param {string} list @param {string} root @param {number} index @param {any} value */
function elementWords(list, root, index, value) {
  const number = String(index + 1);
  const text = (/** @type {unknown} */ name) => (typeof name === "string" && name !== "" ? name : undefined);
  switch (list) {
    case "zones":
      return named("zone", text(value?.name), number);
    case "rows":
      return named("row", text(value?.row_number), number);
    case "seats":
      return named("seat", text(value?.seat_number), number);
    case "categories":
      return named("category", text(value?.name), number);
    case "prices":
      return named("price", text(value?.category), number);
    case "areas":
      return named(root === "areas" ? "standing" : "area", text(value?.name), number);
    default:
      return `${list} ${number}`;
  }
}

/** @param {string} kind @param {string | undefined} name @param {string} number */
const named = (kind, name, number) => (name === undefined ? t(`org.place.${kind}.nth`, { number }) : t(`org.place.${kind}`, { name }));
