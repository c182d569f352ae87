import { listen } from "./listening.js";
import { Problem } from "./problem.js";

/**
 * @typedef {import("./types.js").Availability} Availability
 * @typedef {import("./types.js").AvailabilityDelta} AvailabilityDelta
 * @typedef {import("./types.js").Room} Room
 * @typedef {import("./types.js").Order} Order
 */

/**
 * @typedef {object} ClientOptions
 * @property {string} [baseURL] where the server is; in a page, its own by default
 * @property {typeof globalThis.fetch} [fetch]
 * @property {number} [timeoutSeconds] how long an answer is waited for
 * @property {Record<string, string>} [headers] sent with every request
 */

/**
 * @typedef {object} RequestOptions
 * @property {string} [token]
 * @property {unknown} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {number} [timeoutSeconds]
 */

/**
 * @typedef {object} StreamOptions
 * @property {AbortSignal} signal ends it
 * @property {(isConnected: boolean, problem?: Problem) => void} [onConnection]
 */

/** The HTTP contract of one Onsale server. Every method rejects with a `Problem`, and with nothing else. */
export class OnsaleClient {
  #baseURL;
  #fetch;
  #timeoutSeconds;
  #headers;

  /** @param {ClientOptions} [options] */
  constructor(options = {}) {
    this.#baseURL = (options.baseURL ?? "").replace(/\/+$/, "");
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.#timeoutSeconds = options.timeoutSeconds ?? 15;
    this.#headers = options.headers ?? {};
  }

  // What is on

  /** @returns {Promise<import("./types.js").EventSummary[]>} */
  async events() {
    return (await this.#json("GET", "/v1/events")).events;
  }

  /** @param {string} event @returns {Promise<import("./types.js").EventDetail>} */
  event(event) {
    return this.#json("GET", path`/v1/events/${event}`);
  }

  /** @param {string} event @returns {Promise<import("./types.js").SeatingPlan>} */
  seatingPlan(event) {
    return this.#json("GET", path`/v1/events/${event}/seating-plan`, { timeoutSeconds: 60 });
  }

  /** @param {string} event @returns {Promise<Availability>} */
  availability(event) {
    return this.#json("GET", path`/v1/events/${event}/availability`);
  }

  // Who one is, and the line

  /** @param {string} email @returns {Promise<import("./types.js").Session>} */
  createSession(email) {
    return this.#json("POST", "/v1/sessions", { body: { email } });
  }

  /**
   * Joins the line; gives the same place again to whoever has one.
   * @param {string} event @param {string} session @param {Record<string, string>} [headers]
   * @returns {Promise<import("./types.js").Place>}
   */
  join(event, session, headers) {
    return this.#json("POST", path`/v1/events/${event}/waiting-room`, { token: session, ...(headers && { headers }) });
  }

  /** @param {string} event @returns {Promise<Room>} */
  room(event) {
    return this.#json("GET", path`/v1/events/${event}/waiting-room`);
  }

  /**
   * Asks for the pass of a place in the line. The ticket alone is worth nothing: the session must be its buyer's.
   * @param {string} event @param {string} session @param {string} ticket
   * @returns {Promise<import("./types.js").Pass>}
   */
  claimPass(event, session, ticket) {
    return this.#json("POST", path`/v1/events/${event}/waiting-room/pass`, { token: session, body: { ticket } });
  }

  /** @param {string} event @param {string} pass @returns {Promise<void>} */
  giveUpPass(event, pass) {
    return this.#json("DELETE", path`/v1/events/${event}/waiting-room/pass`, { token: pass });
  }

  // Shopping

  /**
   * @param {string} event @param {string} pass @param {import("./types.js").HoldRequest} wanted
   * @param {string} [idempotencyKey]
   * @returns {Promise<import("./types.js").Hold>}
   */
  hold(event, pass, wanted, idempotencyKey) {
    return this.#json("POST", path`/v1/events/${event}/holds`, {
      token: pass,
      body: wanted,
      ...(idempotencyKey && { headers: { "idempotency-key": idempotencyKey } }),
    });
  }

  /** @param {string} event @param {string} pass @param {string} hold @returns {Promise<import("./types.js").Hold>} */
  getHold(event, pass, hold) {
    return this.#json("GET", path`/v1/events/${event}/holds/${hold}`, { token: pass });
  }

  /** @param {string} event @param {string} pass @param {string} hold @returns {Promise<void>} */
  release(event, pass, hold) {
    return this.#json("DELETE", path`/v1/events/${event}/holds/${hold}`, { token: pass });
  }

  /**
   * Places an order. The same key gives the same order again, so after a lost answer it is simply repeated.
   * @param {string} event @param {string} pass
   * @param {{ hold: string, method: string, idempotencyKey: string, waitSeconds?: number }} order
   * @returns {Promise<Order>}
   */
  order(event, pass, { hold, method, idempotencyKey, waitSeconds = 10 }) {
    return this.#json("POST", path`/v1/events/${event}/orders`, {
      token: pass,
      body: { hold, payment: { method } },
      headers: { "idempotency-key": idempotencyKey, prefer: `wait=${waitSeconds}` },
      timeoutSeconds: waitSeconds + 15,
    });
  }

  /** @param {string} event @param {string} token @param {string} order @returns {Promise<Order>} */
  getOrder(event, token, order) {
    return this.#json("GET", path`/v1/events/${event}/orders/${order}`, { token });
  }

  /** @param {string} event @param {string} token @param {string} order @returns {Promise<Order>} */
  cancelOrder(event, token, order) {
    return this.#json("POST", path`/v1/events/${event}/orders/${order}/cancel`, { token });
  }

  /**
   * A buyer's orders, of every event, a page at a time.
   * @param {string} session @param {{ after?: string, limit?: number }} [page]
   * @returns {Promise<import("./types.js").MyOrderPage>}
   */
  myOrders(session, page = {}) {
    const query = new URLSearchParams({ limit: String(page.limit ?? 50) });
    if (page.after !== undefined) query.set("after", page.after);
    return this.#json("GET", `/v1/orders?${query}`, { token: session });
  }

  /**
   * A ticket's barcode as a QR code.
   * @param {string} event @param {string} token @param {string} order @param {string} ticket
   * @returns {Promise<Blob>} an SVG
   */
  async qrCode(event, token, order, ticket) {
    const response = await this.#request("GET", path`/v1/events/${event}/orders/${order}/tickets/${ticket}/qr.svg`, { token });
    return response.blob();
  }

  // Live

  /**
   * The waiting room, at once and whenever it changes. With a ticket its holder is present meanwhile.
   * @param {string} event
   * @param {StreamOptions & { ticket?: string, onRoom: (room: Room) => void }} options
   * @returns {Promise<void>} settles when the signal aborts
   */
  roomStream(event, { ticket, onRoom, ...options }) {
    return listen((headers, signal) => this.#stream(path`/v1/events/${event}/waiting-room/stream`, headers, signal, ticket), {
      ...options,
      onEvent: (message) => {
        if (message.name === "room") onRoom(JSON.parse(message.data));
      },
    });
  }

  /**
   * The seats, at first whole and then as they change. A connection that was lost goes on where it was.
   * @param {string} event
   * @param {StreamOptions & { onSnapshot: (availability: Availability) => void, onDelta: (delta: AvailabilityDelta) => void }} options
   * @returns {Promise<void>} settles when the signal aborts
   */
  availabilityStream(event, { onSnapshot, onDelta, ...options }) {
    /** @type {string | undefined} */
    let last;
    return listen((headers, signal) => this.#stream(path`/v1/events/${event}/availability/stream`, headers, signal), {
      ...options,
      lastEventID: () => last,
      onEvent: (message) => {
        if (message.name === "snapshot") onSnapshot(JSON.parse(message.data));
        else if (message.name === "delta") onDelta(JSON.parse(message.data));
        last = message.id ?? last;
      },
    });
  }

  // The organizer's

  /** @param {string} token @param {unknown} event @returns {Promise<import("./types.js").EventDetail>} */
  createEvent(token, event) {
    return this.#json("POST", "/v1/events", { token, body: event, timeoutSeconds: 60 });
  }

  /** @param {string} event @param {string} token @returns {Promise<import("./types.js").Report>} */
  report(event, token) {
    return this.#json("GET", path`/v1/events/${event}/report`, { token });
  }

  /** @param {string} event @param {string} token @returns {Promise<import("./types.js").EventDetail>} */
  pause(event, token) {
    return this.#json("POST", path`/v1/events/${event}/onsale/pause`, { token });
  }

  /** @param {string} event @param {string} token @returns {Promise<import("./types.js").EventDetail>} */
  resume(event, token) {
    return this.#json("POST", path`/v1/events/${event}/onsale/resume`, { token });
  }

  /**
   * @param {string} event @param {string} token
   * @param {{ maxActiveShoppers?: number, lobbyOpensAt?: string | null, opensAt?: string, closesAt?: string | null }} change
   * @returns {Promise<import("./types.js").EventDetail>}
   */
  changeOnsale(event, token, change) {
    return this.#json("PATCH", path`/v1/events/${event}/onsale`, { token, body: change });
  }

  /** @param {string} event @param {string} token @param {string[]} seats @returns {Promise<{ seats: string[] }>} */
  block(event, token, seats) {
    return this.#json("POST", path`/v1/events/${event}/blocks`, { token, body: { seats } });
  }

  /** @param {string} event @param {string} token @param {string[]} seats @returns {Promise<void>} */
  unblock(event, token, seats) {
    return this.#json("DELETE", path`/v1/events/${event}/blocks`, { token, body: { seats } });
  }

  /**
   * @param {string} event @param {string} token
   * @param {{ state?: import("./types.js").OrderState, after?: string, limit?: number }} [page]
   * @returns {Promise<import("./types.js").OrderPage>}
   */
  orders(event, token, page = {}) {
    const query = new URLSearchParams({ limit: String(page.limit ?? 100) });
    if (page.state !== undefined) query.set("state", page.state);
    if (page.after !== undefined) query.set("after", page.after);
    return this.#json("GET", path`/v1/events/${event}/orders` + `?${query}`, { token });
  }

  /** @param {string} event @param {string} token @returns {Promise<Blob>} */
  async ordersCSV(event, token) {
    return (await this.#request("GET", path`/v1/events/${event}/orders.csv`, { token, timeoutSeconds: 300 })).blob();
  }

  /**
   * What the organizers have done, the newest first.
   * @param {string} event @param {string} token @returns {Promise<import("./types.js").AuditEntry[]>}
   */
  async audit(event, token) {
    return (await this.#json("GET", path`/v1/events/${event}/audit`, { token })).entries;
  }

  // The door's

  /** @param {string} event @param {string} token @param {string} barcode @returns {Promise<import("./types.js").CheckIn>} */
  checkIn(event, token, barcode) {
    return this.#json("POST", path`/v1/events/${event}/check-ins`, { token, body: { barcode } });
  }

  /** @param {string} event @param {string} token @returns {Promise<string[]>} the tickets that count no more */
  async voidTickets(event, token) {
    return (await this.#json("GET", path`/v1/events/${event}/tickets/void`, { token })).tickets;
  }

  /** @returns {Promise<import("./types.js").BarcodeKey[]>} with which barcodes are checked offline */
  async barcodeKeys() {
    return (await this.#json("GET", "/.well-known/onsale-keys.json")).keys;
  }

  // How it is done

  /**
   * @param {string} target @param {Record<string, string>} headers @param {AbortSignal} signal @param {string} [token]
   * @returns {Promise<Response>}
   */
  #stream(target, headers, signal, token) {
    return this.#fetch(this.#baseURL + target, {
      headers: { ...this.#headers, ...headers, ...(token && { authorization: `Bearer ${token}` }) },
      cache: "no-store",
      signal,
    });
  }

  /**
   * @param {string} method @param {string} target @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  async #json(method, target, options) {
    const response = await this.#request(method, target, options);
    if (response.status === 204) return undefined;
    try {
      return await response.json();
    } catch (error) {
      throw Problem.unreachable(error);
    }
  }

  /**
   * @param {string} method @param {string} target @param {RequestOptions} [options]
   * @returns {Promise<Response>}
   */
  async #request(method, target, options = {}) {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), (options.timeoutSeconds ?? this.#timeoutSeconds) * 1000);
    const end = () => timeout.abort();
    options.signal?.addEventListener("abort", end);
    /** @type {Response} */
    let response;
    try {
      response = await this.#fetch(this.#baseURL + target, {
        method,
        headers: {
          accept: "application/json",
          ...this.#headers,
          ...(options.body !== undefined && { "content-type": "application/json" }),
          ...(options.token && { authorization: `Bearer ${options.token}` }),
          ...options.headers,
        },
        ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
        credentials: "omit",
        signal: timeout.signal,
      });
      // A body that stops coming is as bad as none.
      const body = await response.arrayBuffer();
      const hasNoBody = response.status === 204 || response.status === 304;
      response = new Response(hasNoBody ? null : body, response);
    } catch (error) {
      throw Problem.unreachable(error);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", end);
    }
    if (!response.ok) throw await Problem.from(response);
    return response;
  }
}

/**
 * A path whose variable parts can't become anything else.
 * @param {TemplateStringsArray} texts @param {string[]} parts
 */
function path(texts, ...parts) {
  return texts.reduce((whole, text, index) => whole + encodeURIComponent(parts[index - 1] ?? "") + text);
}
