/**
 * The HTTP contract's shapes, under the names they have in `/openapi.json`. Times are RFC 3339 strings; money is in
 * minor units of the currency.
 */

export type OnsalePhase = "scheduled" | "lobby" | "open" | "paused" | "soldOut" | "closed";

export interface Price {
  category: string;
  amount: number;
}

export interface Onsale {
  phase: OnsalePhase;
  /** Null: no lobby. */
  lobbyOpensAt: string | null;
  opensAt: string;
  /** Null: never. */
  closesAt: string | null;
  waitingRoom: boolean;
  maxActiveShoppers: number;
  passSeconds: number;
  /** How long a pass lasts while its holder has no hold and no order in progress. */
  passIdleSeconds: number;
  /** How long after being called a passed-over place can still return to the front; later it goes to the end. */
  frontSeconds: number;
}

export interface Limits {
  ticketsPerBuyer: number;
  holdSeconds: number;
  preventOrphans: boolean;
}

/** A standing area. */
export interface Area {
  name: string;
  capacity: number;
  category: string;
}

export interface EventSummary {
  id: string;
  title: string;
  /** Empty when none was given. */
  venue: string;
  startsAt: string;
  currency: string;
  prices: Price[];
  /** A draft is seen by organizers alone. */
  state: "draft" | "published";
  posterURL?: string;
  /** IANA's name of the venue's time zone. */
  timeZone?: string;
  onsale: Onsale;
}

export interface Event extends EventSummary {
  areas: Area[];
  limits: Limits;
  capacity: number;
  /** Where the organizer or the plan has the stage, in the plan's coordinates. */
  stage?: { x: number; y: number };
  description?: string;
  /** In years. */
  ageLimit?: number;
  runningMinutes?: number;
  /** On which orders can be cancelled, and what else buyers must know. */
  terms?: string;
}

/**
 * What to change; a member left out stays as it is, and null takes it away, where it can be. Prices and limits are for
 * the holds that follow, and null leaves them as they are.
 */
export interface ChangeEvent {
  title?: string | null;
  description?: string | null;
  posterURL?: string | null;
  ageLimit?: number | null;
  runningMinutes?: number | null;
  terms?: string | null;
  /** Of the categories whose price changes. */
  prices?: Price[] | null;
  limits?: { [Limit in keyof Limits]?: Limits[Limit] | null } | null;
}

/** What to change; a member left out stays as it is, and so does a null `opensAt` or `maxActiveShoppers`. */
export interface ChangeOnsale {
  lobbyOpensAt?: string | null;
  opensAt?: string | null;
  closesAt?: string | null;
  maxActiveShoppers?: number | null;
}

export interface Session {
  token: string;
  buyer: string;
  expiresAt: string;
}

/** A code of six digits is on its way to the address. */
export interface CodeMailed {
  /** Until when it can be used. */
  expiresAt: string;
}

/** An address that is told what happens. */
export interface WebhookEndpoint {
  id: string;
  url: string;
  types: string[];
  createdAt: string;
  /** Failed attempts since the last success. */
  failures: number;
  /** Why nothing is sent; null while it is on. */
  switchedOff: "gone" | "failing" | "backlog" | null;
}

/** One that was just added; its secret is not told again. */
export interface NewWebhookEndpoint extends WebhookEndpoint {
  secret: string;
}

export interface WebhookAttempt {
  number: number;
  at: string;
  milliseconds: number;
  outcome: string;
  status: number | null;
  answer: string;
}

export interface WebhookDelivery {
  /** Its `webhook-id`. */
  id: string;
  type: string;
  state: "pending" | "sending" | "delivered" | "exhausted";
  createdAt: string;
  dueAt: string | null;
  /** The newest ones, the oldest of them first. */
  attempts: WebhookAttempt[];
}

export interface WebhookDeliveries {
  deliveries: WebhookDelivery[];
  /** `before` of the next page; null on the last. */
  next: string | null;
}

/** A day of a settlement, in minor units. */
export interface SettlementDay {
  day: string;
  gross: number;
  fees: number;
  refunds: number;
  disputes: number;
  net: number;
  provider: number;
  difference: number;
}

export interface SettlementDifference {
  name: "missingAtProvider" | "unknownToUs" | "amountDiffers" | "currencyDiffers" | "twice" | "late";
  day: string;
  order: string | null;
  payment: string | null;
  kind: string | null;
  expected: number | null;
  listed: number | null;
  currency: string | null;
  line: string | null;
}

export interface Settlement {
  currency: string;
  days: SettlementDay[];
  differences: SettlementDifference[];
}

/** The parts of pretix's open seating-plan format that are used here; the contract itself lists fewer. */
export interface SeatingPlan {
  name?: string | null;
  size?: { width: number; height: number };
  categories: { name: string; color?: string }[];
  zones: PlanZone[];
}

export interface Position {
  x: number;
  y: number;
}

export interface PlanZone {
  name?: string;
  position?: Position | null;
  rows?: PlanRow[] | null;
  areas?: PlanArea[] | null;
}

export interface PlanRow {
  row_number?: string;
  position?: Position | null;
  seats: PlanSeat[];
}

export interface PlanSeat {
  seat_guid: string;
  seat_number?: string;
  position: Position;
  category: string;
}

export interface PlanArea {
  shape?: string;
  position?: Position;
  color?: string;
  border_color?: string;
  text?: string | { text?: string; position?: Position; color?: string; size?: number };
  rectangle?: { width: number; height: number };
  circle?: { radius: number };
  ellipse?: { radius: Position };
  polygon?: { points: Position[] };
  rotation?: number;
}

export interface Availability {
  version: number;
  /** One character per seat in plan order: `.` free, `h` held, `x` sold, `b` blocked. */
  seats: string;
  areas: { name: string; free: number }[];
}

export interface AvailabilityDelta {
  version: number;
  /** The seats that changed. */
  seats: [index: number, state: "." | "h" | "x" | "b"][];
  /** All areas, changed or not. */
  areas: { name: string; free: number }[];
}

export type WaitingRoomPhase = "closed" | "lobby" | "open" | "paused" | "soldOut";

export interface WaitingRoom {
  phase: WaitingRoomPhase;
  opensAt: string;
  /** 0 before the draw. */
  issued: number;
  /** The highest number called so far. */
  admittedThrough: number;
  admittedPerMinute: number;
  activeShoppers: number;
  free: number;
  drawCommitment: string | null;
  /** Null before the draw. */
  drawSeed: string | null;
  lobbySize: number | null;
  entrantsHash: string | null;
}

export interface PlaceTicket {
  ticket: string;
  /** Null before the draw. */
  number: number | null;
  /** Position in the list of lobby entrants, which the draw turns into a number. */
  lobbyIndex?: number;
  phase: WaitingRoomPhase;
}

export interface Pass {
  pass: string;
  expiresAt: string;
}

export interface PriceLine {
  category: string;
  unitAmount: number;
  quantity: number;
}

export interface HoldSeats {
  seats: string[];
}

export interface HoldArea {
  area: string;
  quantity: number;
}

export interface HoldBest {
  best: { category: string; quantity: number };
}

export type CreateHold = HoldSeats | HoldArea | HoldBest;

export interface Hold {
  hold: string;
  /** Empty for an area. */
  seats: string[];
  /** Null for seats. */
  area: string | null;
  quantity: number;
  lines: PriceLine[];
  amount: number;
  currency: string;
  expiresAt: string;
  /** The number, within the event, of the order that pays for it. */
  orderNumber?: number;
}

export type OrderState = "authorizing" | "requires_action" | "confirmed" | "declined" | "expired" | "refunding" | "refunded";

export interface Ticket {
  ticket: string;
  seat?: string;
  area?: string;
  /** Left out for a viewer. */
  barcode?: string;
}

export interface Order {
  order: string;
  event: string;
  state: OrderState;
  /** Whose it is, for organizers. */
  buyer?: string;
  amount: number;
  currency: string;
  placedAt: string;
  declineCode?: string;
  /** Present in `requires_action`: send the buyer to this page; it returns to the order's page. */
  action?: { type: "redirect"; url: string };
  /** Absent until something is refunded. After a partial refund the order stays `confirmed`. */
  refundedAmount?: number;
  /** While it is confirmed: what of it is still to go back. */
  refundingAmount?: number;
  /** The payment is disputed with the provider, and the tickets are void. */
  disputed?: boolean;
  /** The seats it is for, in every state; empty for an area. */
  seats: string[];
  /** Null for seats. */
  area: string | null;
  quantity: number;
  lines: PriceLine[];
  tickets: Ticket[];
}

/** A seat that is kept back from sale. */
export interface SeatBlock {
  seat: string;
  /** Null where none was given. */
  reason: string | null;
  since: string;
}

/** Tickets to take back while the rest of the order stays. */
export interface RefundTickets {
  tickets: string[];
  /** At most 200 characters. */
  reason?: string | null;
}

/** A page of a buyer's own orders. */
export interface OrderList {
  orders: Order[];
  /** `after` of the next page; null on the last. */
  next: string | null;
}

/** An order as the organizer sees it. */
export interface OrganizerOrder extends Order {
  buyer: string;
  /** There if a mail about it came back for good. */
  mailBounced?: true;
}

/** Which of an event's orders to list. */
export interface FindOrders {
  state?: OrderState;
  /** The buyer's address, however it is typed. */
  email?: string;
  /** A seat of the plan. */
  seat?: string;
  /** Oldest first if left out. */
  order?: "newest" | "oldest";
  /** `next` of the page before. */
  after?: string;
  limit?: number;
}

/** A page of an event's orders. */
export interface OrderPage {
  orders: OrganizerOrder[];
  /** `after` of the next page; null on the last. */
  next: string | null;
}

/** What a buyer has of an event. */
export interface Buyer {
  buyer: string;
  /** The newest place in line; null if the buyer never joined. */
  place: BuyerPlace | null;
  /** The pass, while it is alive. */
  pass: { grantedAt: string; expiresAt: string } | null;
  /** Alive, those that an order pays for too. */
  holds: Hold[];
  /** The newest 100, newest first. */
  orders: Order[];
}

export interface BuyerPlace {
  state: "waiting" | "called" | "passedOver" | "admitted" | "spent";
  /** Null before the draw. */
  number: number | null;
  lobbyIndex?: number;
  /** While it waits: how far the line must move. */
  position: number | null;
}

export interface Report {
  capacity: number;
  free: number;
  held: number;
  sold: number;
  blocked: number;
  orders: Record<OrderState, number>;
  currency: string;
  gross: number;
  refunded: number;
  /** Always present + absent. */
  waiting: number;
  /** Of those who wait: seen in the last 30 seconds. */
  present: number;
  absent: number;
  activeShoppers: number;
  categories: CategoryFigures[];
  /** The plan's zones with seats, then the areas. */
  sections: SectionFigures[];
}

export interface SalesFigures {
  capacity: number;
  free: number;
  held: number;
  sold: number;
  blocked: number;
  /** What confirmed orders have brought; what went back is not taken off. */
  gross: number;
}

export interface CategoryFigures extends SalesFigures {
  category: string;
}

export interface SectionFigures extends SalesFigures {
  /** Empty for a zone without a name. */
  section: string;
}

/** How a sale went, with one point for every step. */
export interface Timeline {
  /** Seconds. */
  step: 1 | 60;
  points: TimelinePoint[];
}

/** The state of a sale at the end of a step, or as it is now while the step lasts. */
export interface TimelinePoint {
  /** When the step begins. */
  at: string;
  sold: number;
  held: number;
  free: number;
  gross: number;
  waiting: number;
  activeShoppers: number;
  /** How many orders were in this state; likewise the next two. */
  confirmed: number;
  declined: number;
  expired: number;
}

/** What became of an order. */
export interface Story {
  /** Oldest first; the last ones may say what it waits for. */
  steps: StoryStep[];
}

export interface StoryStep {
  at: string;
  /** A short phrase for the kind of step. */
  what: string;
  /** Sentences in English, times in UTC; may be empty. */
  detail: string;
}

export interface SeatList {
  seats: string[];
}

export interface CheckedIn {
  ticket: string;
  seat?: string;
  area?: string;
  checkedInAt: string;
  /** Who let its holder in, where somebody said. */
  checkedInBy?: string;
}

/** How many are in, of how many. */
export interface DoorCounts {
  /** Valid ones. */
  tickets: number;
  /** Of these, those whose holders are in. */
  checkedIn: number;
}

/** One of the contract's `DoorTickets`. */
export interface DoorTicket {
  ticket: string;
  seat?: string;
  area?: string;
  category: string;
  order: string;
  isVoid: boolean;
  checkedInAt: string | null;
  checkedInBy: string | null;
}

export interface DoorTickets {
  tickets: DoorTicket[];
  isMore: boolean;
}

/**
 * A `viewer` sees everything, a `box-office` deals with buyers, seats kept back and pauses too, an `owner` does
 * everything; a `door` lets people in.
 */
export type StaffRole = "viewer" | "box-office" | "owner" | "door";

/** Whose token it is. */
export interface Caller {
  /** Null for the tokens that are configured, which many may share. */
  id: string | null;
  name: string;
  role: StaffRole;
}

/** One of the staff, or a device at the door. */
export interface Account {
  id: string;
  name: string;
  role: StaffRole;
  createdAt: string;
  createdBy: string;
  /** Within an hour. */
  lastUsedAt: string | null;
  /** Null while it is in use. */
  revokedAt: string | null;
  revokedBy: string | null;
}

/** One whose token was just made. */
export interface NewAccount extends Account {
  /** Not told again. */
  token: string;
}

export interface AccountList {
  /** Those in use before those that are revoked, the newest first. */
  accounts: Account[];
}

/** An entry of the contract's `AuditList`. */
export interface AuditEntry {
  at: string;
  by: string;
  /** The account that proves `by`; left out where nothing does. */
  account?: string;
  action:
    | "created" | "paused" | "resumed" | "onsale-changed" | "blocked" | "unblocked" | "refunded" | "refund-seen" | "dispute-seen"
    | "ineligible" | "edited" | "published" | "tickets-refunded";
  detail: string;
}

/** A public key for verifying barcodes, from the contract's `KeySet`: a JWK (RFC 8037). */
export interface BarcodeKey {
  kty: "OKP";
  crv: "Ed25519";
  use: "sig";
  alg: "EdDSA";
  kid: string;
  x: string;
}

/**
 * The contract's `Problem` (RFC 9457), under another name because `Problem` is the client's error class. `type` and
 * `detail` are looser than in the contract, because the client makes up problems too, and a proxy may answer with less.
 */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail?: string;
  errors?: { pointer: string; detail: string }[];
  unavailable?: string[];
  orphans?: string[];
  limit?: number;
  current?: number;
  checkedInAt?: string;
  checkedInBy?: string;
  role?: StaffRole;
  needs?: StaffRole;
  position?: number | null;
  etaSeconds?: number;
  prefix?: string;
  bits?: number;
  [member: string]: unknown;
}

/** One server-sent event. */
export interface StreamEvent {
  name: string;
  data: string;
  id: string | undefined;
}
