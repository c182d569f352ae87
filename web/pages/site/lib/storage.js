/**
 * A value that survives reloads, stored as JSON under a name. Storage that is full, disabled, or holds what an older
 * version wrote counts as empty.
 *
 * @template Value
 */
export class Kept {
  #name;
  #isValid;
  #storage;

  /**
   * @param {string} name @param {(value: any) => value is Value} isValid
   * @param {() => Storage} [storage] defaults to `localStorage`, which all tabs share
   */
  constructor(name, isValid, storage = () => localStorage) {
    this.#name = `onsale.${name}`;
    this.#isValid = isValid;
    this.#storage = storage;
  }

  /** @returns {Value | undefined} */
  get() {
    try {
      const value = JSON.parse(this.#storage().getItem(this.#name) ?? "null");
      return this.#isValid(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  /** @param {Value | undefined} value */
  set(value) {
    try {
      if (value === undefined) this.#storage().removeItem(this.#name);
      else this.#storage().setItem(this.#name, JSON.stringify(value));
    } catch {
      // Not stored, so `get` finds nothing.
    }
  }

  /** @param {(value: Value | undefined) => void} changed called when another tab changes it */
  onChange(changed) {
    addEventListener("storage", (event) => {
      if (event.key === this.#name) changed(this.get());
    });
  }
}
