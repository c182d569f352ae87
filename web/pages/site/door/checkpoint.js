import { OnsaleClient } from "../../../client/src/onsale-client.js";
import { Problem } from "../../../client/src/problem.js";
import { readBarcode } from "./barcode.js";
import { decide, isForServer } from "./gate.js";

/**
 * @typedef {import("./gate.js").Verdict} Verdict
 * @typedef {import("./gate.js").Answer} Answer
 * @typedef {import("./ledger.js").Ledger} Ledger
 * @typedef {import("./ledger.js").Scan} Scan
 * @typedef {import("./published.js").PublishedFacts} PublishedFacts
 *
 * @typedef {"connecting" | "online" | "offline" | "signedOut"} Link
 *   `signedOut`: the server no longer accepts the token
 *
 * @typedef {object} CheckpointParts
 * @property {string} event
 * @property {string} token
 * @property {string} [name] of the token's account, if it has one
 * @property {Ledger} ledger
 * @property {PublishedFacts} facts
 * @property {() => void} changed called when the link, a count or a conflict changes
 * @property {(work: () => Promise<void>) => Promise<void>} [exclusively] keeps two tabs from sending the same scans
 * @property {typeof globalThis.fetch} [fetch]
 * @property {() => number} [now]
 */

/** How long a person at the gate waits for the server before the device decides alone. */
const SCAN_SECONDS = 3;
const CALM_SECONDS = 10;
const REFRESH_MILLISECONDS = 60_000;
const RETRY_FIRST_MILLISECONDS = 2000;
const RETRY_MOST_MILLISECONDS = 30_000;
/** How far the server's clock may seem to be off; its times are only known to the second. */
const CLOCK_MILLISECONDS = 2500;

/** One device at one event's door. It judges scans with or without the server, and reports them to the server later. */
export class Checkpoint {
  #parts;
  #now;
  #began;
  #quick;
  #calm;
  /** @type {Link} */
  #link = "connecting";
  #failures = 0;
  #clockAhead = 0;
  #isBusy = false;
  #hasEnded = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {CheckpointParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#began = this.#now();
    const fetch = this.#timedFetch(parts.fetch ?? globalThis.fetch.bind(globalThis));
    this.#quick = new OnsaleClient({ fetch, timeoutSeconds: SCAN_SECONDS });
    this.#calm = new OnsaleClient({ fetch, timeoutSeconds: CALM_SECONDS });
  }

  /** @returns {Link} */
  get link() {
    return this.#link;
  }

  /** @param {Link} link */
  #setLink(link) {
    if (this.#hasEnded) return;
    this.#link = link;
    this.#parts.changed();
  }

  /**
   * Notes with each response how far the server's clock is ahead of ours.
   * @param {typeof globalThis.fetch} fetch @returns {typeof globalThis.fetch}
   */
  #timedFetch(fetch) {
    return async (input, init) => {
      const response = await fetch(input, init);
      const date = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(date)) this.#clockAhead = date + 500 - this.#now();
      return response;
    };
  }

  // Scanning

  /**
   * Judges a scan once earlier ones are judged, and stores an admission before reporting it. Never rejects, and takes
   * little more than three seconds.
   * @param {string} code as scanned or typed @returns {Promise<Verdict>}
   */
  scan(code) {
    const verdict = this.#last.then(() => this.#scan(code.trim()));
    this.#last = verdict;
    return verdict;
  }

  /** @param {string} code @returns {Promise<Verdict>} */
  async #scan(code) {
    const { event, ledger, facts } = this.#parts;
    const at = this.#now();
    const scan = { reading: await readBarcode(code, facts.keys), at };
    const context = {
      event,
      firstSeenHere: (/** @type {string} */ ticket) => ledger.get(ticket)?.at,
      isVoid: (/** @type {string} */ ticket) => facts.void.has(ticket),
      hasSpace: ledger.hasSpace,
    };
    const asked = isForServer(scan, context) && this.#link !== "offline" && this.#link !== "signedOut";
    /** @type {Answer} */
    const answer = asked ? await this.#ask(code) : { kind: "none" };
    const verdict = decide(scan, { ...context, answer });
    if (verdict.kind !== "admitted") return verdict;

    const isKept = ledger.keep({
      ticket: verdict.ticket,
      event,
      place: verdict.place,
      at,
      barcode: verdict.isOffline ? code : undefined,
      attempts: asked ? [at] : [],
      conflict: undefined,
    });
    this.#parts.changed();
    return isKept || !verdict.isOffline ? verdict : { kind: "unsure", reason: "noSpace", place: verdict.place };
  }

  /** @param {string} code @returns {Promise<Answer>} */
  async #ask(code) {
    try {
      const { ticket, seat, area } = await this.#quick.checkIn(this.#parts.event, this.#parts.token, code);
      if (this.#link !== "online") this.#setLink("online");
      return { kind: "admitted", ticket, place: seat ?? area ?? "" };
    } catch (error) {
      return this.#answerOf(error);
    }
  }

  // By hand

  /**
   * Lets in the holder of a ticket that the server has found, once earlier scans are judged.
   * @param {{ ticket: string, place: string }} found
   * @returns {Promise<Verdict>} rejects with a `Problem` if the server gave no answer
   */
  admit(found) {
    const verdict = this.#last.then(() => this.#admit(found));
    this.#last = verdict.catch(() => {});
    return verdict;
  }

  /** @param {{ ticket: string, place: string }} found @returns {Promise<Verdict>} */
  async #admit({ ticket, place }) {
    const { event, token, ledger } = this.#parts;
    const at = this.#now();
    const before = ledger.get(ticket)?.at;
    if (before !== undefined) return { kind: "used", place, at: before, where: "here" };
    try {
      await this.#calm.checkInTicket(event, token, ticket);
    } catch (error) {
      const problem = error instanceof Problem ? error : Problem.unreachable(error);
      if (problem.slug === "already-checked-in") {
        return { kind: "used", place, at: timeOf(problem), where: "elsewhere", ...nameOf(problem) };
      }
      if (problem.slug === "ticket-void") return { kind: "refused", reason: "void", place };
      if (problem.slug !== "invalid-request") this.#lose(problem);
      throw problem;
    }
    ledger.keep({ ticket, event, place, at, barcode: undefined, attempts: [at], conflict: undefined });
    this.#parts.changed();
    return { kind: "admitted", ticket, place, isOffline: false };
  }

  // The server's answers

  /** @param {unknown} error @returns {Answer} */
  #answerOf(error) {
    const problem = error instanceof Problem ? error : Problem.unreachable(error);
    switch (problem.slug) {
      case "already-checked-in":
        return { kind: "used", at: timeOf(problem), ...nameOf(problem) };
      case "ticket-void":
        return { kind: "void" };
      case "invalid-request":
        return { kind: "noTicketHere" };
    }
    this.#lose(problem);
    return { kind: "none" };
  }

  /** @param {Problem} problem why the server can't be asked now */
  #lose(problem) {
    const isRefused = problem.status === 401 || problem.status === 403;
    this.#setLink(isRefused ? "signedOut" : "offline");
    if (isRefused || this.#hasEnded) return;
    const growing = Math.min(RETRY_FIRST_MILLISECONDS * 2 ** this.#failures, RETRY_MOST_MILLISECONDS);
    this.#failures += 1;
    const asked = (problem.retryAfterSeconds ?? 0) * 1000;
    this.#wakeIn(Math.max(growing, asked) * (0.75 + Math.random() / 2));
  }

  // Keeping up with the server

  /** Fetches updates from the server and sends it what it doesn't know, now and periodically from then on. */
  wake() {
    clearTimeout(this.#timer);
    void this.#keepUp();
  }

  /** @param {number} milliseconds */
  #wakeIn(milliseconds) {
    clearTimeout(this.#timer);
    if (!this.#hasEnded) this.#timer = setTimeout(() => this.wake(), milliseconds);
  }

  end() {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
  }

  async #keepUp() {
    if (this.#isBusy || this.#hasEnded) return;
    this.#isBusy = true;
    try {
      await this.#refresh();
      const exclusively = this.#parts.exclusively ?? ((work) => work());
      await exclusively(() => this.#send());
      this.#wakeIn(REFRESH_MILLISECONDS);
    } catch (error) {
      this.#lose(error instanceof Problem ? error : Problem.unreachable(error));
    } finally {
      this.#isBusy = false;
    }
  }

  async #refresh() {
    const { event, token, facts } = this.#parts;
    const [keys, tickets] = await Promise.all([this.#calm.getKeys(), this.#calm.listVoidTickets(event, token)]);
    if (this.#hasEnded) return;
    facts.replace({ keys, void: tickets, asOf: this.#now() });
    this.#failures = 0;
    this.#setLink("online");
  }

  /** Sends one scan at a time, oldest first; the first that gets no answer stops it for now. */
  async #send() {
    const { ledger } = this.#parts;
    for (let scan = ledger.next; scan && !this.#hasEnded; scan = ledger.next) {
      // Another tab may have sent it a moment ago.
      const isWaiting = ledger.readAgain(scan.ticket)?.barcode !== undefined;
      if (isWaiting) await this.#sendOne(scan);
      this.#parts.changed();
    }
  }

  /** @param {Scan} scan */
  async #sendOne(scan) {
    const { ledger, token } = this.#parts;
    const tried = ledger.noteAttempt(scan, this.#now());
    try {
      await this.#calm.checkIn(scan.event, token, scan.barcode ?? "");
      ledger.settle(tried);
    } catch (error) {
      const problem = error instanceof Problem ? error : Problem.unreachable(error);
      if (problem.isPassing || problem.status === 401 || problem.status === 403) throw problem;
      ledger.settle(tried, this.#conflictOf(problem, scan.attempts));
    }
  }

  /** @param {Problem} problem @param {number[]} attempts @returns {import("./ledger.js").Conflict | undefined} */
  #conflictOf(problem, attempts) {
    if (problem.slug === "ticket-void") return { reason: "void", at: undefined };
    if (problem.slug !== "already-checked-in") return { reason: "refused", at: undefined };
    const at = timeOf(problem);
    const { by } = nameOf(problem);
    const { name } = this.#parts;
    // What was sent before this page was opened may have been sent under another name.
    const mayBeOurs = (/** @type {number} */ start) =>
      by === undefined || name === undefined || by === name || start < this.#began;
    // A request whose answer was lost may have arrived, and then the earlier check-in is our own.
    const isOurs = at !== undefined && attempts.some((start) => mayBeOurs(start) && this.#isAnswerTo(start, at));
    return isOurs ? undefined : { reason: "used", at, ...nameOf(problem) };
  }

  /** @param {number} start of an attempt by our clock @param {number} at the check-in by the server's clock */
  #isAnswerTo(start, at) {
    const since = at - (start + this.#clockAhead);
    return since > -CLOCK_MILLISECONDS && since < CALM_SECONDS * 1000 + CLOCK_MILLISECONDS;
  }
}

/** @param {Problem} problem @returns {{ by?: string }} who let the ticket's holder in */
const nameOf = ({ body: { checkedInBy } }) => (typeof checkedInBy === "string" && checkedInBy !== "" ? { by: checkedInBy } : {});

/** @param {Problem} problem @returns {number | undefined} when the ticket was first checked in */
function timeOf(problem) {
  const at = Date.parse(String(problem.body["checkedInAt"]));
  return Number.isNaN(at) ? undefined : at;
}
