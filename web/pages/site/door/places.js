import { t } from "../lib/i18n.js";
import { bareSeat } from "../lib/seat-words.js";

/**
 * Where the places on tickets are, in words: from the event's seating plan and areas.
 *
 * @typedef {import("../../../client/src/types.js").SeatingPlan} SeatingPlan
 * @typedef {import("../../../client/src/types.js").Event} Event
 * @typedef {[place: string, category: string, section: string, row: string, seat: string]} Entry
 *   of a seat, or of an area, which has only the first two
 * @typedef {{ event: string, entries: Entry[] }} Plan
 * @typedef {{ place: string, category: string }} Words either may be empty
 *
 * @typedef {object} Source what the server has
 * @property {(event: string) => Promise<Event>} getEvent
 * @property {(event: string) => Promise<SeatingPlan>} getSeatingPlan
 *
 * @typedef {object} Store for one plan
 * @property {() => Promise<unknown>} get
 * @property {(plan: Plan | undefined) => Promise<void>} set
 */

const RETRY_MILLISECONDS = 60_000;

/** The plan of the event at this door, kept for when there is no network. Without one, tickets' own names are shown. */
export class Places {
  #store;
  #now;
  /** @type {string | undefined} */
  #event;
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  #isLoaded = false;
  #askedAt = -Infinity;

  /** @param {Store} [store] @param {() => number} [now] */
  constructor(store = planStore, now = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Takes what is kept of an event.
   * @param {string} event @returns {Promise<void>}
   */
  async open(event) {
    if (this.#event === event) return;
    this.#event = event;
    this.#entries = new Map();
    this.#isLoaded = false;
    this.#askedAt = -Infinity;
    const kept = await this.#store.get().catch(() => undefined);
    // The server may have been faster.
    if (isPlan(kept) && !this.#isLoaded) this.#take(kept);
  }

  /**
   * Asks the server, once, and again after a while if that failed; call it whenever the server seems to be there.
   * @param {Source} source @returns {Promise<boolean>} whether there are new words
   */
  async refresh(source) {
    const event = this.#event;
    if (event === undefined || this.#isLoaded || this.#now() - this.#askedAt < RETRY_MILLISECONDS) return false;
    this.#askedAt = this.#now();
    try {
      const described = await source.getEvent(event);
      const standing = described.areas.reduce((sum, area) => sum + area.capacity, 0);
      // An event with only standing areas has no plan.
      const seated = standing === described.capacity ? undefined : await source.getSeatingPlan(event);
      if (this.#event !== event) return false;
      const plan = { event, entries: entriesOf(seated, described) };
      this.#take(plan);
      this.#isLoaded = true;
      await this.#store.set(plan).catch(() => {});
      return true;
    } catch {
      return false;
    }
  }

  /** @param {Plan} plan perhaps another event's */
  #take({ event, entries }) {
    if (this.#event === event) this.#entries = new Map(entries.map((entry) => [entry[0], entry]));
  }

  /** @param {string} place as tickets name it @param {string} [event] whose place it is @returns {Words} */
  words(place, event = this.#event) {
    const entry = event === this.#event ? this.#entries.get(place) : undefined;
    if (!entry) return { place, category: "" };
    const [, category, section, row, seat] = entry;
    return { place: section && row && seat ? t("door.place", { section, row, seat }) : place, category };
  }

  /**
   * The seat that is meant by its name on tickets or in words; what was typed if there is no such seat, or no plan.
   * @param {string} typed @returns {string}
   */
  seat(typed) {
    // Names may differ by case alone, so the very same one comes first.
    if (this.#entries.has(typed)) return typed;
    const [folded, wanted] = [typed.toLowerCase(), bareSeat(typed)];
    for (const [place, , section, row, seat] of this.#entries.values()) {
      if (place.toLowerCase() === folded || (seat !== "" && bareSeat(`${section} ${row} ${seat}`) === wanted)) return place;
    }
    return typed;
  }

  forget() {
    this.#event = undefined;
    this.#entries = new Map();
    void this.#store.set(undefined).catch(() => {});
  }
}

/** @param {SeatingPlan | undefined} plan @param {Pick<Event, "areas">} event @returns {Entry[]} */
function entriesOf(plan, { areas }) {
  const seats = (plan?.zones ?? []).flatMap((zone) =>
    (zone.rows ?? []).flatMap((row) =>
      row.seats.map((seat) => {
        const label = [zone.name, row.row_number, seat.seat_number].map((part) => String(part ?? ""));
        return /** @type {Entry} */ ([seat.seat_guid, seat.category, ...label]);
      }),
    ),
  );
  return [...seats, ...areas.map(({ name, category }) => /** @type {Entry} */ ([name, category, "", "", ""]))];
}

/** @param {any} value @returns {value is Plan} */
function isPlan(value) {
  /** @param {unknown} entry */
  const isEntry = (entry) =>
    Array.isArray(entry) && entry.length === 5 && entry.every((part) => typeof part === "string");
  return typeof value?.event === "string" && Array.isArray(value.entries) && value.entries.every(isEntry);
}

const CACHE = "onsale-plan";
const KEY = "/door/plan";
/** More is not kept; the largest arenas have a fortieth of it. */
const BYTES_MOST = 16_000_000;

/**
 * Cache Storage, since `localStorage` is needed for scans, and a plan would fill much of it.
 * @type {Store}
 */
const planStore = {
  async get() {
    const kept = await (await caches.open(CACHE)).match(KEY);
    return kept?.json();
  },
  async set(plan) {
    const text = plan && JSON.stringify(plan);
    if (text === undefined || text.length > BYTES_MOST) await caches.delete(CACHE);
    else await (await caches.open(CACHE)).put(KEY, new Response(text));
  },
};
