/**
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {Record<string, unknown>} Attributes
 */

/**
 * Makes an element. Text is text, never markup, so nothing that comes from outside can become any; the pages' policy
 * (Trusted Types) has the browser insist on it.
 *
 * `on…` attributes take listeners, `class` a string or a list with falsy parts left out; `true` sets an attribute,
 * `false`, `null` and `undefined` leave it away; `dataset` takes an object.
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
 * The same for SVG.
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
 * Shows children instead of those before. Where the same nodes stay, they are left alone, with focus and scrolling.
 * @param {Element} parent @param {...(Child | Child[])} children
 */
export function show(parent, ...children) {
  const wanted = nodes(children);
  const isSame =
    wanted.length === parent.childNodes.length && wanted.every((node, index) => node === parent.childNodes[index]);
  if (!isSame) parent.replaceChildren(...wanted);
}

/**
 * Changes a text only if it is another: screen readers speak again what is set again.
 * @param {Node} node @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
