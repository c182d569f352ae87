import { addCatalog, language, setLanguage, t } from "./i18n.js";
import { el } from "./dom.js";

addCatalog({
  en: { "frame.skip": "Skip to the content", "frame.language": "한국어", "frame.navigation": "Main" },
  ko: { "frame.skip": "본문으로 건너뛰기", "frame.language": "English", "frame.navigation": "주 메뉴" },
});

/**
 * Builds what surrounds a page: a top bar with links and the language switch, and the content element.
 *
 * @param {object} parts
 * @param {string} parts.home where the brand links to
 * @param {{ href: string, label: string }[]} parts.links
 * @param {() => void} parts.languageChanged called after the other language is chosen
 * @returns {HTMLElement} the empty content element
 */
export function buildFrame({ home, links, languageChanged }) {
  const main = el("main", { class: "page", id: "content", tabindex: "-1" });
  const other = language() === "ko" ? "en" : "ko";
  document.body.replaceChildren(
    el("a", { class: "skip-link", href: "#content" }, t("frame.skip")),
    el(
      "header",
      { class: "top-bar" },
      el("a", { class: "brand", href: home }, "Onsale"),
      el("nav", { class: "row", "aria-label": t("frame.navigation") }, ...links.map(({ href, label }) => el("a", { href }, label))),
      el(
        "button",
        {
          class: "plain",
          lang: other,
          onclick: () => {
            setLanguage(other, { isChosen: true });
            languageChanged();
          },
        },
        t("frame.language"),
      ),
    ),
    main,
  );
  return main;
}
