/**
 * A refusal by the server (RFC 9457) as an error.
 *
 * Branch on `slug`, the last part of the problem's type (`seats-unavailable`, `not-admitted` …). When no answer arrives
 * it is `unreachable`.
 */
export class Problem extends Error {
  /**
   * @param {import("./types.js").ProblemBody} body
   * @param {number | undefined} [retryAfterSeconds]
   */
  constructor(body, retryAfterSeconds) {
    super(body.detail ?? body.title);
    this.name = "Problem";
    this.body = body;
    this.status = body.status;
    this.slug = body.type.slice(body.type.lastIndexOf("/") + 1);
    /** How long the server asks clients to wait. */
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether retrying the same request may succeed: nothing has been decided yet. */
  get isPassing() {
    return this.slug === "unreachable" || this.status === 429 || this.status >= 500;
  }

  /** @param {unknown} error whatever `fetch` threw */
  static unreachable(error) {
    const detail = error instanceof Error ? error.message : String(error);
    return new Problem({ type: "/problems/unreachable", title: "The server can't be reached.", status: 0, detail });
  }

  /** @param {Response} response a response that is not ok */
  static async from(response) {
    /** @type {Partial<import("./types.js").ProblemBody> | null} */
    let body;
    try {
      body = await response.json();
    } catch {
      body = null;
    }
    const retryAfter = Number(response.headers.get("retry-after"));
    const isProblem = typeof body === "object" && body !== null && typeof body.type === "string";
    const known = isProblem
      ? /** @type {import("./types.js").ProblemBody} */ (body)
      : { type: "about:blank", title: response.statusText || "The server refused.", status: response.status };
    return new Problem({ ...known, status: response.status }, retryAfter > 0 ? retryAfter : undefined);
  }
}
