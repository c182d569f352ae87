import itertools

import stations
from accessibility import breaches
from harness import BrowserTest

LOOKS = list(itertools.product(["ko", "en"], ["light", "dark"]))


class AccessibilityTest(BrowserTest):
    """Checks a page in every state, in both languages, light and dark, and at 320 px."""

    def check(self, walk):
        for number, (language, scheme) in enumerate(LOOKS):
            page = self.page(locale={"ko": "ko-KR", "en": "en-US"}[language], scheme=scheme)
            for state in walk(page, number):
                with self.subTest(language=language, scheme=scheme, state=state):
                    self.assertEqual(breaches(page, language), [])
            page.close()


class MailedCode(AccessibilityTest):
    environment = {"ONSALE_LOGIN": "mail"}

    def test_code(self):
        self.check(lambda page, number: stations.code(page, self.server, f"checked{number}@example.com"))


class Accessibility(AccessibilityTest):
    @classmethod
    def prepare(cls):
        cls.last_in_line = stations.prepare(cls.server)
        cls.tickets = stations.sell(cls.server)

    def test_fan(self):
        self.check(
            lambda page, number: stations.fan(page, self.server.url, f"checked{number}@example.com", self.last_in_line)
        )

    def test_organizer(self):
        self.check(lambda page, number: stations.organizer(page, self.server.url))

    def test_viewer(self):
        self.check(lambda page, number: stations.viewer(page, self.server))

    def test_door(self):
        self.check(lambda page, number: stations.door(page, self.server.url, self.tickets[number]["barcode"]))

    def test_the_checks_find_breaches(self):
        page = self.page()
        page.goto(self.server.url + "/")
        page.locator("main a").first.wait_for()
        page.evaluate(
            """() => {
              const make = (name, attributes, text = "") => {
                const element = document.createElement(name);
                for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
                element.textContent = text;
                document.querySelector("main").append(element);
                return element;
              };
              make("button", {});
              make("img", {});
              make("input", { tabindex: "3" });
              make("h1", { id: "twice" }, "Another");
              make("h4", { id: "twice" }, "Deep");
              make("nav", {}, "Unnamed");
              make("p", { "aria-describedby": "nowhere" }, "Pale").style.setProperty("color", "#999");
              make("button", { "aria-label": "small" }).style.setProperty("all", "unset");
              make("div", {}, "Wide").style.setProperty("width", "900px");
            }"""
        )
        found = "\n".join(breaches(page, "ko"))
        for rule in [
            "a control without a name",
            "an image without alt",
            "a field without a label",
            "a positive tabindex",
            "2 h1",
            "h4 after h1",
            "an id twice",
            "navigation without a name",
            "aria-describedby leads nowhere",
            "contrast ",
            "a target of",
            "focus is not visible",
            "lang is en",
            "px wide at 320",
        ]:
            self.assertIn(rule, found)
