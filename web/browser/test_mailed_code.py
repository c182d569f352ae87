"""Signing in by a code that is mailed: by typing it, by the mail's link, after a reload, and where the limits are."""

import re

from playwright.sync_api import expect

from harness import PHONE, BrowserTest

expect.set_options(timeout=15_000)


class MailedCode(BrowserTest):
    environment = {"ONSALE_LOGIN": "mail"}

    @classmethod
    def prepare(cls):
        cls.server.create_event("small")

    def ask(self, page, email, path="/orders"):
        """Asks for a code on a page and returns it."""
        page.goto(self.server.url + path)
        page.locator("#email").fill(email)
        page.locator("#email").press("Enter")
        expect(page.locator("#code")).to_be_focused()
        return self.server.newest_code()

    def wrong(self, code):
        return "000000" if code != "000000" else "000001"

    def test_six_digits_sign_in_by_themselves(self):
        page = self.page(device=PHONE)
        code = self.ask(page, "typed@example.com", "/events/small")
        field = page.locator("#code")
        for name, value in {"autocomplete": "one-time-code", "inputmode": "numeric", "pattern": "[0-9]{6}"}.items():
            expect(field).to_have_attribute(name, value)
        expect(page.locator("#code-hint")).to_contain_text("typed@example.com")
        field.fill(self.wrong(code))
        expect(page.locator("#code-error")).to_contain_text("This is not the code")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_be_focused()
        # A paste brings spaces along.
        field.fill(f" {code[:3]} {code[3:]} ")
        expect(page.get_by_role("heading", level=1, name="Choose your seats")).to_be_visible()
        expect(page.locator("footer")).to_contain_text("typed@example.com")

    def test_the_step_outlasts_a_reload_and_another_language(self):
        page = self.page()
        code = self.ask(page, "reloaded@example.com")
        page.reload()
        expect(page.locator("#code-hint")).to_contain_text("reloaded@example.com")
        page.get_by_role("button", name="한국어").click()
        expect(page.get_by_label("메일로 받은 인증번호")).to_be_visible()
        page.get_by_role("button", name="다른 주소 사용").click()
        expect(page.locator("#email")).to_have_value("reloaded@example.com")
        expect(page.locator("#email")).to_be_focused()
        page.locator("#email").press("Enter")
        # While a code is good, the same one is mailed again.
        page.locator("#code").fill(code)
        expect(page.locator("footer")).to_contain_text("reloaded@example.com")

    def test_asking_again_waits(self):
        page = self.page()
        page.clock.install()
        code = self.ask(page, "again@example.com")
        again = page.get_by_role("button", name=re.compile("^Send it again"))
        expect(again).to_have_attribute("aria-disabled", "true")
        expect(again).to_contain_text("0:")
        page.clock.fast_forward(31_000)
        expect(again).to_have_attribute("aria-disabled", "false")
        again.click()
        expect(page.get_by_text("Another mail is on its way.")).to_be_visible()
        self.assertEqual(self.server.newest_code(), code)

    def test_the_link_leads_back_and_the_other_tab_goes_on(self):
        context = self.context()
        asking = self.page(context)
        code = self.ask(asking, "linked@example.com", "/events/small")
        page = self.page(context)
        addresses = []
        page.on("request", lambda request: addresses.append(request.url))
        link = self.server.newest_link()
        page.goto(link)
        expect(page).to_have_url(self.server.url + "/sign-in")
        # It survives a change of language.
        page.get_by_role("button", name="한국어").click()
        page.get_by_role("button", name="linked@example.com 주소로 로그인").click()
        expect(page).to_have_url(self.server.url + "/events/small")
        expect(page.locator("footer")).to_contain_text("linked@example.com")
        expect(asking.locator("#code")).to_have_count(0)
        self.assertEqual([address for address in addresses if code in address or link[-32:] in address], [])
        # The code is used up, and there is nothing to be signed in to any more.
        page.goto(self.server.url + "/sign-in")
        expect(page.locator("main")).to_contain_text("linked@example.com")
        expect(page.locator("#email")).to_have_count(0)

    def test_a_link_that_is_used_up_asks_again(self):
        page = self.page()
        code = self.ask(page, "used@example.com")
        page.locator("#code").fill(code)
        expect(page.locator("footer")).to_contain_text("used@example.com")
        other = self.page()
        other.goto(self.server.newest_link())
        other.get_by_role("button", name="Sign in as used@example.com").click()
        expect(other.get_by_role("alert").filter(has_text="This is not the code")).to_be_visible()
        expect(other.locator("#email")).to_have_value("used@example.com")

    def test_an_address_that_no_mail_can_go_to_is_refused(self):
        page = self.page()
        page.goto(self.server.url + "/orders")
        page.locator("#email").fill("two..dots@example.com")
        page.locator("#email").press("Enter")
        expect(page.locator("#email-error")).to_contain_text("e-mail address")
        expect(page.locator("#email")).to_be_focused()

    def test_limits_are_told_and_leave_a_way_on(self):
        page = self.page()
        code = self.ask(page, "eager@example.com")
        for _ in range(4):
            self.server.call("POST", "/v1/sessions", {"email": "eager@example.com"})
        other = self.page()
        other.goto(self.server.url + "/orders")
        other.locator("#email").fill("eager@example.com")
        other.locator("#email").press("Enter")
        expect(other.locator("#email-error")).to_contain_text("We have sent several codes to this address")
        other.get_by_role("button", name="I have a code").click()
        expect(other.locator("#code")).to_be_focused()
        for _ in range(5):
            self.server.call("POST", "/v1/sessions", {"email": "eager@example.com", "code": self.wrong(code)})
        other.locator("#code").fill(code)
        expect(other.locator("#code-error")).to_contain_text("tried too often")
        # Others' guesses keep nobody out who reads the mail.
        other.goto(self.server.newest_link())
        other.get_by_role("button", name="Sign in as eager@example.com").click()
        expect(other.locator("footer")).to_contain_text("eager@example.com")
