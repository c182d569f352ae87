/**
 * @typedef {import("../../../client/src/types.js").EventDetail} EventDetail
 * @typedef {import("../../../client/src/types.js").Room} Room
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("../../../client/src/types.js").OnsalePhase} OnsalePhase
 */

/**
 * What is known of one fan at one event.
 * @typedef {object} Facts
 * @property {EventDetail} event
 * @property {Room} room
 * @property {number} now by the server's clock, in milliseconds
 * @property {{ number: number | null } | undefined} place
 * @property {boolean} isSpent whether a place was had and its pass has ended
 * @property {{ expiresAt: string } | undefined} pass
 * @property {{ id: string, expiresAt: string, isSent: boolean }[]} holds those that live, and those being paid for
 * @property {string | undefined} checkout the hold that is to be paid now
 * @property {Order | undefined} order what became of it
 */

/**
 * @typedef {"before" | "closed" | "soldOut" | "enter" | "lobby" | "drawing" | "line" | "called" | "shop" | "spent"
 *   | "checkout" | "paying" | "confirming" | "paid" | "failed"} Step
 */

/**
 * @typedef {object} Journey
 * @property {Step} step the one screen that is to be seen
 * @property {OnsalePhase} phase
 * @property {number} position how many numbers until one's own, in the line
 * @property {boolean} hasPass whether new seats may be held
 * @property {"place" | "pass" | null} needs what is to be asked of the server
 */

/**
 * Where a fan stands. The one place that decides it: no view knows any other.
 * @param {Facts} facts
 * @returns {Journey}
 */
export function journey(facts) {
  const { event, room, now, place, order } = facts;
  const phase = phaseOf(event, room, now);
  const hasPass = facts.pass !== undefined && Date.parse(facts.pass.expiresAt) > now;
  const position = place?.number == null ? 0 : Math.max(0, place.number - room.admittedThrough);
  /** @param {Step} step @param {Journey["needs"]} [needs] @returns {Journey} */
  const at = (step, needs = null) => ({ step, phase, position, hasPass, needs });

  // Money comes first: whatever the sale does, a payment that was sent is followed to its end.
  if (order) {
    if (order.state === "authorizing") return at("paying");
    if (order.state === "requires_action") return at("confirming");
    return at(order.state === "declined" || order.state === "expired" ? "failed" : "paid");
  }
  const paying = facts.holds.find((hold) => hold.id === facts.checkout);
  if (paying?.isSent) return at("paying");
  if (paying && Date.parse(paying.expiresAt) > now) return at("checkout");

  // What is held is held, even when the pass or the sale has ended.
  if (hasPass || facts.holds.length > 0) return at("shop");

  if (phase === "closed") return at("closed");
  if (facts.isSpent) return at("spent");
  if (phase === "scheduled") return at("before");
  if (!place) {
    if (phase === "soldOut") return at("soldOut");
    return phase === "lobby" && !event.onsale.waitingRoom ? at("before") : at("enter");
  }
  if (!event.onsale.waitingRoom) {
    if (phase === "lobby") return at("before");
    return at("called", "pass");
  }
  if (phase === "lobby") return at("lobby");
  if (place.number === null) return at("drawing", "place");
  if (phase === "soldOut" || phase === "paused" || position > 0) return at("line");
  return at("called", "pass");
}

/**
 * The phase, of what the room says and the event's times: a room calls `closed` both what has not begun and what is
 * over.
 *
 * @param {EventDetail} event @param {Room} room @param {number} now
 * @returns {OnsalePhase}
 */
export function phaseOf(event, room, now) {
  if (room.phase !== "closed") return room.phase;
  if (event.onsale.phase === "closed") return "closed";
  const { closesAt } = event.onsale;
  return closesAt !== null && Date.parse(closesAt) <= now ? "closed" : "scheduled";
}

/**
 * What to count down to, before there is anything to do.
 * @param {EventDetail["onsale"]} onsale @param {number} now
 * @returns {{ kind: "lobby" | "opening", at: string }}
 */
export function nextMoment(onsale, now) {
  const { lobbyOpensAt, opensAt } = onsale;
  if (onsale.waitingRoom && lobbyOpensAt !== null && Date.parse(lobbyOpensAt) > now) {
    return { kind: "lobby", at: lobbyOpensAt };
  }
  return { kind: "opening", at: opensAt };
}
