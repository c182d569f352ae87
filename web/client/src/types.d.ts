/** What the HTTP contract says, as types. Times are RFC 3339 strings, money is in minor units of the currency. */

export type OnsalePhase = "scheduled" | "lobby" | "open" | "paused" | "soldOut" | "closed";

export interface Price {
  category: string;
  amount: number;
}

export interface EventSummary {
  id: string;
  title: string;
  venue: string;
  startsAt: string;
  currency: string;
  prices: Price[];
  onsale: {
    phase: OnsalePhase;
    lobbyOpensAt: string | null;
    opensAt: string;
    closesAt: string | null;
    waitingRoom: boolean;
    maxActiveShoppers: number;
    passSeconds: number;
    /** How long a pass lives whose holder holds and pays nothing. */
    passIdleSeconds?: number;
    /** How long a place that was called and didn't come stands first when it comes back. */
    frontSeconds?: number;
  };
}

export interface EventDetail extends EventSummary {
  areas: { name: string; capacity: number; category: string }[];
  limits: { ticketsPerBuyer: number; holdSeconds: number; preventOrphans: boolean };
  capacity: number;
}

export interface Session {
  token: string;
  buyer: string;
  expiresAt: string;
}

/** pretix's open seating-plan format, as far as it is used. */
export interface SeatingPlan {
  name?: string;
  size?: { width: number; height: number };
  categories: { name: string; color?: string }[];
  zones: PlanZone[];
}

export interface Point {
  x: number;
  y: number;
}

export interface PlanZone {
  name: string;
  position?: Point;
  rows?: PlanRow[];
  areas?: PlanArea[];
}

export interface PlanRow {
  row_number: string;
  position?: Point;
  seats: PlanSeat[];
}

export interface PlanSeat {
  seat_guid: string;
  seat_number: string;
  position: Point;
  category: string;
}

export interface PlanArea {
  shape?: string;
  position?: Point;
  color?: string;
  border_color?: string;
  text?: string | { text?: string; position?: Point; color?: string; size?: number };
  rectangle?: { width: number; height: number };
  circle?: { radius: number };
  ellipse?: { radius: Point };
  polygon?: { points: Point[] };
  rotation?: number;
}

export interface Availability {
  version: number;
  /** One character a seat in plan order: `.` free, `h` held, `x` sold, `b` blocked. */
  seats: string;
  areas: { name: string; free: number }[];
}

export interface AvailabilityDelta {
  version: number;
  seats: [index: number, state: string][];
  areas: { name: string; free: number }[];
}

export interface Room {
  phase: "closed" | "lobby" | "open" | "paused" | "soldOut";
  opensAt: string;
  issued: number;
  admittedThrough: number;
  admittedPerMinute: number;
  activeShoppers: number;
  free: number;
  drawCommitment: string | null;
  drawSeed: string | null;
  lobbySize: number | null;
}

export interface Place {
  ticket: string;
  number: number | null;
  /** Where one stands in the list of the lobby; the draw turns it into a number. */
  lobbyIndex?: number;
  phase: OnsalePhase;
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

export type HoldRequest =
  | { seats: string[] }
  | { area: string; quantity: number }
  | { best: { category: string; quantity: number } };

export interface Hold {
  hold: string;
  seats: string[];
  area: string | null;
  quantity: number;
  lines: PriceLine[];
  amount: number;
  currency: string;
  expiresAt: string;
}

export type OrderState =
  | "authorizing"
  | "requires_action"
  | "confirmed"
  | "declined"
  | "expired"
  | "refunding"
  | "refunded";

/** What the buyer must do before the payment goes on: open the URL, as a page of its own, and come back from there. */
export interface OrderAction {
  type: "redirect";
  url: string;
}

export interface Ticket {
  ticket: string;
  seat?: string;
  area?: string;
  barcode: string;
}

export interface Order {
  order: string;
  event: string;
  state: OrderState;
  amount: number;
  currency: string;
  placedAt: string;
  /** While the order is in `requires_action`. */
  action?: OrderAction;
  declineCode?: string;
  /** What went back, in minor units; the order stays `confirmed` while that is a part. Absent when nothing did. */
  refundedAmount?: number;
  /** The payment is disputed at the provider: the tickets are void. */
  disputed?: boolean;
  lines: PriceLine[];
  tickets: Ticket[];
}

/** A page of a buyer's own orders. */
export interface MyOrderPage {
  orders: Order[];
  /** Where the next page begins; null at the end. */
  next: string | null;
}

/** An order as the organizer sees it. */
export interface OrganizerOrder extends Order {
  buyer: string;
}

export interface OrderPage {
  orders: OrganizerOrder[];
  /** Where the next page begins; null at the end. */
  next: string | null;
}

export interface Report {
  capacity: number;
  free: number;
  held: number;
  sold: number;
  blocked: number;
  orders: Record<OrderState, number>;
  gross: number;
  refunded: number;
  waiting: number;
  activeShoppers: number;
}

export interface CheckIn {
  ticket: string;
  seat?: string;
  area?: string;
  checkedInAt: string;
}

export interface AuditEntry {
  at: string;
  /** Who said that they did it. */
  by: string;
  action: string;
  detail: string;
}

/** A public key of the organizer's, as a JWK (RFC 8037). */
export interface BarcodeKey {
  kty: "OKP";
  crv: "Ed25519";
  x: string;
  kid?: string;
}

/** RFC 9457, with the members that the contract names. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail?: string;
  errors?: { pointer: string; detail: string }[];
  unavailable?: string[];
  position?: number;
  etaSeconds?: number | null;
  [member: string]: unknown;
}

/** One server-sent event. */
export interface StreamEvent {
  name: string;
  data: string;
  id: string | undefined;
}
