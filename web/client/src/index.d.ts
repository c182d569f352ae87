import type {
  Account,
  AuditEntry,
  Availability,
  AvailabilityDelta,
  BarcodeKey,
  Buyer,
  Caller,
  ChangeEvent,
  ChangeOnsale,
  CheckedIn,
  CodeMailed,
  CreateHold,
  DoorCounts,
  DoorTickets,
  Event,
  EventSummary,
  FindOrders,
  Hold,
  NewAccount,
  NewWebhookEndpoint,
  Order,
  OrderList,
  OrderPage,
  Pass,
  PlaceTicket,
  ProblemBody,
  RefundTickets,
  Report,
  SeatBlock,
  SeatingPlan,
  SeatList,
  Session,
  Settlement,
  StaffRole,
  Story,
  StreamEvent,
  Timeline,
  WaitingRoom,
  WebhookDeliveries,
  WebhookEndpoint,
} from "./types.js";

export * from "./types.js";

// A test compares these declarations with what TypeScript infers from the modules themselves.

export interface ClientOptions {
  /** Where the server is; defaults to the page's own origin. */
  baseURL?: string;
  fetch?: typeof globalThis.fetch;
  /** How long to wait for an answer; 15 by default. */
  timeoutSeconds?: number;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** How often a request that may be repeated is sent at most; 4 by default, 1 for never again. */
  tries?: number;
}

export interface StreamOptions {
  /** Ends the listening. */
  signal: AbortSignal;
  /** Called when the stream connects or drops. */
  onConnection?: (isConnected: boolean, problem?: Problem) => void;
}

/**
 * A client for the HTTP contract of one Onsale server. A method that makes one request has the name of its operation in
 * `/openapi.json`. Methods reject with a `Problem` and nothing else.
 *
 * What a fan does on the way to a ticket is repeated by itself, with the same key, while no answer comes or the server
 * answers 502, 503 or 504.
 */
export class OnsaleClient {
  constructor(options?: ClientOptions);

  /** @param token the organizer's, to see drafts */
  listEvents(token?: string): Promise<EventSummary[]>;
  /** @param token the organizer's, to see a draft */
  getEvent(event: string, token?: string): Promise<Event>;
  getSeatingPlan(event: string): Promise<SeatingPlan>;
  getAvailability(event: string): Promise<Availability>;

  /** Where codes are mailed, the address alone has one mailed to it, and with the code makes the session. */
  createSession(email: string, code?: string): Promise<Session | CodeMailed>;
  /** Joins the line. A buyer who already has a place gets the same one again. */
  joinWaitingRoom(event: string, session: string, headers?: Record<string, string>): Promise<PlaceTicket>;
  getWaitingRoom(event: string): Promise<WaitingRoom>;
  /** Exchanges a called place for its pass. The session must belong to the ticket's buyer. */
  claimPass(event: string, session: string, ticket: string): Promise<Pass>;
  giveUpPass(event: string, pass: string): Promise<void>;

  /** @param idempotencyKey one of its own if left out */
  createHold(event: string, pass: string, wanted: CreateHold, idempotencyKey?: string): Promise<Hold>;
  getHold(event: string, pass: string, hold: string): Promise<Hold>;
  releaseHold(event: string, pass: string, hold: string): Promise<void>;
  /** Places an order. The same key returns the same order, so if no answer came in the end, just repeat the call. */
  createOrder(
    event: string,
    pass: string,
    order: { hold: string; method: string; idempotencyKey: string; waitSeconds?: number },
  ): Promise<Order>;
  getOrder(event: string, token: string, order: string): Promise<Order>;
  /** @param reason at most 200 characters, for the organizer */
  cancelOrder(event: string, token: string, order: string, reason?: string): Promise<Order>;
  /** The buyer's orders for all events, one page at a time. */
  listMyOrders(session: string, page?: { after?: string; limit?: number }): Promise<OrderList>;
  /** A ticket's barcode as a QR code, in SVG. */
  getQRCode(event: string, token: string, order: string, ticket: string): Promise<Blob>;

  /**
   * Follows the waiting room: calls back at once and on every change. With a ticket, its holder counts as present while
   * listening. Reconnects by itself; resolves when the signal aborts.
   */
  streamWaitingRoom(
    event: string,
    options: StreamOptions & { ticket?: string; onRoom: (room: WaitingRoom) => void },
  ): Promise<void>;
  /**
   * Follows the seats: a snapshot first, then deltas. A lost connection resumes where it left off. Resolves when the
   * signal aborts.
   */
  streamAvailability(
    event: string,
    options: StreamOptions & {
      onSnapshot: (availability: Availability) => void;
      onDelta: (delta: AvailabilityDelta) => void;
    },
  ): Promise<void>;

  createEvent(token: string, event: unknown): Promise<Event>;
  getReport(event: string, token: string): Promise<Report>;
  pauseOnsale(event: string, token: string): Promise<Event>;
  resumeOnsale(event: string, token: string): Promise<Event>;
  changeOnsale(event: string, token: string, change: ChangeOnsale): Promise<Event>;
  /** Changes what an event tells about itself. */
  changeEvent(event: string, token: string, change: ChangeEvent): Promise<Event>;
  /** Shows a draft to everybody, for good. */
  publishEvent(event: string, token: string): Promise<Event>;
  /** @param reason at most 100 characters */
  blockSeats(event: string, token: string, seats: string[], reason?: string): Promise<SeatList>;
  /** The seats that are kept back, in plan order, and why. */
  listBlocks(event: string, token: string): Promise<SeatBlock[]>;
  unblockSeats(event: string, token: string, seats: string[]): Promise<void>;
  /** Finds orders; all that is asked for must be true of them. */
  listOrders(event: string, token: string, wanted?: FindOrders): Promise<OrderPage>;
  exportOrders(event: string, token: string): Promise<Blob>;
  /**
   * Takes some of a confirmed order's tickets back: they are void and their seats free at once, and their money follows.
   * @param idempotencyKey one of its own if left out
   */
  refundTickets(
    event: string,
    token: string,
    order: string,
    part: RefundTickets,
    idempotencyKey?: string,
  ): Promise<Order>;
  /** What a buyer has of the event: place in line, pass, holds, the newest orders. */
  getBuyer(event: string, token: string, buyer: string): Promise<Buyer>;
  /** What the organizers did, newest first. */
  listAudit(event: string, token: string): Promise<AuditEntry[]>;
  /** What is owed, day by day; days as `2027-03-01`. */
  getSettlement(event: string, token: string, period?: { from?: string; to?: string }): Promise<Settlement>;
  exportSettlement(event: string, token: string, period?: { from?: string; to?: string }): Promise<Blob>;
  listWebhookEndpoints(token: string): Promise<WebhookEndpoint[]>;
  createWebhookEndpoint(token: string, endpoint: { url: string; types: string[] }): Promise<NewWebhookEndpoint>;
  deleteWebhookEndpoint(token: string, endpoint: string): Promise<void>;
  /** The secret before signs beside the new one for another day. */
  rotateWebhookSecret(token: string, endpoint: string): Promise<{ secret: string }>;
  switchOnWebhookEndpoint(token: string, endpoint: string): Promise<WebhookEndpoint>;
  /** Newest first. */
  listWebhookDeliveries(
    token: string,
    endpoint: string,
    page?: { before?: string; limit?: number },
  ): Promise<WebhookDeliveries>;
  /** Sends a message once more, under the same id. */
  redeliverWebhook(token: string, endpoint: string, delivery: string): Promise<void>;
  /**
   * The state of a sale at the end of every second or minute, oldest first, as far back as the server keeps it: an hour
   * by the second, 31 days by the minute. After a restart the first answer may take a while.
   */
  getTimeline(
    event: string,
    token: string,
    part?: { from?: string; to?: string; step?: 1 | 60 },
  ): Promise<Timeline>;
  /** What happened to an order, step by step, in English words. */
  getOrderStory(event: string, token: string, order: string): Promise<Story>;

  checkIn(event: string, token: string, barcode: string): Promise<CheckedIn>;
  /** The same for a ticket that was found by hand. */
  checkInTicket(event: string, token: string, ticket: string): Promise<CheckedIn>;
  /** Finds tickets by one of the three. */
  findTickets(
    event: string,
    token: string,
    by: { seat: string } | { email: string } | { order: string },
  ): Promise<DoorTickets>;
  getDoor(event: string, token: string): Promise<DoorCounts>;
  /** Says whose token it is. */
  getCaller(token: string): Promise<Caller>;
  /** Those in use before those that are revoked. */
  listAccounts(token: string): Promise<Account[]>;
  createAccount(token: string, account: { name: string; role: StaffRole }): Promise<NewAccount>;
  /** The token before ends. */
  renewAccountToken(token: string, account: string): Promise<NewAccount>;
  revokeAccount(token: string, account: string): Promise<void>;
  /** The tickets that no longer admit anyone. */
  listVoidTickets(event: string, token: string): Promise<string[]>;
  /** The keys for verifying barcodes offline. */
  getKeys(): Promise<BarcodeKey[]>;
}

/**
 * A refusal by the server (RFC 9457) as an error.
 *
 * Branch on `slug`, the last part of the problem's type (`seats-unavailable`, `not-admitted` …). When no answer arrives
 * it is `unreachable`.
 */
export class Problem extends Error {
  constructor(body: ProblemBody, retryAfterSeconds?: number | undefined);
  body: ProblemBody;
  status: number;
  slug: string;
  /** How long the server asks clients to wait. */
  retryAfterSeconds: number | undefined;
  /** Whether retrying the same request may succeed: nothing has been decided yet. */
  get isPassing(): boolean;
  /** @param error whatever `fetch` threw */
  static unreachable(error: unknown): Problem;
  /** @param response a response that is not ok */
  static from(response: Response): Promise<Problem>;
}

/** The states of an event's seats, kept current by applying the availability stream. */
export class SeatStates {
  version: number | undefined;
  /** One character code per seat, in plan order. */
  codes: Uint8Array;
  /** Free places by area name. */
  areas: Map<string, number>;
  replace(availability: Availability): void;
  /** @returns indexes of the seats that changed */
  apply(delta: AvailabilityDelta): number[];
  stateOf(index: number): string;
  get freeSeats(): number;
}

/** Parses a stream of server-sent events (WHATWG HTML, 9.2.6). */
export class EventStreamParser {
  /** How long the server last asked clients to wait before reconnecting. */
  retryMilliseconds: number | undefined;
  /**
   * @param text the next chunk, of any size
   * @returns the events that are now complete
   */
  feed(text: string): StreamEvent[];
}
