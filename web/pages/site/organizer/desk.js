import { OnsaleClient, Problem } from "../../../client/src/index.js";
import { Kept } from "../lib/storage.js";

/**
 * Who works here: the organizer's token, and the name under which the audit list will show what they did.
 * @typedef {{ token: string, name: string }} Session
 */

/** @param {any} value @returns {value is Session} */
const isSession = (value) =>
  typeof value?.token === "string" && value.token !== "" && typeof value.name === "string" && value.name !== "";

/** @param {string} name @returns {Record<string, string>} a header can carry ASCII alone */
export const actorHeaders = (name) => ({ "Onsale-Actor": encodeURIComponent(name) });

/** Where an organizer works: signed in once for this tab, and asked again when the server says so. */
export class Desk {
  #kept = new Kept("organizer.session", isSession, () => sessionStorage);
  #askAgain;
  /** @type {Session | undefined} */
  #session;
  #client;
  /** @type {Promise<void> | undefined} */
  #asking;

  /** @param {(problem: Problem) => Promise<void>} askAgain settles when somebody has signed in again, or out */
  constructor(askAgain) {
    this.#askAgain = askAgain;
    this.#session = this.#kept.get();
    this.#client = new OnsaleClient({ headers: actorHeaders(this.#session?.name ?? "") });
  }

  get session() {
    return this.#session;
  }

  /** For what needs no token: what is public, and its streams. */
  get client() {
    return this.#client;
  }

  /**
   * Takes the token once the server has.
   * @param {string} token @param {string} name
   * @returns {Promise<void>} rejects with the server's `Problem`
   */
  async signIn(token, name) {
    const client = new OnsaleClient({ headers: actorHeaders(name) });
    const [event] = await client.events();
    if (event) await client.report(event.id, token);
    else await askWithoutEvent(client, token);
    this.#session = { token, name };
    this.#client = client;
    this.#kept.set(this.#session);
  }

  signOut() {
    this.#session = undefined;
    this.#kept.set(undefined);
  }

  /**
   * Does what needs the token. A token that counts no more is asked for again and the work then done: a 401 says that
   * nothing was.
   * @template Value
   * @param {(client: OnsaleClient, token: string) => Promise<Value>} work
   * @returns {Promise<Value>}
   */
  async call(work) {
    while (true) {
      const session = this.#session;
      if (!session) throw new Problem({ type: "/problems/unauthenticated", title: "Signed out.", status: 401 });
      try {
        return await work(this.#client, session.token);
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 401) throw error;
        if (this.#session !== session) continue;
        // Many calls may find out at once; one question is enough.
        this.#asking ??= this.#askAgain(error).finally(() => (this.#asking = undefined));
        await this.#asking;
        if (!this.#session) throw error;
      }
    }
  }
}

/**
 * With no event to ask about, an empty one is sent: whoever may create events is told what is missing in it, everybody
 * else that they may not.
 * @param {OnsaleClient} client @param {string} token
 */
async function askWithoutEvent(client, token) {
  try {
    await client.createEvent(token, {});
  } catch (error) {
    if (!(error instanceof Problem) || (error.status !== 422 && error.status !== 400)) throw error;
  }
}
