import { encodeBase64URL } from "./barcode.js";

/**
 * @typedef {import("./barcode.js").Claims} Claims
 *
 * @typedef {object} Conflict what the server said later about someone already admitted
 * @property {"used" | "void" | "refused"} reason
 * @property {number | undefined} at when it had been checked in elsewhere
 * @property {string} [by] who had let its holder in
 *
 * @typedef {object} Scan a ticket that this device let in
 * @property {string} ticket
 * @property {string} event
 * @property {string} place
 * @property {number} at
 * @property {string | undefined} barcode kept until the server knows of the scan
 * @property {number[]} attempts when it was sent without an answer; it may have arrived
 * @property {Conflict | undefined} conflict
 *
 * @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} ScanStorage
 */

/** The most scans that may wait for the server. */
export const WAITING_MOST = 20_000;
const ATTEMPTS_MOST = 20;

const SCAN = "onsale.door.scan.";
const ENVELOPES = "onsale.door.envelopes";

/**
 * What this device let in, and which of it the server doesn't know yet. Each ticket is a stored item of its own, so a
 * scan costs one small write however many came before, and tabs see each other's scans. A scan is stored before anyone
 * walks in: if that fails, `keep` returns `false` rather than losing it.
 */
export class Ledger {
  #storage;
  /** @type {Map<string, Scan>} */
  #scans = new Map();
  /** @type {{ header: string, event: string }[]} what barcodes have in common, stored once so that 20,000 fit */
  #envelopes = [];
  #waiting = 0;

  /** @param {() => ScanStorage} [storage] */
  constructor(storage = () => localStorage) {
    this.#storage = storage;
    this.#load();
  }

  #load() {
    try {
      const storage = this.#storage();
      this.#readEnvelopes();
      for (let index = 0; index < storage.length; index += 1) {
        const name = storage.key(index);
        if (name?.startsWith(SCAN)) this.#remember(name.slice(SCAN.length), storage.getItem(name));
      }
    } catch {
      // Storage is disabled; `keep` will report it at the first scan.
    }
  }

  #readEnvelopes() {
    const kept = JSON.parse(this.#storage().getItem(ENVELOPES) ?? "[]");
    if (Array.isArray(kept)) this.#envelopes = kept;
  }

  /** @param {string} ticket @param {string | null} text */
  #remember(ticket, text) {
    this.#forget(ticket);
    const scan = text === null ? undefined : this.#unpack(ticket, text);
    if (!scan) return;
    this.#scans.set(ticket, scan);
    if (scan.barcode !== undefined) this.#waiting += 1;
  }

  /** @param {string} ticket */
  #forget(ticket) {
    if (this.#scans.get(ticket)?.barcode !== undefined) this.#waiting -= 1;
    this.#scans.delete(ticket);
  }

  /**
   * Takes over a change by another tab.
   * @param {string | null} name of the item; null if everything was cleared @param {string | null} text
   */
  changedElsewhere(name, text) {
    if (name === null) {
      this.#scans.clear();
      this.#waiting = 0;
    } else if (name === ENVELOPES) {
      this.#readEnvelopes();
    } else if (name.startsWith(SCAN)) {
      this.#remember(name.slice(SCAN.length), text);
    }
  }

  /** @param {string} ticket */
  get(ticket) {
    return this.#scans.get(ticket);
  }

  /** @param {string} ticket @returns {Scan | undefined} as it is stored now */
  readAgain(ticket) {
    this.changedElsewhere(SCAN + ticket, this.#storage().getItem(SCAN + ticket));
    return this.get(ticket);
  }

  /** How many scans the server doesn't know yet. */
  get waiting() {
    return this.#waiting;
  }

  get hasSpace() {
    return this.#waiting < WAITING_MOST;
  }

  /** @param {string} event @returns {number} how many tickets of the event this device let in */
  admitted(event) {
    let count = 0;
    for (const scan of this.#scans.values()) if (scan.event === event) count += 1;
    return count;
  }

  /** @returns {Scan | undefined} the oldest unsent scan, to send next */
  get next() {
    /** @type {Scan | undefined} */
    let oldest;
    for (const scan of this.#scans.values()) {
      if (scan.barcode !== undefined && (!oldest || scan.at < oldest.at)) oldest = scan;
    }
    return oldest;
  }

  /** @returns {Scan[]} those the server refused, newest first */
  get conflicts() {
    return [...this.#scans.values()].filter((scan) => scan.conflict).sort((a, b) => b.at - a.at);
  }

  /** @param {Scan} scan @returns {boolean} whether it is stored */
  keep(scan) {
    if (scan.barcode !== undefined && !this.#scans.get(scan.ticket)?.barcode && !this.hasSpace) return false;
    const isKept = this.#write(scan);
    // Without a barcode the server already knows the scan, so failing to store it is harmless.
    if (!isKept && scan.barcode !== undefined) return false;
    this.#forget(scan.ticket);
    this.#scans.set(scan.ticket, scan);
    if (scan.barcode !== undefined) this.#waiting += 1;
    return isKept;
  }

  /** @param {Scan} scan one being sent now @param {number} at @returns {Scan} */
  noteAttempt(scan, at) {
    const tried = { ...scan, attempts: [...scan.attempts, at].slice(-ATTEMPTS_MOST) };
    this.keep(tried);
    return tried;
  }

  /** @param {Scan} scan that the server has answered @param {Conflict} [conflict] if it refused */
  settle(scan, conflict) {
    this.keep({ ...scan, barcode: undefined, attempts: [], conflict });
  }

  /** @param {string} ticket whose conflict the supervisor has dealt with */
  dismissConflict(ticket) {
    const scan = this.#scans.get(ticket);
    if (scan) this.keep({ ...scan, conflict: undefined });
  }

  /** Forgets everything except what the server doesn't know yet. */
  clearSettled() {
    for (const scan of [...this.#scans.values()]) {
      if (scan.barcode !== undefined) continue;
      this.#forget(scan.ticket);
      this.#storage().removeItem(SCAN + scan.ticket);
    }
    if (this.#waiting === 0) {
      this.#envelopes = [];
      this.#storage().removeItem(ENVELOPES);
    }
  }

  /** @param {Scan} scan @returns {boolean} */
  #write(scan) {
    try {
      const text = JSON.stringify(this.#pack(scan));
      this.#storage().setItem(SCAN + scan.ticket, text);
      return true;
    } catch {
      return false;
    }
  }

  /** @param {Scan} scan */
  #pack(scan) {
    const { ticket, event, place, at, barcode, attempts, conflict } = scan;
    const [header, payload, signature] = barcode?.split(".") ?? [];
    const isPlain = header !== undefined && payload === payloadOf({ tkt: ticket, evt: event, plc: place });
    return {
      a: at,
      p: place,
      e: this.#envelope(isPlain ? header : "", event),
      ...(barcode !== undefined && (isPlain ? { s: signature } : { b: barcode })),
      ...(attempts.length > 0 && { w: attempts }),
      ...(conflict && { c: conflict.reason, f: conflict.at, y: conflict.by }),
    };
  }

  /** @param {string} ticket @param {string} text @returns {Scan | undefined} */
  #unpack(ticket, text) {
    try {
      const { a, p, e, s, b, w, c, f, y } = JSON.parse(text);
      // Another tab may have added one.
      if (!this.#envelopes[e]) this.#readEnvelopes();
      const envelope = this.#envelopes[e];
      if (!envelope || typeof a !== "number" || typeof p !== "string") return undefined;
      const { header, event } = envelope;
      const claims = { tkt: ticket, evt: event, plc: p };
      return {
        ticket,
        event,
        place: p,
        at: a,
        barcode: s === undefined ? b : `${header}.${payloadOf(claims)}.${s}`,
        attempts: w ?? [],
        conflict: c === undefined ? undefined : { reason: c, at: f, ...(typeof y === "string" && { by: y }) },
      };
    } catch {
      return undefined;
    }
  }

  /** @param {string} header @param {string} event @returns {number} the index of the pair in the list */
  #envelope(header, event) {
    const known = this.#envelopes.findIndex((one) => one.header === header && one.event === event);
    if (known >= 0) return known;
    // Another tab may have added it.
    this.#readEnvelopes();
    const added = this.#envelopes.findIndex((one) => one.header === header && one.event === event);
    if (added >= 0) return added;
    const envelopes = [...this.#envelopes, { header, event }];
    this.#storage().setItem(ENVELOPES, JSON.stringify(envelopes));
    this.#envelopes = envelopes;
    return envelopes.length - 1;
  }
}

/** @param {Claims} claims @returns {string} the payload as the server writes it */
function payloadOf({ tkt, evt, plc }) {
  return encodeBase64URL(new TextEncoder().encode(JSON.stringify({ tkt, evt, plc })));
}
