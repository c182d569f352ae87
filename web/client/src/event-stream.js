/**
 * Parses a stream of server-sent events (WHATWG HTML, 9.2.6).
 *
 * `EventSource` can only send a token in the URL, where it ends up in logs, so streams are read with `fetch` instead.
 */
export class EventStreamParser {
  #line = "";
  #hasReturn = false;
  #name = "";
  /** @type {string[]} */
  #data = [];
  /** @type {string | undefined} */
  #id;
  /** How long the server last asked clients to wait before reconnecting. */
  retryMilliseconds = /** @type {number | undefined} */ (undefined);

  /**
   * @param {string} text the next chunk, of any size
   * @returns {import("./types.js").StreamEvent[]} the events that are now complete
   */
  feed(text) {
    /** @type {import("./types.js").StreamEvent[]} */
    const events = [];
    for (const piece of text.split(/(\r\n|\r|\n)/)) {
      if (piece === "") continue;
      if (piece !== "\r\n" && piece !== "\r" && piece !== "\n") {
        this.#line += piece;
        this.#hasReturn = false;
        continue;
      }
      // A CRLF split between two chunks is still one line ending.
      const isRest = piece === "\n" && this.#hasReturn && this.#line === "";
      this.#hasReturn = piece === "\r";
      if (!isRest) this.#take(events);
    }
    return events;
  }

  /** @param {import("./types.js").StreamEvent[]} events */
  #take(events) {
    const line = this.#line;
    this.#line = "";
    if (line === "") {
      if (this.#data.length > 0) {
        events.push({ name: this.#name || "message", data: this.#data.join("\n"), id: this.#id });
      }
      this.#name = "";
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const rest = colon < 0 ? "" : line.slice(colon + 1);
    const value = rest.startsWith(" ") ? rest.slice(1) : rest;
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMilliseconds = Number(value);
  }
}
