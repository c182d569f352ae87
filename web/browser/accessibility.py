"""Accessibility checks for every page, modelled on axe's rules: names, structure, contrast, targets, focus, reflow."""

# Returns one line per breach: the rule and the element.
CHECK = r"""
(language) => {
  const faults = [];
  const describe = (element) => {
    const id = element.id ? `#${element.id}` : "";
    const classes = typeof element.className === "string" && element.className ? `.${element.className.split(/\s+/).join(".")}` : "";
    const text = (element.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${element.localName}${id}${classes}> ${text}`;
  };
  const fault = (rule, element, more = "") => faults.push(`${rule}: ${element ? describe(element) : ""} ${more}`.trim());
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isShown = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const isReachable = (element) => isShown(element) && !element.closest("[inert]");
  const isHiddenFromEyes = (element) => {
    for (let one = element; one; one = one.parentElement) {
      if (getComputedStyle(one).clipPath === "inset(50%)") return true;
    }
    return false;
  };
  const textOf = (element) => {
    let text = "";
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) text += node.data;
      else if (node.nodeType === Node.ELEMENT_NODE && node.getAttribute("aria-hidden") !== "true") {
        text += node.getAttribute("aria-label") ?? (node.localName === "img" ? node.alt : textOf(node));
      }
    }
    return text.trim();
  };
  const nameOf = (element) => {
    const by = element.getAttribute("aria-labelledby");
    if (by) return by.split(/\s+/).map((id) => document.getElementById(id)).map((one) => (one ? textOf(one) : "")).join(" ").trim();
    const label = element.getAttribute("aria-label");
    if (label) return label.trim();
    if (element.labels?.length) return [...element.labels].map(textOf).join(" ").trim();
    if (["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName)) return (element.title ?? "").trim();
    return textOf(element) || (element.getAttribute("title") ?? "").trim();
  };

  // Names
  const CONTROLS =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=link], [tabindex='0']";
  const controls = all(CONTROLS).filter(isReachable);
  for (const control of controls) if (nameOf(control) === "") fault("a control without a name", control);
  for (const image of all("img")) if (!image.hasAttribute("alt")) fault("an image without alt", image);
  for (const image of all("svg, canvas, [role=img]")) {
    if (isShown(image) && !image.closest("[aria-hidden=true]") && nameOf(image) === "" && !image.closest("button, a, [role=img][aria-label]")) {
      fault("a picture without a name", image);
    }
  }
  for (const field of all("input:not([type=hidden]), select, textarea")) {
    if (isReachable(field) && !field.labels?.length && !field.hasAttribute("aria-label") && !field.hasAttribute("aria-labelledby")) {
      fault("a field without a label", field);
    }
  }
  for (const group of all("[role=group], [role=dialog], [role=alertdialog], dialog[open], table, nav")) {
    const caption = group.localName === "table" ? group.caption?.textContent : "";
    if (isShown(group) && !caption && !group.getAttribute("aria-label") && !group.getAttribute("aria-labelledby")) {
      fault("a group, dialog, table or navigation without a name", group);
    }
  }
  for (const set of all("fieldset")) if (isShown(set) && !set.querySelector(":scope > legend")) fault("a fieldset without a legend", set);

  // Structure
  if (document.documentElement.lang !== language) fault(`lang is ${document.documentElement.lang}`, null);
  if (document.title.trim() === "") fault("no title", null);
  const headings = all("h1, h2, h3, h4, h5, h6").filter(isShown);
  const firsts = headings.filter((heading) => heading.localName === "h1");
  if (firsts.length !== 1) fault(`${firsts.length} h1`, null);
  let before = 0;
  for (const heading of headings) {
    const level = Number(heading.localName[1]);
    if (level > before + 1) fault(`h${level} after h${before}`, heading);
    if (heading.textContent.trim() === "") fault("an empty heading", heading);
    before = level;
  }
  if (all("main").filter(isShown).length !== 1) fault("not one main", null);
  if (all("body > header").length !== 1) fault("not one banner", null);
  const navigations = all("nav").filter(isShown).map((one) => one.getAttribute("aria-label"));
  if (new Set(navigations).size !== navigations.length) fault("two navigations of one name", null);
  for (const element of document.body.children) {
    const isPart = element.matches("header, main, footer, .skip-link, noscript, script, dialog, [aria-live], [role=alert], [role=status], [role=alertdialog]");
    if (!isPart && isShown(element) && element.textContent.trim() !== "" && !element.querySelector("[role=alertdialog]")) {
      fault("content outside the landmarks", element);
    }
  }
  const ids = new Set();
  for (const element of all("[id]")) {
    if (ids.has(element.id)) fault("an id twice", element);
    ids.add(element.id);
  }
  for (const name of ["aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "for", "list"]) {
    for (const element of all(`[${name}]`)) {
      for (const id of element.getAttribute(name).split(/\s+/)) if (!ids.has(id)) fault(`${name} leads nowhere: ${id}`, element);
    }
  }
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) fault("a positive tabindex", element);
  for (const hidden of all("[aria-hidden=true]")) {
    if (hidden.matches(CONTROLS) || hidden.querySelector("a[href], button, input, select, textarea, [tabindex='0']")) {
      fault("a control that is hidden from screen readers", hidden);
    }
  }
  for (const list of all("ul, ol")) for (const item of list.children) if (item.localName !== "li") fault("no li in a list", item);
  for (const item of all("li")) if (!item.parentElement.matches("ul, ol, menu")) fault("li outside a list", item);
  for (const item of all("dt, dd")) if (!item.parentElement.matches("dl, dl > div")) fault("dt or dd outside a dl", item);
  for (const nested of all("a a, a button, button a, button button, label button")) fault("a control in a control", nested);

  // Targets
  const boxOf = (element) => {
    const boxes = [element.getBoundingClientRect(), ...[...(element.labels ?? [])].map((label) => label.getBoundingClientRect())];
    return { width: Math.max(...boxes.map((box) => box.width)), height: Math.max(...boxes.map((box) => box.height)) };
  };
  const isInText = (element) =>
    getComputedStyle(element).display === "inline" &&
    [...element.parentElement.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
  for (const control of controls) {
    if (control.matches(".skip-link") || isInText(control) || (isHiddenFromEyes(control) && !control.labels?.length)) continue;
    const { width, height } = boxOf(control);
    if (width < 24 || height < 24) fault(`a target of ${Math.round(width)}x${Math.round(height)}`, control);
  }

  // Contrast
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const colors = new Map();
  const colorOf = (text) => {
    if (!colors.has(text)) {
      pixel.clearRect(0, 0, 1, 1);
      pixel.fillStyle = text;
      pixel.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
      colors.set(text, [r, g, b, a / 255]);
    }
    return colors.get(text);
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((value, index) => value * a + below[index] * (1 - a));
  const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  const groundOf = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(one);
      if (backgroundImage.includes("gradient") || backgroundImage.includes("url(")) return undefined;
      const color = colorOf(backgroundColor);
      layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), canvas);
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const judge = (element, text) => {
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    if (!ground) return;
    let opacity = 1;
    for (let one = element; one; one = one.parentElement) opacity *= Number(getComputedStyle(one).opacity);
    const [r, g, b, a] = colorOf(style.color);
    const ratio = contrast(over([r, g, b, a * opacity], ground), ground);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5) - 0.005) fault(`contrast ${ratio.toFixed(2)}`, element, `"${text.trim().slice(0, 30)}"`);
  };
  const isOff = (element) => element.closest("[disabled], [aria-disabled=true], [inert]") !== null;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    // Text on the map lies over a picture; a unit test covers the map's own colors.
    if (node.data.trim() === "" || element.closest("svg, .seat-map-stage, noscript, option, .skip-link")) continue;
    if (isShown(element) && !isHiddenFromEyes(element) && !isOff(element)) judge(element, node.data);
  }
  for (const field of all("input, select, textarea")) {
    const isText = !field.matches("[type=checkbox], [type=radio], [type=file]");
    if (isText && isShown(field) && !isOff(field)) judge(field, field.value || field.name);
  }
  for (const text of all("svg text")) {
    const ground = isShown(text) && groundOf(text.closest("svg"));
    if (!ground) continue;
    const ratio = contrast(over(colorOf(getComputedStyle(text).fill), ground), ground);
    if (ratio < 4.495) fault(`contrast ${ratio.toFixed(2)}`, text);
  }
  // The edge is what makes a field visible.
  for (const field of all("input, select, textarea, button")) {
    if (!isShown(field) || isHiddenFromEyes(field) || isOff(field) || field.matches("[type=checkbox], [type=radio], [type=file]")) continue;
    const style = getComputedStyle(field);
    const around = groundOf(field.parentElement);
    if (!field.matches("button") && around && parseFloat(style.borderTopWidth) > 0) {
      const ratio = contrast(over(colorOf(style.borderTopColor), around), around);
      if (ratio < 2.995) fault(`edge contrast ${ratio.toFixed(2)}`, field);
    }
  }
  return faults;
}
"""

# Checks that every Tab stop looks different when focused.
FOCUS = r"""
() => {
  const faults = [];
  const look = (element) => {
    const parts = [element, ...(element.labels ?? []), element.nextElementSibling, element.parentElement].filter(Boolean);
    return parts.map((part) => {
      const style = getComputedStyle(part);
      return [style.outlineStyle === "none" ? "" : `${style.outlineWidth} ${style.outlineColor}`, style.boxShadow].join();
    }).join("|");
  };
  const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")].filter(
    (one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ checkVisibilityCSS: true }) && !one.closest("[inert]"),
  );
  const held = document.activeElement;
  for (const stop of stops) {
    document.activeElement?.blur();
    const before = look(stop);
    stop.focus({ focusVisible: true, preventScroll: true });
    if (document.activeElement !== stop) continue;
    if (look(stop) === before) {
      faults.push(`focus is not visible: <${stop.localName} ${stop.className}> ${(stop.textContent ?? "").trim().slice(0, 40)}`);
    }
  }
  held?.focus?.({ preventScroll: true });
  return faults;
}
"""

REFLOW = r"""
() => {
  const root = document.scrollingElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const wide = [...document.querySelectorAll("body *")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width > 0 && box.right > root.clientWidth + 1 && one.checkVisibility();
  });
  return [`${root.scrollWidth} px wide at ${root.clientWidth}: ${wide.slice(-3).map((one) => `${one.localName}.${one.className}`).join(" ")}`];
}
"""


def breaches(page, language):
    """All breaches of a page in its current state, at its size and on the narrowest screen."""
    found = page.evaluate(CHECK, language) + page.evaluate(FOCUS)
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(120)
    found += ["at 320 px: " + text for text in page.evaluate(REFLOW) + page.evaluate(CHECK, language)]
    page.set_viewport_size(size)
    return list(dict.fromkeys(found))
