import { listen } from "./listening.js";
import { Problem } from "./problem.js";
import { TRIES_MOST, newKey, repeating } from "./repeating.js";

/**
 * @typedef {import("./types.js").Availability} Availability
 * @typedef {import("./types.js").AvailabilityDelta} AvailabilityDelta
 * @typedef {import("./types.js").CheckedIn} CheckedIn
 * @typedef {import("./types.js").Order} Order
 * @typedef {import("./types.js").SeatList} SeatList
 * @typedef {import("./types.js").WaitingRoom} WaitingRoom
 */

/**
 * @typedef {object} ClientOptions
 * @property {string} [baseURL] where the server is; defaults to the page's own origin
 * @property {typeof globalThis.fetch} [fetch]
 * @property {number} [timeoutSeconds] how long to wait for an answer; 15 by default
 * @property {Record<string, string>} [headers] sent with every request
 * @property {number} [tries] how often a request that may be repeated is sent at most; 4 by default, 1 for never again
 */

/**
 * @typedef {object} RequestOptions
 * @property {string} [token]
 * @property {unknown} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {number} [timeoutSeconds]
 * @property {boolean} [repeats] whether it is repeated by itself: twice must be the same as once
 */

/**
 * @typedef {object} StreamOptions
 * @property {AbortSignal} signal ends the listening
 * @property {(isConnected: boolean, problem?: Problem) => void} [onConnection]
 */

/**
 * A client for the HTTP contract of one Onsale server. A method that makes one request has the name of its operation in
 * `/openapi.json`. Methods reject with a `Problem` and nothing else.
 *
 * What a fan does on the way to a ticket is repeated by itself, with the same key, while no answer comes or the server
 * answers 502, 503 or 504.
 */
export class OnsaleClient {
  #baseURL;
  #fetch;
  #timeoutSeconds;
  #headers;
  #tries;

  /** @param {ClientOptions} [options] */
  constructor(options = {}) {
    this.#baseURL = (options.baseURL ?? "").replace(/\/+$/, "");
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.#timeoutSeconds = options.timeoutSeconds ?? 15;
    this.#headers = options.headers ?? {};
    this.#tries = options.tries ?? TRIES_MOST;
  }

  // Events

  /** @param {string} [token] the organizer's, to see drafts @returns {Promise<import("./types.js").EventSummary[]>} */
  async listEvents(token) {
    return (await this.#json("GET", "/v1/events", { token })).events;
  }

  /**
   * @param {string} event @param {string} [token] the organizer's, to see a draft
   * @returns {Promise<import("./types.js").Event>}
   */
  getEvent(event, token) {
    return this.#json("GET", path`/v1/events/${event}`, { token });
  }

  /** @param {string} event @returns {Promise<import("./types.js").SeatingPlan>} */
  getSeatingPlan(event) {
    return this.#json("GET", path`/v1/events/${event}/seating-plan`, { timeoutSeconds: 60 });
  }

  /** @param {string} event @returns {Promise<Availability>} */
  getAvailability(event) {
    return this.#json("GET", path`/v1/events/${event}/availability`);
  }

  // Sessions and the line

  /**
   * Makes a session. Where codes are mailed, the address alone has one mailed to it, and with the code makes the session.
   * @param {string} email @param {string} [code] six digits, or what the mail's link carries; used up by the first right answer
   * @returns {Promise<import("./types.js").Session | import("./types.js").CodeMailed>}
   */
  createSession(email, code) {
    return this.#json("POST", "/v1/sessions", { body: { email, code }, repeats: code === undefined });
  }

  /**
   * Joins the line. A buyer who already has a place gets the same one again.
   * @param {string} event @param {string} session @param {Record<string, string>} [headers]
   * @returns {Promise<import("./types.js").PlaceTicket>}
   */
  joinWaitingRoom(event, session, headers) {
    return this.#json("POST", path`/v1/events/${event}/waiting-room`, {
      token: session,
      repeats: true,
      ...(headers && { headers }),
    });
  }

  /** @param {string} event @returns {Promise<WaitingRoom>} */
  getWaitingRoom(event) {
    return this.#json("GET", path`/v1/events/${event}/waiting-room`);
  }

  /**
   * Exchanges a called place for its pass. The session must belong to the ticket's buyer.
   * @param {string} event @param {string} session @param {string} ticket
   * @returns {Promise<import("./types.js").Pass>}
   */
  claimPass(event, session, ticket) {
    return this.#json("POST", path`/v1/events/${event}/waiting-room/pass`, {
      token: session,
      body: { ticket },
      repeats: true,
    });
  }

  /** @param {string} event @param {string} pass @returns {Promise<void>} */
  giveUpPass(event, pass) {
    return this.#json("DELETE", path`/v1/events/${event}/waiting-room/pass`, { token: pass });
  }

  // Shopping

  /**
   * @param {string} event @param {string} pass @param {import("./types.js").CreateHold} wanted
   * @param {string} [idempotencyKey] one of its own if left out
   * @returns {Promise<import("./types.js").Hold>}
   */
  createHold(event, pass, wanted, idempotencyKey = newKey()) {
    return this.#json("POST", path`/v1/events/${event}/holds`, {
      token: pass,
      body: wanted,
      headers: { "idempotency-key": idempotencyKey },
      repeats: true,
    });
  }

  /** @param {string} event @param {string} pass @param {string} hold @returns {Promise<import("./types.js").Hold>} */
  getHold(event, pass, hold) {
    return this.#json("GET", path`/v1/events/${event}/holds/${hold}`, { token: pass });
  }

  /** @param {string} event @param {string} pass @param {string} hold @returns {Promise<void>} */
  releaseHold(event, pass, hold) {
    return this.#json("DELETE", path`/v1/events/${event}/holds/${hold}`, { token: pass });
  }

  /**
   * Places an order. The same key returns the same order, so if no answer came in the end, just repeat the call.
   * @param {string} event @param {string} pass
   * @param {{ hold: string, method: string, idempotencyKey: string, waitSeconds?: number }} order
   * @returns {Promise<Order>}
   */
  createOrder(event, pass, { hold, method, idempotencyKey, waitSeconds = 10 }) {
    return this.#json("POST", path`/v1/events/${event}/orders`, {
      token: pass,
      body: { hold, payment: { method } },
      headers: { "idempotency-key": idempotencyKey, prefer: `wait=${waitSeconds}` },
      timeoutSeconds: waitSeconds + 15,
      repeats: true,
    });
  }

  /** @param {string} event @param {string} token @param {string} order @returns {Promise<Order>} */
  getOrder(event, token, order) {
    return this.#json("GET", path`/v1/events/${event}/orders/${order}`, { token });
  }

  /** @param {string} event @param {string} token @param {string} order @param {string} [reason] @returns {Promise<Order>} */
  cancelOrder(event, token, order, reason) {
    return this.#json("POST", path`/v1/events/${event}/orders/${order}/cancel`, {
      token,
      body: reason === undefined ? undefined : { reason },
      headers: { "idempotency-key": newKey() },
      repeats: true,
    });
  }

  /**
   * The buyer's orders for all events, one page at a time.
   * @param {string} session @param {{ after?: string, limit?: number }} [page]
   * @returns {Promise<import("./types.js").OrderList>}
   */
  listMyOrders(session, page = {}) {
    const query = new URLSearchParams({ limit: String(page.limit ?? 50) });
    if (page.after !== undefined) query.set("after", page.after);
    return this.#json("GET", `/v1/orders?${query}`, { token: session });
  }

  /**
   * A ticket's barcode as a QR code.
   * @param {string} event @param {string} token @param {string} order @param {string} ticket
   * @returns {Promise<Blob>} an SVG
   */
  async getQRCode(event, token, order, ticket) {
    const response = await this.#request("GET", path`/v1/events/${event}/orders/${order}/tickets/${ticket}/qr.svg`, { token });
    return response.blob();
  }

  // Live

  /**
   * Follows the waiting room: calls back at once and on every change. With a ticket, its holder counts as present while
   * listening.
   * @param {string} event
   * @param {StreamOptions & { ticket?: string, onRoom: (room: WaitingRoom) => void }} options
   * @returns {Promise<void>} resolves when the signal aborts
   */
  streamWaitingRoom(event, { ticket, onRoom, ...options }) {
    return listen((headers, signal) => this.#stream(path`/v1/events/${event}/waiting-room/stream`, headers, signal, ticket), {
      ...options,
      onEvent: (message) => {
        if (message.name === "room") onRoom(JSON.parse(message.data));
      },
    });
  }

  /**
   * Follows the seats: a snapshot first, then deltas. A lost connection resumes where it left off.
   * @param {string} event
   * @param {StreamOptions & { onSnapshot: (availability: Availability) => void, onDelta: (delta: AvailabilityDelta) => void }} options
   * @returns {Promise<void>} resolves when the signal aborts
   */
  streamAvailability(event, { onSnapshot, onDelta, ...options }) {
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

  // Organizer

  /** @param {string} token @param {unknown} event @returns {Promise<import("./types.js").Event>} */
  createEvent(token, event) {
    return this.#json("POST", "/v1/events", { token, body: event, timeoutSeconds: 60 });
  }

  /** @param {string} event @param {string} token @returns {Promise<import("./types.js").Report>} */
  getReport(event, token) {
    return this.#json("GET", path`/v1/events/${event}/report`, { token });
  }

  /** @param {string} event @param {string} token @returns {Promise<import("./types.js").Event>} */
  pauseOnsale(event, token) {
    return this.#json("POST", path`/v1/events/${event}/onsale/pause`, { token });
  }

  /** @param {string} event @param {string} token @returns {Promise<import("./types.js").Event>} */
  resumeOnsale(event, token) {
    return this.#json("POST", path`/v1/events/${event}/onsale/resume`, { token });
  }

  /**
   * @param {string} event @param {string} token
   * @param {import("./types.js").ChangeOnsale} change
   * @returns {Promise<import("./types.js").Event>}
   */
  changeOnsale(event, token, change) {
    return this.#json("PATCH", path`/v1/events/${event}/onsale`, { token, body: change });
  }

  /**
   * Changes what an event tells about itself, prices and limits.
   * @param {string} event @param {string} token
   * @param {import("./types.js").ChangeEvent} change
   * @returns {Promise<import("./types.js").Event>}
   */
  changeEvent(event, token, change) {
    return this.#json("PATCH", path`/v1/events/${event}`, { token, body: change });
  }

  /**
   * Shows a draft to everybody, for good.
   * @param {string} event @param {string} token @returns {Promise<import("./types.js").Event>}
   */
  publishEvent(event, token) {
    return this.#json("POST", path`/v1/events/${event}/publish`, { token });
  }

  /** @param {string} event @param {string} token @param {string[]} seats @param {string} [reason] @returns {Promise<SeatList>} */
  blockSeats(event, token, seats, reason) {
    return this.#json("POST", path`/v1/events/${event}/blocks`, { token, body: { seats, reason } });
  }

  /**
   * The seats that are kept back, in plan order, and why.
   * @param {string} event @param {string} token @returns {Promise<import("./types.js").SeatBlock[]>}
   */
  async listBlocks(event, token) {
    return (await this.#json("GET", path`/v1/events/${event}/blocks`, { token })).blocks;
  }

  /** @param {string} event @param {string} token @param {string[]} seats @returns {Promise<void>} */
  unblockSeats(event, token, seats) {
    return this.#json("DELETE", path`/v1/events/${event}/blocks`, { token, body: { seats } });
  }

  /**
   * Finds orders; all that is asked for must be true of them.
   * @param {string} event @param {string} token
   * @param {import("./types.js").FindOrders} [wanted]
   * @returns {Promise<import("./types.js").OrderPage>}
   */
  listOrders(event, token, wanted = {}) {
    const query = new URLSearchParams({ limit: String(wanted.limit ?? 100) });
    for (const name of /** @type {const} */ (["state", "email", "seat", "order", "after"])) {
      const value = wanted[name];
      if (value !== undefined) query.set(name, value);
    }
    return this.#json("GET", path`/v1/events/${event}/orders` + `?${query}`, { token });
  }

  /** @param {string} event @param {string} token @returns {Promise<Blob>} */
  async exportOrders(event, token) {
    return (await this.#request("GET", path`/v1/events/${event}/orders.csv`, { token, timeoutSeconds: 300 })).blob();
  }

  /**
   * Takes some of a confirmed order's tickets back: they are void and their seats free at once, and their money follows.
   * @param {string} event @param {string} token @param {string} order
   * @param {import("./types.js").RefundTickets} part
   * @param {string} [idempotencyKey]
   * @returns {Promise<Order>}
   */
  refundTickets(event, token, order, part, idempotencyKey = newKey()) {
    return this.#json("POST", path`/v1/events/${event}/orders/${order}/refunds`, {
      token,
      body: part,
      headers: { "idempotency-key": idempotencyKey },
      repeats: true,
    });
  }

  /**
   * What a buyer has of the event: place in line, pass, holds, the newest orders.
   * @param {string} event @param {string} token @param {string} buyer @returns {Promise<import("./types.js").Buyer>}
   */
  getBuyer(event, token, buyer) {
    return this.#json("GET", path`/v1/events/${event}/buyers/${buyer}`, { token });
  }

  /**
   * What the organizers did, newest first.
   * @param {string} event @param {string} token @returns {Promise<import("./types.js").AuditEntry[]>}
   */
  async listAudit(event, token) {
    return (await this.#json("GET", path`/v1/events/${event}/audit`, { token })).entries;
  }

  /**
   * What is owed, day by day; days as `2027-03-01`.
   * @param {string} event @param {string} token @param {{ from?: string, to?: string }} [period]
   * @returns {Promise<import("./types.js").Settlement>}
   */
  getSettlement(event, token, period = {}) {
    return this.#json("GET", path`/v1/events/${event}/settlement` + queryOf(period), { token, timeoutSeconds: 60 });
  }

  /**
   * @param {string} event @param {string} token @param {{ from?: string, to?: string }} [period]
   * @returns {Promise<Blob>}
   */
  async exportSettlement(event, token, period = {}) {
    const target = path`/v1/events/${event}/settlement.csv` + queryOf(period);
    return (await this.#request("GET", target, { token, timeoutSeconds: 60 })).blob();
  }

  /** @param {string} token @returns {Promise<import("./types.js").WebhookEndpoint[]>} */
  async listWebhookEndpoints(token) {
    return (await this.#json("GET", "/v1/webhook-endpoints", { token })).endpoints;
  }

  /**
   * @param {string} token @param {{ url: string, types: string[] }} endpoint
   * @returns {Promise<import("./types.js").NewWebhookEndpoint>}
   */
  createWebhookEndpoint(token, endpoint) {
    return this.#json("POST", "/v1/webhook-endpoints", { token, body: endpoint });
  }

  /** @param {string} token @param {string} endpoint @returns {Promise<void>} */
  deleteWebhookEndpoint(token, endpoint) {
    return this.#json("DELETE", path`/v1/webhook-endpoints/${endpoint}`, { token });
  }

  /**
   * The secret before signs beside the new one for another day.
   * @param {string} token @param {string} endpoint @returns {Promise<{ secret: string }>}
   */
  rotateWebhookSecret(token, endpoint) {
    return this.#json("POST", path`/v1/webhook-endpoints/${endpoint}/secret`, { token });
  }

  /** @param {string} token @param {string} endpoint @returns {Promise<import("./types.js").WebhookEndpoint>} */
  switchOnWebhookEndpoint(token, endpoint) {
    return this.#json("POST", path`/v1/webhook-endpoints/${endpoint}/switch-on`, { token });
  }

  /**
   * Newest first.
   * @param {string} token @param {string} endpoint @param {{ before?: string, limit?: number }} [page]
   * @returns {Promise<import("./types.js").WebhookDeliveries>}
   */
  listWebhookDeliveries(token, endpoint, page = {}) {
    return this.#json("GET", path`/v1/webhook-endpoints/${endpoint}/deliveries` + queryOf(page), { token });
  }

  /**
   * Sends a message once more, under the same id.
   * @param {string} token @param {string} endpoint @param {string} delivery @returns {Promise<void>}
   */
  async redeliverWebhook(token, endpoint, delivery) {
    await this.#request("POST", path`/v1/webhook-endpoints/${endpoint}/deliveries/${delivery}/redeliver`, { token });
  }

  /**
   * The state of a sale at the end of every second or minute, oldest first, as far back as the server keeps it: an hour
   * by the second, 31 days by the minute. After a restart the first answer may take a while.
   * @param {string} event @param {string} token
   * @param {{ from?: string, to?: string, step?: 1 | 60 }} [part]
   * @returns {Promise<import("./types.js").Timeline>}
   */
  getTimeline(event, token, part = {}) {
    const query = new URLSearchParams();
    if (part.from !== undefined) query.set("from", part.from);
    if (part.to !== undefined) query.set("to", part.to);
    if (part.step !== undefined) query.set("step", String(part.step));
    const search = query.toString();
    return this.#json("GET", path`/v1/events/${event}/timeline` + (search && `?${search}`), { token, timeoutSeconds: 60 });
  }

  /**
   * What happened to an order, step by step, in English words.
   * @param {string} event @param {string} token @param {string} order
   * @returns {Promise<import("./types.js").Story>}
   */
  getOrderStory(event, token, order) {
    return this.#json("GET", path`/v1/events/${event}/orders/${order}/story`, { token, timeoutSeconds: 60 });
  }

  // Door

  /** @param {string} event @param {string} token @param {string} barcode @returns {Promise<CheckedIn>} */
  checkIn(event, token, barcode) {
    return this.#json("POST", path`/v1/events/${event}/check-ins`, { token, body: { barcode } });
  }

  /**
   * The same for a ticket that was found by hand.
   * @param {string} event @param {string} token @param {string} ticket
   * @returns {Promise<import("./types.js").CheckedIn>}
   */
  checkInTicket(event, token, ticket) {
    return this.#json("POST", path`/v1/events/${event}/check-ins`, { token, body: { ticket } });
  }

  /**
   * Finds tickets by one of the three.
   * @param {string} event @param {string} token @param {{ seat: string } | { email: string } | { order: string }} by
   * @returns {Promise<import("./types.js").DoorTickets>}
   */
  findTickets(event, token, by) {
    return this.#json("GET", path`/v1/events/${event}/door/tickets` + queryOf(by), { token });
  }

  /** @param {string} event @param {string} token @returns {Promise<import("./types.js").DoorCounts>} */
  getDoor(event, token) {
    return this.#json("GET", path`/v1/events/${event}/door`, { token });
  }

  /** @param {string} token one of the staff's @returns {Promise<import("./types.js").Caller>} */
  getCaller(token) {
    return this.#json("GET", "/v1/account", { token });
  }

  /** @param {string} token @returns {Promise<import("./types.js").Account[]>} those in use before those that are revoked */
  async listAccounts(token) {
    return (await this.#json("GET", "/v1/accounts", { token })).accounts;
  }

  /**
   * @param {string} token @param {{ name: string, role: import("./types.js").StaffRole }} account
   * @returns {Promise<import("./types.js").NewAccount>}
   */
  createAccount(token, account) {
    return this.#json("POST", "/v1/accounts", { token, body: account });
  }

  /**
   * The token before ends.
   * @param {string} token @param {string} account @returns {Promise<import("./types.js").NewAccount>}
   */
  renewAccountToken(token, account) {
    return this.#json("POST", path`/v1/accounts/${account}/token`, { token });
  }

  /** @param {string} token @param {string} account @returns {Promise<void>} */
  revokeAccount(token, account) {
    return this.#json("DELETE", path`/v1/accounts/${account}`, { token });
  }

  /** @param {string} event @param {string} token @returns {Promise<string[]>} tickets that no longer admit anyone */
  async listVoidTickets(event, token) {
    return (await this.#json("GET", path`/v1/events/${event}/tickets/void`, { token })).tickets;
  }

  /** @returns {Promise<import("./types.js").BarcodeKey[]>} the keys for verifying barcodes offline */
  async getKeys() {
    return (await this.#json("GET", "/.well-known/onsale-keys.json")).keys;
  }

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
  #request(method, target, options = {}) {
    const { signal } = options;
    return repeating(() => this.#send(method, target, options), {
      tries: options.repeats ? this.#tries : 1,
      ...(signal && { signal }),
    });
  }

  /**
   * @param {string} method @param {string} target @param {RequestOptions} options
   * @returns {Promise<Response>}
   */
  async #send(method, target, options) {
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
      // Read the body under the same timeout: one that stalls is as useless as none.
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
 * Builds a path, escaping its variable parts.
 * @param {TemplateStringsArray} texts @param {string[]} parts
 */
function path(texts, ...parts) {
  return texts.reduce((whole, text, index) => whole + encodeURIComponent(parts[index - 1] ?? "") + text);
}

/**
 * Builds a query of what is given.
 * @param {Record<string, string | number | undefined>} members
 */
function queryOf(members) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
