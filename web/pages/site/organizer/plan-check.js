import { findJSONFault } from "./json-fault.js";

/**
 * @typedef {import("../../../client/src/types.js").SeatingPlan} SeatingPlan
 */

/**
 * Something wrong, located by a JSON pointer into the request that creates the event. `reason` is the key of a text in
 * the catalog.
 * @typedef {{ pointer: string, reason: string, values?: Record<string, string | number> }} Fault
 */

/** What the server accepts. */
export const FILE_BYTES_MOST = 30 * 1024 * 1024;
const SEATS_MOST = 250_000;
const CATEGORIES_MOST = 1000;
const NAME_BYTES_MOST = 200;
const COORDINATE_MOST = 10_000_000;
/** Reporting more faults than this helps nobody. */
export const FAULTS_MOST = 100;

/**
 * A parsed seating-plan file.
 * @typedef {{ plan: SeatingPlan, faults: Fault[] } | { plan?: undefined, faults: Fault[] }} ReadPlan
 */

/**
 * Reads a seating-plan file and finds what is wrong with it before anything is sent.
 * @param {ArrayBuffer} bytes
 * @returns {ReadPlan} without a plan if the file has none
 */
export function readPlan(bytes) {
  const none = (/** @type {string} */ reason, /** @type {Fault["values"]} */ values = {}) => ({
    faults: [{ pointer: "/seatingPlan", reason, values }],
  });
  if (bytes.byteLength > FILE_BYTES_MOST) return none(
    "file.tooLarge",
    { megabytes: Math.ceil(bytes.byteLength / 1048576) },
  );
  /** @type {string} */
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return none("file.notUTF8");
  }
  if (text.trim() === "") return none("file.empty");
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    const fault = findJSONFault(text);
    if (!fault) return none("file.notJSON");
    if (fault.excerpt === "") return none("file.cutOff", { line: fault.line });
    return none("file.notJSONAt", { line: fault.line, column: fault.column, excerpt: fault.excerpt });
  }
  return checkPlan(value);
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

/** Collects faults, up to a number a person can read. */
class Faults {
  /** @type {Fault[]} */
  list = [];

  /** @param {string} pointer @param {string} reason @param {Fault["values"]} [values] */
  add(pointer, reason, values) {
    if (this.list.length < FAULTS_MOST) this.list.push({ pointer, reason, ...(values && { values }) });
  }
}

/**
 * Finds what is wrong with a seating plan in pretix's format.
 * @param {unknown} value
 * @returns {ReadPlan} has the plan even if single seats are wrong, so that it can be shown, but not if its shape is
 */
export function checkPlan(value) {
  const faults = new Faults();
  const root = "/seatingPlan";
  if (!isObject(value)) return { faults: [{ pointer: root, reason: "plan.notObject" }] };
  const { categories, zones } = value;
  if (!Array.isArray(categories)) faults.add(`${root}/categories`, categories === undefined ? "missing" : "notList");
  if (!Array.isArray(zones)) faults.add(`${root}/zones`, zones === undefined ? "missing" : "notList");
  if (!Array.isArray(categories) || !Array.isArray(zones)) return { faults: faults.list };

  /** @type {Set<string>} */
  const names = new Set();
  categories.forEach((category, index) => {
    if (isObject(category) && typeof category["name"] === "string" && category["name"] !== "") names.add(category["name"]);
    else faults.add(`${root}/categories/${index}/name`, "missing");
  });
  if (categories.length > CATEGORIES_MOST) faults.add(
    `${root}/categories`,
    "plan.tooManyCategories",
    { most: CATEGORIES_MOST },
  );
  const isShapely = checkZones(zones, names, faults);
  if (!isShapely) return { faults: faults.list };
  return { plan: /** @type {SeatingPlan} */ (/** @type {unknown} */ (value)), faults: faults.list };
}

/**
 * @param {unknown[]} zones @param {Set<string>} categories @param {Faults} faults
 * @returns {boolean} whether the plan can be drawn and traversed anyway
 */
function checkZones(zones, categories, faults) {
  let isShapely = true;
  let seatCount = 0;
  /** @type {Map<string, string>} where each seat's name first occurred */
  const seen = new Map();
  zones.forEach((zone, zoneIndex) => {
    const zonePath = `/seatingPlan/zones/${zoneIndex}`;
    const rows = isObject(zone) ? zone["rows"] ?? [] : undefined;
    if (!isObject(zone) || !Array.isArray(rows)) {
      faults.add(isObject(zone) ? `${zonePath}/rows` : zonePath, isObject(zone) ? "notList" : "notObject");
      isShapely = false;
      return;
    }
    if (zone["areas"] !== undefined && !Array.isArray(zone["areas"])) {
      faults.add(`${zonePath}/areas`, "notList");
      isShapely = false;
    }
    isShapely = checkOrigin(zone, zonePath, faults) && isShapely;
    rows.forEach((row, rowIndex) => {
      const rowPath = `${zonePath}/rows/${rowIndex}`;
      const seats = isObject(row) ? row["seats"] : undefined;
      if (!isObject(row) || !Array.isArray(seats)) {
        faults.add(
          isObject(row) ? `${rowPath}/seats` : rowPath,
          isObject(row) && seats === undefined ? "missing" : "notList",
        );
        isShapely = false;
        return;
      }
      isShapely = checkOrigin(row, rowPath, faults) && isShapely;
      seatCount += seats.length;
      seats.forEach((seat, seatIndex) => {
        isShapely = checkSeat(seat, `${rowPath}/seats/${seatIndex}`, categories, seen, faults) && isShapely;
      });
    });
  });
  if (seatCount > SEATS_MOST) faults.add("/seatingPlan", "plan.tooManySeats", { most: SEATS_MOST });
  return isShapely;
}

/**
 * @param {unknown} seat @param {string} path @param {Set<string>} categories @param {Map<string, string>} seen
 * @param {Faults} faults
 * @returns {boolean} whether it can be drawn
 */
function checkSeat(seat, path, categories, seen, faults) {
  if (!isObject(seat)) {
    faults.add(path, "notObject");
    return false;
  }
  const guid = seat["seat_guid"];
  if (typeof guid !== "string" || guid === "") {
    faults.add(`${path}/seat_guid`, "missing");
  } else if (bytesOf(guid) > NAME_BYTES_MOST) {
    faults.add(`${path}/seat_guid`, "tooLong", { most: NAME_BYTES_MOST });
  } else {
    const first = seen.get(guid);
    if (first === undefined) seen.set(guid, path);
    else faults.add(`${path}/seat_guid`, "seat.twice", { name: guid, first });
  }
  const category = seat["category"];
  if (typeof category !== "string" || category === "") faults.add(`${path}/category`, "missing");
  else if (!categories.has(category)) faults.add(`${path}/category`, "seat.unknownCategory", { name: category });
  return checkPosition(seat["position"], `${path}/position`, faults);
}

/**
 * Zones and rows may lack a position, but if there is one it must be valid.
 * @param {Record<string, unknown>} part @param {string} path @param {Faults} faults
 */
function checkOrigin(part, path, faults) {
  const position = part["position"];
  return position === undefined || position === null || checkPosition(position, `${path}/position`, faults);
}

/** @param {unknown} position @param {string} path @param {Faults} faults @returns {boolean} whether it is valid */
function checkPosition(position, path, faults) {
  if (!isObject(position)) {
    faults.add(path, "missing");
    return false;
  }
  for (const axis of ["x", "y"]) {
    const value = position[axis];
    if (typeof value !== "number") {
      faults.add(`${path}/${axis}`, value === undefined || value === null ? "missing" : "notNumber");
      return false;
    }
    if (Math.abs(value) > COORDINATE_MOST) faults.add(path, "seat.outOfRange");
  }
  return true;
}

/**
 * What a plan contains.
 * @typedef {object} PlanSummary
 * @property {number} zones with seats in them
 * @property {number} rows
 * @property {number} seats
 * @property {{ name: string, color: string | undefined, seats: number }[]} categories in the plan's order
 * @property {string[]} drawnAreas the texts of drawn areas that may be meant as standing areas
 */

/** @param {SeatingPlan} plan @returns {PlanSummary} */
export function summarize(plan) {
  const categories = new Map(plan.categories.map(({ name, color }) => [name, { name, color, seats: 0 }]));
  const summary = { zones: 0, rows: 0, seats: 0 };
  /** @type {Set<string>} */
  const drawnAreas = new Set();
  for (const zone of plan.zones) {
    const rows = (zone.rows ?? []).filter((row) => row.seats.length > 0);
    if (rows.length > 0) summary.zones += 1;
    summary.rows += rows.length;
    for (const row of rows) {
      summary.seats += row.seats.length;
      for (const seat of row.seats) {
        const category = categories.get(seat.category);
        if (category) category.seats += 1;
      }
    }
    for (const area of zone.areas ?? []) {
      const text = typeof area.text === "string" ? area.text : area.text?.text;
      if (text && !["stage", "무대"].includes(text.toLowerCase())) drawnAreas.add(text);
    }
  }
  return { ...summary, categories: [...categories.values()], drawnAreas: [...drawnAreas] };
}
