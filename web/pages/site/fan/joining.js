import { Problem } from "../../../client/src/index.js";
import { client } from "./api.js";
import { solve } from "./proof.js";

/**
 * Joins the line, and does the work that a server may ask of each who joins: it keeps crowds of machines away.
 * @param {string} event @param {string} session @param {AbortSignal} signal
 * @returns {Promise<import("../../../client/src/types.js").Place>}
 */
export async function join(event, session, signal) {
  try {
    return await client.join(event, session);
  } catch (error) {
    if (!(error instanceof Problem) || error.slug !== "challenge-required") throw error;
    const proof = await solve(String(error.body["prefix"]), Number(error.body["bits"]), signal);
    return client.join(event, session, { "onsale-proof": proof });
  }
}
