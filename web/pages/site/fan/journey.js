/**
 * @typedef {import("../../../client/src/types.js").Event} Event
 * @typedef {import("../../../client/src/types.js").WaitingRoom} WaitingRoom
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("../../../client/src/types.js").OnsalePhase} OnsalePhase
 */

/**
 * The facts about one fan at one event.
 * @typedef {object} Facts
 * @property {Event} event
 * @property {WaitingRoom} room
 * @property {number} now by the server's clock, in milliseconds
 * @property {{ number: number | null } | undefined} place
 * @property {boolean} isSpent whether the fan had a place and its pass has ended
 * @property {{ expiresAt: string } | undefined} pass
 * @property {{ id: string, expiresAt: string, isSent: boolean }[]} holds live ones, and those being paid for
 * @property {string | undefined} checkout the hold being checked out
 * @property {Order | undefined} order the order that pays for it
 */

/**
 * @typedef {"before" | "closed" | "soldOut" | "enter" | "lobby" | "drawing" | "line" | "called" | "shop" | "spent"
 *   | "checkout" | "paying" | "confirming" | "paid" | "failed"} Step
 */

/**
 * @typedef {object} Journey
 * @property {Step} step the one screen to show
 * @property {OnsalePhase} phase
 * @property {number} position how many numbers are ahead in the line
 * @property {boolean} hasPass whether new seats may be held
 * @property {"place" | "pass" | null} needs what to request from the server
 */

/**
 * Where a fan stands. This function alone decides it; views only know their own step.
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

  // Money comes first: a payment that was sent is followed to its end, whatever the sale does.
  if (order) {
    if (order.state === "authorizing") return at("paying");
    if (order.state === "requires_action") return at("confirming");
    return at(order.state === "declined" || order.state === "expired" ? "failed" : "paid");
  }
  const paying = facts.holds.find((hold) => hold.id === facts.checkout);
  if (paying?.isSent) return at("paying");
  if (paying && Date.parse(paying.expiresAt) > now) return at("checkout");

  // Holds remain valid even when the pass or the sale has ended.
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
 * The phase, from the room and the event's times: the room says `closed` both before the sale begins and after it ends.
 *
 * @param {Event} event @param {WaitingRoom} room @param {number} now
 * @returns {OnsalePhase}
 */
export function phaseOf(event, room, now) {
  if (room.phase !== "closed") return room.phase;
  if (event.onsale.phase === "closed") return "closed";
  const { closesAt } = event.onsale;
  return closesAt !== null && Date.parse(closesAt) <= now ? "closed" : "scheduled";
}

/**
 * What to count down to while there is nothing to do yet.
 * @param {import("../../../client/src/types.js").Onsale} onsale @param {number} now
 * @returns {{ kind: "lobby" | "opening", at: string }}
 */
export function nextMoment(onsale, now) {
  const { lobbyOpensAt, opensAt } = onsale;
  if (onsale.waitingRoom && lobbyOpensAt !== null && Date.parse(lobbyOpensAt) > now) {
    return { kind: "lobby", at: lobbyOpensAt };
  }
  return { kind: "opening", at: opensAt };
}
