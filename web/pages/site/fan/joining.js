import { Problem } from "../../../client/src/index.js";
import { client } from "./api.js";
import { solve } from "./proof.js";

/**
 * Joins the line, solving the proof-of-work challenge that a server may set to keep bots away.
 * @param {string} event @param {string} session @param {AbortSignal} signal
 * @returns {Promise<import("../../../client/src/types.js").PlaceTicket>}
 */
export async function join(event, session, signal) {
  try {
    return await client.joinWaitingRoom(event, session);
  } catch (error) {
    if (!(error instanceof Problem) || error.slug !== "challenge-required") throw error;
    const proof = await solve(String(error.body["prefix"]), Number(error.body["bits"]), signal);
    return client.joinWaitingRoom(event, session, { "onsale-proof": proof });
  }
}
