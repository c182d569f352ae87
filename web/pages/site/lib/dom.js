/**
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {Record<string, unknown>} Attributes
 */

/**
 * Creates an element. Children are inserted as text, never as markup, so outside input cannot inject any; the pages'
 * Trusted Types policy makes the browser enforce it.
 *
 * `on…` attributes take listeners; `class` takes a string, or a list whose falsy parts are skipped; `dataset` takes an
 * object. `true` sets an attribute; `false`, `null` and `undefined` omit it.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function el(name, attributes, ...children) {
  const element = document.createElement(name);
  setAttributes(element, attributes ?? {});
  element.append(...nodes(children));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * Like `el`, for SVG.
 * @param {string} name @param {Attributes | null} [attributes] @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function svg(name, attributes, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  setAttributes(element, attributes ?? {});
  element.append(...nodes(children));
  return element;
}

/** @param {Element} element @param {Attributes} attributes */
function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name === "class" && Array.isArray(value)) {
      element.setAttribute("class", value.filter(Boolean).join(" "));
    } else if (name === "dataset" && element instanceof HTMLElement) {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
function nodes(children) {
  return children.flat().flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    return [child instanceof Node ? child : String(child)];
  });
}

/**
 * Replaces the children. If they are the same nodes already, leaves them alone to preserve focus and scroll position.
 * @param {Element} parent @param {...(Child | Child[])} children
 */
export function show(parent, ...children) {
  const wanted = nodes(children);
  const isSame =
    wanted.length === parent.childNodes.length && wanted.every((node, index) => node === parent.childNodes[index]);
  if (!isSame) parent.replaceChildren(...wanted);
}

/**
 * Sets a text only if it differs, because screen readers repeat whatever is set again.
 * @param {Node} node @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
