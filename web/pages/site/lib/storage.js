/**
 * What a page keeps over a reload: JSON under a name. Storage may be full, switched off, or hold what an older version
 * wrote; all of that is the same as nothing kept.
 *
 * @template Value
 */
export class Kept {
  #name;
  #isValid;
  #storage;

  /**
   * @param {string} name @param {(value: any) => value is Value} isValid
   * @param {() => Storage} [storage] `localStorage` is shared by all tabs
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
      // Then it lives as long as the page.
    }
  }

  /** @param {(value: Value | undefined) => void} changed told when another tab has changed it */
  onChange(changed) {
    addEventListener("storage", (event) => {
      if (event.key === this.#name) changed(this.get());
    });
  }
}
