import { OnsaleClient, Problem } from "../../../client/src/index.js";
import { Kept } from "../lib/storage.js";
import { includes } from "./roles.js";

/**
 * Whose token it is, and the name under which the audit list records what they do. Without an account the token is
 * shared, and the name merely given.
 * @typedef {{ token: string, name: string, role: StaffRole, account: string | null }} Session
 * @typedef {import("../../../client/src/types.js").StaffRole} StaffRole
 */

/** @param {any} value @returns {value is Session} */
const isSession = (value) =>
  typeof value?.token === "string" && value.token !== "" && typeof value.name === "string" && value.name !== "" &&
  includes(value.role, "viewer") && (value.account === null || typeof value.account === "string");

/** Thrown when a shared token needs a name beside it. */
export class NameNeeded extends Error {}

/**
 * @param {Session | undefined} one @param {Session | undefined} other
 * @returns {boolean} whether it is the same person, perhaps with another token
 */
export const isSamePerson = (one, other) =>
  one !== undefined && other !== undefined && one.account === other.account && one.name === other.name;

/** @param {string} name @returns {Record<string, string>} encoded because a header can only carry ASCII */
export const actorHeaders = (name) => ({ "Onsale-Actor": encodeURIComponent(name) });

/**
 * @param {{ token: string, name: string } | undefined} session
 * @returns {OnsaleClient} one that is let in everywhere, to drafts too
 */
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

  /** @param {StaffRole} role @returns {boolean} whether whoever is signed in may do what needs it */
  may(role) {
    return this.#session !== undefined && includes(this.#session.role, role);
  }

  /**
   * Signs in once the server has said whose token it is.
   * @param {string} token @param {string} name for a token that many share
   * @returns {Promise<void>} rejects with the server's `Problem`, or with `NameNeeded`
   */
  async signIn(token, name) {
    const { id, name: own, role } = await clientOf(undefined).getCaller(token);
    if (!includes(role, "viewer")) {
      throw new Problem({ type: "/problems/forbidden", title: "Not for this page.", status: 403, role, needs: "viewer" });
    }
    if (id === null && name === "") throw new NameNeeded();
    this.#take({ token, name: id === null ? name : own, role, account: id });
  }

  /** @param {string} token that replaces the one of whoever is signed in */
  renew(token) {
    if (this.#session) this.#take({ ...this.#session, token });
  }

  signOut() {
    this.#take(undefined);
  }

  /** @param {Session | undefined} session */
  #take(session) {
    this.#session = session;
    this.#client = clientOf(session);
    this.#kept.set(session);
  }

  /**
   * Asks whether the token still holds: what everybody may see, the server shows without.
   * @returns {Promise<void>} never rejects
   */
  async check() {
    await this.call((client, token) => client.getCaller(token)).catch(() => {});
  }

  /**
   * Does work that needs the token. If the token is no longer accepted, asks for a new one and repeats the work, which
   * is safe because a 401 means nothing was done. It isn't repeated for somebody else, in whose name it would be done.
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
        if (this.#session === session) {
          // Many calls may fail at once, but the user should only be asked once.
          this.#asking ??= this.#askAgain(error).finally(() => (this.#asking = undefined));
          await this.#asking;
        }
        if (!isSamePerson(session, this.#session)) throw error;
      }
    }
  }
}
