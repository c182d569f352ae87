"""The staff's accounts: made, shown once, renewed and revoked; what each role sees; who did what."""

from playwright.sync_api import expect

import stations
from harness import ADMIN, BrowserTest

expect.set_options(timeout=15_000)


class Accounts(BrowserTest):
    @classmethod
    def prepare(cls):
        stations.prepare(cls.server)
        stations.sell(cls.server)

    def account(self, name, role):
        status, made = self.server.call("POST", "/v1/accounts", {"name": name, "role": role}, ADMIN)
        self.assertEqual(status, 201, made)
        return made

    def signed_in(self, token, path="/organizer"):
        page = self.page()
        page.goto(self.server.url + path)
        stations.organizer_signs_in(page, token)
        return page

    def test_an_account_is_made_shown_once_renewed_and_revoked(self):
        page = self.signed_in(ADMIN, "/organizer/accounts")
        form = page.get_by_role("dialog", name="New account")
        make = page.get_by_role("button", name="New account")
        expect(page.get_by_text("There are no accounts yet.").or_(page.locator("main li.card").first)).to_be_visible()
        make.click()
        expect(page.get_by_label("Name", exact=True)).to_be_focused()
        page.get_by_label("Name", exact=True).fill("Lee")
        page.get_by_role("radio", name="box office").check()
        form.get_by_role("button", name="Make the account").click()
        secret = page.locator("dialog .org-secret")
        token = secret.input_value()
        self.assertTrue(token.startswith("onsale_staff_"))
        page.keyboard.press("Escape")
        expect(secret).to_be_visible()
        page.get_by_role("button", name="I have kept it").click()
        card = page.locator("main li.card").filter(has_text="Lee")
        expect(card).to_contain_text("box office")
        expect(secret).to_have_count(0)
        self.assertFalse(token in page.content())
        # The same name again, in other letters.
        expect(make).to_be_focused()
        make.click()
        page.get_by_label("Name", exact=True).fill("LEE")
        page.get_by_label("Name", exact=True).press("Enter")
        expect(form).to_contain_text("Another account in use has this name.")
        expect(page.get_by_label("Name", exact=True)).to_be_focused()
        form.get_by_role("button", name="Cancel").click()
        self.assertEqual(self.server.call("GET", "/v1/account", token=token)[1]["name"], "Lee")
        card.get_by_role("button", name="New token").click()
        page.locator("dialog").get_by_role("button", name="New token").click()
        expect(secret).to_be_visible()
        renewed = secret.input_value()
        page.get_by_role("button", name="I have kept it").click()
        self.assertEqual(self.server.call("GET", "/v1/account", token=token)[0], 401)
        theirs = self.signed_in(renewed)
        expect(theirs.locator(".org-who")).to_have_text("Lee · box office")
        theirs.goto(self.server.url + "/organizer/events/arena/orders")
        theirs.locator(".org-order-id").first.click()
        expect(theirs.locator("dialog .org-story li").first).to_be_visible()
        card.get_by_role("button", name="Revoke").click()
        page.locator("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("Lee is revoked.")).to_be_visible()
        expect(page.locator("h1")).to_be_focused()
        page.get_by_text("Revoked accounts (1)").click()
        expect(page.locator(".org-revoked")).to_contain_text("Lee (box office)")
        # Whoever uses it is asked to sign in again, over the page.
        expect(theirs.get_by_role("heading", name="Please sign in again")).to_be_visible()
        expect(theirs.get_by_text("it was revoked or replaced, or it is wrong")).to_be_visible()
        expect(theirs.get_by_role("button", name="Edit")).to_have_count(0)
        # Somebody else sees what is theirs, and nothing that was left open.
        stations.organizer_signs_in(theirs)
        expect(theirs.locator("dialog")).to_have_count(0)
        expect(theirs.locator(".org-who")).to_have_text("Minji · owner")
        expect(theirs.get_by_role("button", name="Edit")).to_be_visible()

    def test_an_owner_renews_and_revokes_themselves(self):
        own = self.account("Park", "owner")
        page = self.signed_in(own["token"], "/organizer/accounts")
        page.get_by_role("button", name="New token: Park").click()
        page.get_by_role("dialog").get_by_role("button", name="New token").click()
        renewed = page.locator("dialog .org-secret").input_value()
        page.get_by_role("button", name="I have kept it").click()
        self.assertEqual(self.server.call("GET", "/v1/account", token=own["token"])[0], 401)
        # The tab goes on with the new one.
        page.reload()
        page.get_by_role("button", name="Revoke: Park").click()
        question = page.get_by_role("dialog")
        expect(question).to_contain_text("This is your own account: you are signed out.")
        question.get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("heading", name="Organizer sign-in")).to_be_visible()
        self.assertEqual(self.server.call("GET", "/v1/account", token=renewed)[0], 401)

    def test_the_list_of_events_asks_who_was_revoked(self):
        made = self.account("Choi", "viewer")
        page = self.signed_in(made["token"])
        expect(page.locator(".org-events")).to_be_visible()
        expect(page.get_by_text("New events are made by owners.")).to_be_visible()
        self.server.call("DELETE", f"/v1/accounts/{made['id']}", token=ADMIN)
        page.reload()
        expect(page.get_by_role("heading", name="Please sign in again")).to_be_visible()
        page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Organizer sign-in")).to_be_visible()

    def test_a_viewer_looks_on(self):
        page = self.signed_in(self.account("Sponsor", "viewer")["token"])
        expect(page.locator(".org-events")).to_be_visible()
        for name in ["New event", "Webhooks", "Accounts"]:
            expect(page.get_by_role("link", name=name)).to_have_count(0)
        page.goto(self.server.url + "/organizer/accounts")
        expect(page.locator("h1")).to_contain_text("This is for owners.")
        page.goto(self.server.url + "/organizer/events/arena")
        expect(page.get_by_text("This is for the box office and for owners")).to_be_visible()
        expect(page.locator("main dt").get_by_text("Admission cap")).to_be_visible()
        expect(page.get_by_role("button", name="Pause the sale")).to_have_count(0)
        expect(page.get_by_role("button", name="Edit")).to_have_count(0)
        page.goto(self.server.url + "/organizer/events/arena/orders")
        page.locator(".org-order-id").first.click()
        expect(page.locator("dialog .org-story li").first).to_be_visible()
        expect(page.locator("dialog").get_by_text("This is for the box office")).to_be_visible()
        page.goto(self.server.url + "/organizer/events/arena/seats")
        expect(page.get_by_text("This is for the box office")).to_be_visible()

    def test_the_audit_list_tells_what_is_proved(self):
        token = self.account("Kim Minji", "box-office")["token"]
        for action, by in [("pause", token), ("resume", ADMIN)]:
            status, _ = self.server.call("POST", f"/v1/events/arena/onsale/{action}", token=by,
                                         headers={"Onsale-Actor": "Kim%20Minji"})
            self.assertEqual(status, 200)
        page = self.signed_in(token, "/organizer/events/arena/audit")
        rows = page.locator("main table tbody tr")
        expect(rows.nth(0)).to_contain_text("Kim Minji claimed")
        expect(rows.nth(1)).to_contain_text("Kim Minji by account")

    def test_what_is_live_goes_on_with_another_token(self):
        made = self.account("Night shift", "viewer")
        page = self.signed_in(made["token"], "/organizer/events/arena")
        live = page.locator(".org-connection")
        expect(live).to_have_text("Live")
        # A restart ends the streams, and they come back with the token that has ended meanwhile.
        self.server.stop()
        expect(live).to_contain_text("Connection lost", timeout=30_000)
        page.context.set_offline(True)
        self.server.start()
        _, renewed = self.server.call("POST", f"/v1/accounts/{made['id']}/token", token=ADMIN)
        page.context.set_offline(False)
        again = page.get_by_role("dialog", name="Please sign in again")
        again.get_by_label("Token").fill(renewed["token"], timeout=40_000)
        again.get_by_role("button", name="Sign in").click()
        expect(again).to_have_count(0)
        expect(live).to_have_text("Live", timeout=40_000)
        expect(page.get_by_role("alert").filter(has_text="signed out")).to_have_count(0)
