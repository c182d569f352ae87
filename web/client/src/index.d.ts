import type {
  AuditEntry,
  Availability,
  AvailabilityDelta,
  BarcodeKey,
  CheckIn,
  EventDetail,
  EventSummary,
  Hold,
  HoldRequest,
  MyOrderPage,
  Order,
  OrderPage,
  OrderState,
  Pass,
  Place,
  ProblemBody,
  Report,
  Room,
  SeatingPlan,
  Session,
  StreamEvent,
} from "./types.js";

export * from "./types.js";

// A test compares what stands here with what TypeScript reads from the modules themselves.

export interface ClientOptions {
  /** Where the server is; in a page, its own by default. */
  baseURL?: string;
  fetch?: typeof globalThis.fetch;
  /** How long an answer is waited for; 15 by default. */
  timeoutSeconds?: number;
  /** Sent with every request. */
  headers?: Record<string, string>;
}

export interface StreamOptions {
  /** Ends it. */
  signal: AbortSignal;
  /** Told when the stream comes and goes. */
  onConnection?: (isConnected: boolean, problem?: Problem) => void;
}

/** The HTTP contract of one Onsale server. Every method rejects with a `Problem`, and with nothing else. */
export class OnsaleClient {
  constructor(options?: ClientOptions);

  events(): Promise<EventSummary[]>;
  event(event: string): Promise<EventDetail>;
  seatingPlan(event: string): Promise<SeatingPlan>;
  availability(event: string): Promise<Availability>;

  createSession(email: string): Promise<Session>;
  /** Joins the line; gives the same place again to whoever has one. */
  join(event: string, session: string, headers?: Record<string, string>): Promise<Place>;
  room(event: string): Promise<Room>;
  /** Asks for the pass of a place in the line. The ticket alone is worth nothing: the session must be its buyer's. */
  claimPass(event: string, session: string, ticket: string): Promise<Pass>;
  giveUpPass(event: string, pass: string): Promise<void>;

  hold(event: string, pass: string, wanted: HoldRequest, idempotencyKey?: string): Promise<Hold>;
  getHold(event: string, pass: string, hold: string): Promise<Hold>;
  release(event: string, pass: string, hold: string): Promise<void>;
  /** Places an order. The same key gives the same order again, so after a lost answer it is simply repeated. */
  order(
    event: string,
    pass: string,
    order: { hold: string; method: string; idempotencyKey: string; waitSeconds?: number },
  ): Promise<Order>;
  getOrder(event: string, token: string, order: string): Promise<Order>;
  cancelOrder(event: string, token: string, order: string): Promise<Order>;
  /** A buyer's orders, of every event, a page at a time. */
  myOrders(session: string, page?: { after?: string; limit?: number }): Promise<MyOrderPage>;
  /** A ticket's barcode as a QR code: an SVG. */
  qrCode(event: string, token: string, order: string, ticket: string): Promise<Blob>;

  /**
   * The waiting room, at once and whenever it changes. With a ticket its holder is present meanwhile. Settles when the
   * signal aborts; a connection that was lost is opened again.
   */
  roomStream(
    event: string,
    options: StreamOptions & { ticket?: string; onRoom: (room: Room) => void },
  ): Promise<void>;
  /**
   * The seats, at first whole and then as they change. Settles when the signal aborts; a connection that was lost goes
   * on where it was.
   */
  availabilityStream(
    event: string,
    options: StreamOptions & {
      onSnapshot: (availability: Availability) => void;
      onDelta: (delta: AvailabilityDelta) => void;
    },
  ): Promise<void>;

  createEvent(token: string, event: unknown): Promise<EventDetail>;
  report(event: string, token: string): Promise<Report>;
  pause(event: string, token: string): Promise<EventDetail>;
  resume(event: string, token: string): Promise<EventDetail>;
  changeOnsale(
    event: string,
    token: string,
    change: { maxActiveShoppers?: number; lobbyOpensAt?: string | null; opensAt?: string; closesAt?: string | null },
  ): Promise<EventDetail>;
  block(event: string, token: string, seats: string[]): Promise<{ seats: string[] }>;
  unblock(event: string, token: string, seats: string[]): Promise<void>;
  orders(
    event: string,
    token: string,
    page?: { state?: OrderState; after?: string; limit?: number },
  ): Promise<OrderPage>;
  ordersCSV(event: string, token: string): Promise<Blob>;
  /** What the organizers have done, the newest first. */
  audit(event: string, token: string): Promise<AuditEntry[]>;

  checkIn(event: string, token: string, barcode: string): Promise<CheckIn>;
  /** The tickets that count no more. */
  voidTickets(event: string, token: string): Promise<string[]>;
  /** With which barcodes are checked offline. */
  barcodeKeys(): Promise<BarcodeKey[]>;
}

/**
 * A refusal of the server's: RFC 9457, as an error.
 *
 * `slug` is the last part of its type (`seats-unavailable`, `not-admitted` …), the one thing to decide by. An answer
 * that never came has the slug `unreachable`.
 */
export class Problem extends Error {
  constructor(body: ProblemBody, retryAfterSeconds?: number | undefined);
  body: ProblemBody;
  status: number;
  slug: string;
  /** How long the server asks to be left alone. */
  retryAfterSeconds: number | undefined;
  /** Whether the same request may well be answered later: nothing was decided. */
  get isPassing(): boolean;
  /** @param error what `fetch` threw */
  static unreachable(error: unknown): Problem;
  /** @param response one that is not ok */
  static from(response: Response): Promise<Problem>;
}

/** The states of an event's seats, kept by applying what the stream says. */
export class SeatStates {
  version: number | undefined;
  /** One character code a seat, in plan order. */
  codes: Uint8Array;
  /** How many are free in each area. */
  areas: Map<string, number>;
  replace(availability: Availability): void;
  /** @returns the seats that have changed */
  apply(delta: AvailabilityDelta): number[];
  stateOf(index: number): string;
  get freeSeats(): number;
}

/** Takes a stream of server-sent events apart (WHATWG HTML, 9.2.6). */
export class EventStreamParser {
  /** How long to wait before coming back, as the server last asked, in milliseconds. */
  retryMilliseconds: number | undefined;
  /**
   * @param text the next piece, of any size
   * @returns the events that are whole now
   */
  feed(text: string): StreamEvent[];
}
