import { Problem, SeatStates } from "../../../client/src/index.js";
import { delay } from "../../../client/src/listening.js";
import { SeatingChart } from "../map/chart.js";
import { PACE_SECONDS, pacePerMinute, soldInBurst } from "./pace.js";
import { Poller, pauseWhileHidden } from "./poller.js";
import { RecentSales } from "./recent-sales.js";
import { momentsOf } from "./timeline-window.js";

/**
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {import("../../../client/src/types.js").Event} Event
 * @typedef {import("../../../client/src/types.js").Report} Report
 * @typedef {import("../../../client/src/types.js").WaitingRoom} WaitingRoom
 * @typedef {import("../../../client/src/types.js").SeatingPlan} SeatingPlan
 */

const REPORT_MILLISECONDS = 1500;
const RETRY_SECONDS = 3;

/** The kinds of changes to listen to. `seats` tells which seats changed; undefined means any may have. */
const KINDS = /** @type {const} */ (["event", "report", "room", "chart", "seats", "connection", "failed"]);
/** @typedef {typeof KINDS[number]} Kind */

/**
 * Everything known about an event, kept up to date while any of its tabs is open.
 */
export class LiveEvent {
  /** @type {Event | undefined} */
  event;
  /** @type {Report | undefined} */
  report;
  /** @type {WaitingRoom | undefined} */
  room;
  /** @type {SeatingChart | undefined} */
  chart;
  states = new SeatStates();
  /** Whether reports, the waiting-room stream and the seat stream arrive. */
  connected = { report: true, room: true, seats: true };
  /** @type {Problem | undefined} a refusal that retrying won't fix */
  failure;

  #desk;
  #recent = new RecentSales();
  #ending = new AbortController();
  #poller = new Poller(() => this.#askReport(), REPORT_MILLISECONDS);
  #events = new EventTarget();

  /** @param {string} id @param {Desk} desk */
  constructor(id, desk) {
    this.id = id;
    this.#desk = desk;
  }

  /** @param {import("./roles.js").StaffRole} role @returns {boolean} whether whoever is signed in may do what needs it */
  may(role) {
    return this.#desk.may(role);
  }

  /** Tickets sold per minute; undefined while there is too little to tell. */
  get pace() {
    return pacePerMinute(this.#recent.samples);
  }

  /** What was sold in the last seconds; undefined while that isn't known. */
  get burst() {
    return soldInBurst(this.#recent.samples);
  }

  get isConnected() {
    return this.connected.report && this.connected.room && this.connected.seats;
  }

  /**
   * @param {Kind} kind @param {(detail?: any) => void} heard @param {AbortSignal} signal ends the listening
   */
  on(kind, heard, signal) {
    this.#events.addEventListener(kind, (event) => heard(/** @type {CustomEvent} */ (event).detail), { signal });
  }

  /**
   * Calls back now, and on every change of these kinds.
   * @param {Kind[]} kinds @param {(detail?: any) => void} show @param {AbortSignal} signal ends the listening
   */
  watch(kinds, show, signal) {
    for (const kind of kinds) this.on(kind, show, signal);
    show();
  }

  start() {
    const signal = this.#ending.signal;
    void this.#load();
    this.#poller.start();
    pauseWhileHidden((isHidden) => {
      this.#poller.pause(isHidden);
      if (!isHidden) void this.#recall();
    }, signal);
    void this.#listen((client) =>
      client.streamWaitingRoom(this.id, {
        signal,
        onConnection: (isConnected) => this.#connection("room", isConnected),
        onRoom: (room) => this.#hearRoom(room),
      }),
    );
  }

  stop() {
    this.#poller.stop();
    this.#ending.abort();
  }

  /** Requests the report now; call it after an action. */
  refresh() {
    this.#poller.now();
  }

  /** @param {Event} event as returned by a change to it */
  setEvent(event) {
    this.event = event;
    this.#tell("event");
  }

  /** @param {import("../../../client/src/types.js").ChangeEvent} change @returns {Promise<Event>} */
  async changeProfile(change) {
    const event = await this.#desk.call((client, token) => client.changeEvent(this.id, token, change));
    this.setEvent(event);
    return event;
  }

  /** Shows a draft to everybody. */
  async publish() {
    this.setEvent(await this.#desk.call((client, token) => client.publishEvent(this.id, token)));
  }

  /** @param {Kind} kind @param {unknown} [detail] */
  #tell(kind, detail) {
    this.#events.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  async #load() {
    const event = await this.#insist(() => this.#desk.client.getEvent(this.id));
    if (!event) return;
    this.setEvent(event);
    const plan = await this.#insist(() => this.#planOrNone());
    if (plan === undefined) return;
    this.chart = new SeatingChart(plan ?? undefined, event);
    this.#tell("chart");
    void this.#listen((client) =>
      client.streamAvailability(this.id, {
        signal: this.#ending.signal,
        onConnection: (isConnected) => this.#connection("seats", isConnected),
        onSnapshot: (availability) => {
          this.states.replace(availability);
          this.#tell("seats");
        },
        onDelta: (delta) => this.#tell("seats", this.states.apply(delta)),
      }),
    );
  }

  /**
   * Listens to a stream, and goes on with another token where the one it began with has ended.
   * @param {(client: import("../../../client/src/index.js").OnsaleClient) => Promise<void>} stream
   */
  async #listen(stream) {
    while (!this.#ending.signal.aborted) {
      try {
        return await stream(this.#desk.client);
      } catch (error) {
        const isRefused = error instanceof Problem && error.status === 401;
        // Asks for a token if the present one has ended too.
        if (!isRefused || !(await this.#isLetIn())) return this.#fail(error);
      }
    }
  }

  async #isLetIn() {
    try {
      await this.#desk.call((client, token) => client.getCaller(token));
      return true;
    } catch {
      return false;
    }
  }

  /** @returns {Promise<SeatingPlan | null>} null for an event with standing areas only */
  async #planOrNone() {
    try {
      return await this.#desk.client.getSeatingPlan(this.id);
    } catch (error) {
      if (error instanceof Problem && error.slug === "not-found") return null;
      throw error;
    }
  }

  /**
   * Retries until it succeeds or is refused for good.
   * @template Value @param {() => Promise<Value>} work
   * @returns {Promise<Value | undefined>} undefined if left or refused
   */
  async #insist(work) {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        const value = await work();
        return signal.aborted ? undefined : value;
      } catch (error) {
        const pause = error instanceof Problem && error.isPassing ? error.retryAfterSeconds ?? RETRY_SECONDS : undefined;
        if (pause === undefined) return this.#fail(error);
        this.#connection("seats", false);
        await delay(pause * 1000, signal);
      }
    }
    return undefined;
  }

  /** @param {unknown} error @returns {undefined} */
  #fail(error) {
    if (this.#ending.signal.aborted) return;
    this.failure =
      error instanceof Problem ? error : new Problem({ type: "about:blank", title: String(error), status: 0 });
    this.#poller.stop();
    this.#tell("failed");
  }

  /** @param {keyof LiveEvent["connected"]} part @param {boolean} isConnected */
  #connection(part, isConnected) {
    if (this.connected[part] === isConnected || this.#ending.signal.aborted) return;
    this.connected[part] = isConnected;
    this.#tell("connection");
  }

  /** @param {WaitingRoom} room */
  #hearRoom(room) {
    const hasPhaseChanged = this.room !== undefined && this.room.phase !== room.phase;
    this.room = room;
    this.#tell("room");
    if (hasPhaseChanged) {
      void this.#insist(() => this.#desk.client.getEvent(this.id)).then((event) => event && this.setEvent(event));
    }
  }

  /** @returns {Promise<boolean>} */
  async #askReport() {
    try {
      const report = await this.#desk.call((client, token) => client.getReport(this.id, token));
      if (this.#ending.signal.aborted) return true;
      this.report = report;
      this.#recent.add({ at: Date.now(), sold: report.sold });
      this.#connection("report", true);
      this.#tell("report");
      return true;
    } catch (error) {
      if (error instanceof Problem && !error.isPassing && error.status !== 401) this.#fail(error);
      else this.#connection("report", false);
      return false;
    }
  }

  /** Asks for the minute that nobody looked at, so that the pace need not be measured anew. */
  async #recall() {
    const from = new Date(Date.now() - 2 * PACE_SECONDS * 1000).toISOString();
    try {
      const { points } = await this.#desk.call((client, token) => client.getTimeline(this.id, token, { from, step: 1 }));
      this.#recent.recall(momentsOf(points), Date.now());
    } catch {
      // The reports tell the pace as well, a little later.
    }
  }
}
