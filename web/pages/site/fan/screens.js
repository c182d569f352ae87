import { isDeclinedTooOften } from "./place.js";
import { beforeView, closedView, soldOutView } from "./views/before.js";
import { calledView, drawingView } from "./views/called.js";
import { checkoutView } from "./views/checkout.js";
import { enterView, spentView } from "./views/enter.js";
import { shopEntrance } from "./views/entrances.js";
import { lineView } from "./views/line.js";
import { lobbyView } from "./views/lobby.js";
import { failedView, payingView } from "./views/paying.js";

/**
 * @typedef {import("../../../client/src/types.js").CreateHold} CreateHold
 * @typedef {import("./journey.js").Step} Step
 */
/** @template Model @typedef {import("./views/parts.js").View<Model>} View */

/**
 * Everything an event's page knows.
 * @typedef {object} Known
 * @property {import("../../../client/src/types.js").Event} event
 * @property {import("../../../client/src/types.js").WaitingRoom} room
 * @property {import("./journey.js").Journey} journey
 * @property {import("./session.js").KeptSession | undefined} session
 * @property {import("../../../client/src/types.js").PlaceTicket | undefined} place
 * @property {string | undefined} seenCommitment the draw's commitment as this browser saw it in the lobby
 * @property {import("./place.js").KeptPass | undefined} pass
 * @property {import("./holds.js").KeptHold[]} holds
 * @property {string | undefined} checkout which hold is being paid
 * @property {import("../../../client/src/types.js").Order | undefined} order
 * @property {import("../../../client/src/index.js").Problem | undefined} trouble why there is no answer yet
 */

/**
 * What a fan can do on an event's page.
 * @typedef {object} Actions
 * @property {() => Promise<void>} enter
 * @property {(wanted: CreateHold) => Promise<void>} hold
 * @property {(id: string) => Promise<void>} release
 * @property {(id: string) => void} startCheckout
 * @property {() => void} leaveCheckout
 * @property {(method: string) => void} pay
 * @property {() => void} tryAgain
 * @property {() => Promise<void>} leaveShop
 */

/**
 * Each step's view and model. A model has only the facts and actions that its view needs.
 * @type {Record<Exclude<Step, "confirming" | "paid">, Screen>}
 */
export const SCREENS = {
  before: screen(beforeView, ({ event, room }) => ({ event, opensAt: room.opensAt })),
  closed: screen(closedView, ({ event }) => ({ event })),
  soldOut: screen(soldOutView, ({ event }) => ({ event })),
  enter: screen(enterView, ({ event, room, journey, session }, page) => ({
    event, opensAt: room.opensAt, phase: journey.phase, session, enter: () => page.enter(),
  })),
  spent: screen(spentView, ({ event, pass, session }, page) => ({
    event, isDeclinedTooOften: isDeclinedTooOften(pass), session, enter: () => page.enter(),
  })),
  lobby: screen(lobbyView, ({ event, room: { opensAt, lobbySize, drawCommitment }, place }) => ({
    event, opensAt, lobbySize, lobbyIndex: place?.lobbyIndex, drawCommitment,
  })),
  drawing: screen(drawingView, ({ event, trouble }) => ({ event, trouble })),
  line: screen(lineView, ({ event, room, place, seenCommitment, journey: { phase, position } }) => ({
    event, room, place, phase, position, seenCommitment,
  })),
  called: screen(calledView, ({ event, trouble }) => ({ event, trouble })),
  shop: screen(shopEntrance, ({ event, journey: { phase, hasPass }, pass, holds }, page) => ({
    event,
    phase,
    hasPass,
    passExpiresAt: pass?.expiresAt,
    holds: holds.map(({ hold }) => hold),
    hold: (wanted) => page.hold(wanted),
    release: (id) => page.release(id),
    startCheckout: (id) => page.startCheckout(id),
    leave: () => page.leaveShop(),
  })),
  checkout: screen(checkoutView, ({ event, holds, checkout }, page) => {
    const { hold, declined, was } = certain(holds.find((entry) => entry.hold.hold === checkout));
    return {
      event,
      hold,
      declined,
      was: was ?? [],
      pay: (method) => page.pay(method),
      leave: () => page.leaveCheckout(),
      release: () => page.release(hold.hold),
    };
  }),
  paying: screen(payingView, ({ event, order, trouble }) => ({ event, isPlaced: order !== undefined, trouble })),
  failed: screen(failedView, ({ event, order, journey }, page) => ({
    event, order: certain(order), canShop: journey.hasPass, tryAgain: () => page.tryAgain(),
  })),
};

/**
 * A view and how to make its model. `screen` checks that the two fit, so this type need not.
 * @typedef {{ view: (model: any) => View<any>, model: (known: Known, page: Actions) => any }} Screen
 */

/**
 * @template Model
 * @param {(model: Model) => View<Model>} view
 * @param {(known: Known, page: Actions) => Model} model
 * @returns {Screen}
 */
function screen(view, model) {
  return { view, model };
}

/**
 * Unwraps a value that the journey guarantees for the step.
 * @template Value @param {Value | undefined} value @returns {Value}
 */
function certain(value) {
  if (value === undefined) throw new Error("The journey has led to a step without what that step needs.");
  return value;
}
