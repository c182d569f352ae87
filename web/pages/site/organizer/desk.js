import { OnsaleClient, Problem } from "../../../client/src/index.js";
import { Kept } from "../lib/storage.js";

/**
 * The organizer's token, and the name under which the audit log records their actions.
 * @typedef {{ token: string, name: string }} Session
 */

/** @param {any} value @returns {value is Session} */
const isSession = (value) =>
  typeof value?.token === "string" && value.token !== "" && typeof value.name === "string" && value.name !== "";

/** @param {string} name @returns {Record<string, string>} encoded because a header can only carry ASCII */
export const actorHeaders = (name) => ({ "Onsale-Actor": encodeURIComponent(name) });

/** @param {Session | undefined} session @returns {OnsaleClient} one that is let in everywhere, to drafts too */
function clientOf(session) {
  return new OnsaleClient({
    headers: { ...actorHeaders(session?.name ?? ""), ...(session && { authorization: `Bearer ${session.token}` }) },
  });
}

/** An organizer's session: signed in once per tab, and again when the server no longer accepts the token. */
export class Desk {
  #kept = new Kept("organizer.session", isSession, () => sessionStorage);
  #askAgain;
  /** @type {Session | undefined} */
  #session;
  #client;
  /** @type {Promise<void> | undefined} */
  #asking;

  /** @param {(problem: Problem) => Promise<void>} askAgain resolves once the user has signed in again, or out */
  constructor(askAgain) {
    this.#askAgain = askAgain;
    this.#session = this.#kept.get();
    this.#client = clientOf(this.#session);
  }

  get session() {
    return this.#session;
  }

  /** For public data and streams, of drafts too. */
  get client() {
    return this.#client;
  }

  /**
   * Signs in once the server has accepted the token.
   * @param {string} token @param {string} name
   * @returns {Promise<void>} rejects with the server's `Problem`
   */
  async signIn(token, name) {
    const client = clientOf({ token, name });
    const [event] = await client.listEvents();
    if (event) await client.getReport(event.id, token);
    else await askWithoutEvent(client, token);
    this.#session = { token, name };
    this.#client = client;
    this.#kept.set(this.#session);
  }

  signOut() {
    this.#session = undefined;
    this.#client = clientOf(undefined);
    this.#kept.set(undefined);
  }

  /**
   * Does work that needs the token. If the token is no longer accepted, asks for a new one and repeats the work, which
   * is safe because a 401 means nothing was done.
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
        // Many calls may fail at once, but the user should only be asked once.
        this.#asking ??= this.#askAgain(error).finally(() => (this.#asking = undefined));
        await this.#asking;
        if (!this.#session) throw error;
      }
    }
  }
}

/**
 * Without an event to ask about, sends an empty one: an organizer is told what is missing in it, and anyone else that
 * they may not create one.
 * @param {OnsaleClient} client @param {string} token
 */
async function askWithoutEvent(client, token) {
  try {
    await client.createEvent(token, {});
  } catch (error) {
    if (!(error instanceof Problem) || (error.status !== 422 && error.status !== 400)) throw error;
  }
}
