/**
 * Decides on one scan. Pure: no clock, no network, no page.
 *
 * @typedef {import("./barcode.js").Reading} Reading
 *
 * @typedef {{ kind: "none" }
 *   | { kind: "admitted", ticket: string, place: string }
 *   | { kind: "used", at: number | undefined, by?: string }
 *   | { kind: "void" }
 *   | { kind: "noTicketHere" }} Answer
 *   the server's answer; `none` if it couldn't be reached or wasn't asked
 *
 * @typedef {object} Context
 * @property {string} event the event at this door
 * @property {Answer} answer
 * @property {(ticket: string) => number | undefined} firstSeenHere when this device let a ticket in
 * @property {(ticket: string) => boolean} isVoid by the latest list of void tickets
 * @property {boolean} hasSpace whether one more scan can be stored until the server is back
 *
 * @typedef {object} Scan
 * @property {Reading} reading
 * @property {number} at
 *
 * @typedef {{ kind: "admitted", ticket: string, place: string, isOffline: boolean }
 *   | { kind: "used", place: string, at: number | undefined, where: "here" | "elsewhere", by?: string }
 *   | { kind: "refused", reason: "otherEvent" | "notGenuine" | "noTicket" | "void", place: string }
 *   | { kind: "unsure", reason: "unknownKey" | "noSpace", place: string }} Verdict
 *   `unsure`: this device can't tell, and a person has to decide
 */

/**
 * Whether to ask the server: what the barcode or this device's own list already settles needs no waiting.
 * @param {Scan} scan @param {Omit<Context, "answer">} context
 */
export function isForServer(scan, context) {
  return judgeHere(scan, context) === undefined;
}

/**
 * @param {Scan} scan @param {Context} context
 * @returns {Verdict}
 */
export function decide(scan, context) {
  return judgeHere(scan, context) ?? judgeAnswer(scan, context) ?? judgeAlone(scan, context);
}

/** @param {Reading} reading */
const placeOf = (reading) => (reading.kind === "genuine" ? reading.claims.plc : "");

/** @param {Scan} scan @param {Omit<Context, "answer">} context @returns {Verdict | undefined} */
function judgeHere({ reading }, { event, firstSeenHere }) {
  if (reading.kind === "noTicket") return { kind: "refused", reason: "noTicket", place: "" };
  if (reading.kind === "forged") return { kind: "refused", reason: "notGenuine", place: "" };
  if (reading.kind === "unknownKey") return undefined;
  if (reading.claims.evt !== event) return { kind: "refused", reason: "otherEvent", place: reading.claims.plc };
  const at = firstSeenHere(reading.claims.tkt);
  return at === undefined ? undefined : { kind: "used", place: reading.claims.plc, at, where: "here" };
}

/** @param {Scan} scan @param {Context} context @returns {Verdict | undefined} */
function judgeAnswer({ reading }, { answer }) {
  const place = placeOf(reading);
  switch (answer.kind) {
    case "none":
      return undefined;
    case "admitted":
      return { kind: "admitted", ticket: answer.ticket, place: answer.place, isOffline: false };
    case "used":
      return { kind: "used", place, at: answer.at, where: "elsewhere", ...(answer.by !== undefined && { by: answer.by }) };
    case "void":
      return { kind: "refused", reason: "void", place };
    case "noTicketHere":
      return { kind: "refused", reason: "notGenuine", place };
  }
}

/** @param {Scan} scan @param {Context} context @returns {Verdict} */
function judgeAlone({ reading }, { isVoid, hasSpace }) {
  if (reading.kind !== "genuine") return { kind: "unsure", reason: "unknownKey", place: "" };
  const { tkt: ticket, plc: place } = reading.claims;
  if (isVoid(ticket)) return { kind: "refused", reason: "void", place };
  // An admission that is not stored would let the same ticket in twice.
  if (!hasSpace) return { kind: "unsure", reason: "noSpace", place };
  return { kind: "admitted", ticket, place, isOffline: true };
}

/** Treats a code that stays in front of the camera as one scan; it counts again once it has been away for a while. */
export class Debounce {
  #quiet;
  #code = "";
  #lastSeen = -Infinity;

  /** @param {number} [quietMilliseconds] */
  constructor(quietMilliseconds = 3000) {
    this.#quiet = quietMilliseconds;
  }

  /** @param {string} code @param {number} now @returns {boolean} whether it is a new scan */
  isNew(code, now) {
    const isAnother = code !== this.#code || now - this.#lastSeen >= this.#quiet;
    this.#code = code;
    this.#lastSeen = now;
    return isAnother;
  }
}

/**
 * Treats codes that stay in front of the camera as one scan each, also when two take turns: each counts again once it
 * has been away for a while.
 */
export class Sightings {
  #quiet;
  /** @type {Map<string, number>} when each code was last seen, oldest first */
  #lastSeen = new Map();

  /** @param {number} [quietMilliseconds] */
  constructor(quietMilliseconds = 3000) {
    this.#quiet = quietMilliseconds;
  }

  /**
   * @param {string} code @param {number} now
   * @param {boolean} isReady whether a scan can be judged now; if not, a new code stays unseen, for the next frame
   * @returns {boolean} whether it is a new scan
   */
  isNew(code, now, isReady) {
    for (const [other, at] of this.#lastSeen) if (now - at >= this.#quiet) this.#lastSeen.delete(other);
    const isKnown = this.#lastSeen.delete(code);
    if (isKnown || isReady) this.#lastSeen.set(code, now);
    return !isKnown && isReady;
  }
}
