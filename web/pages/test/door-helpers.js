import { generateKeyPairSync, sign } from "node:crypto";

/** Signs barcodes like the server. */
export class Signer {
  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.privateKey = privateKey;
    const x = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64url");
    this.jwk = { kty: "OKP", crv: "Ed25519", kid: x.slice(0, 8), x };
  }

  barcode(ticket, { event = "night", place = "A-1", header, payload } = {}) {
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const head = encode(header ?? { alg: "EdDSA", kid: this.jwk.kid });
    const body = encode(payload ?? { tkt: ticket, evt: event, plc: place });
    const signature = sign(null, Buffer.from(`${head}.${body}`), this.privateKey).toString("base64url");
    return `${head}.${body}.${signature}`;
  }
}

/** `localStorage` with a chosen capacity, in items. */
export class MemoryStorage {
  #items = new Map();

  constructor(capacity = Infinity) {
    this.capacity = capacity;
  }

  get length() {
    return this.#items.size;
  }

  get characters() {
    let count = 0;
    for (const [name, value] of this.#items) count += name.length + value.length;
    return count;
  }

  key(index) {
    // Indexing into a Map is slow, so cache the names for each size.
    if (this.names?.length !== this.#items.size) this.names = [...this.#items.keys()];
    return this.names[index] ?? null;
  }

  getItem(name) {
    return this.#items.get(name) ?? null;
  }

  setItem(name, value) {
    const isFull = this.#items.size >= this.capacity && !this.#items.has(name);
    if (isFull) throw new DOMException("full", "QuotaExceededError");
    this.#items.set(name, value);
  }

  removeItem(name) {
    this.#items.delete(name);
    this.names = undefined;
  }
}
