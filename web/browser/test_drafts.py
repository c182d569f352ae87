"""An event before everybody sees it: saved as a draft, edited, published; and what it tells fans then."""

from playwright.sync_api import expect

import stations
from harness import ADMIN, PHONE, BrowserTest

expect.set_options(timeout=15_000)


class Drafts(BrowserTest):
    def sign_in(self, page, path):
        page.goto(self.server.url + path)
        stations.organizer_signs_in(page)

    def draft(self, event, **more):
        status, answer = self.server.call("POST", "/v1/events", {
            "id": event, "title": "Gala", "venue": "Hall", "startsAt": "2030-03-01T10:00:00.000Z", "currency": "KRW",
            "areas": [{"name": "Floor", "capacity": 5, "category": "Floor"}],
            "prices": [{"category": "Floor", "amount": 55000}], "state": "draft",
            "onsale": {"opensAt": "2029-01-01T00:00:00.000Z"}, **more}, token=ADMIN)
        self.assertEqual(status, 201, answer)

    def test_a_draft_is_edited_and_published(self):
        self.draft("gala")
        page = self.page()
        self.sign_in(page, "/organizer")
        card = page.locator(".org-event").filter(has_text="Gala")
        expect(card).to_contain_text("Draft")
        fan = self.page()
        fan.goto(self.server.url + "/")
        expect(fan.locator("main")).not_to_contain_text("Gala")
        card.get_by_role("link", name="Gala").click()
        expect(page.locator("main")).to_contain_text("Only organizers see this event.")
        page.get_by_role("button", name="Edit", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Title").fill("")
        dialog.get_by_label("Running time, in minutes").fill("two hours")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
        expect(dialog.get_by_label("Title")).to_be_focused()
        expect(dialog.get_by_label("Running time, in minutes")).to_have_attribute("aria-invalid", "true")
        dialog.get_by_label("Running time, in minutes").fill("120")
        dialog.get_by_label("Title").fill("Gala night")
        dialog.get_by_label("Poster").fill("ftp://example.com/poster.png")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_label("Poster")).to_have_attribute("aria-invalid", "true")
        dialog.get_by_label("Poster").fill("")
        dialog.get_by_label("Description").fill("One night only.\n\nDoors open at six.")
        dialog.get_by_label("Age limit, in years").fill("12")
        dialog.get_by_label("Terms").fill("Until noon of the day.")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("heading", level=1)).to_have_text("Gala night")
        self.assertEqual(self.server.call("GET", "/v1/events/gala")[0], 404)
        # It is seen as fans will see it, by whoever is signed in here.
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="See as fans do").click()
        preview = opened.value
        expect(preview.get_by_role("heading", level=1)).to_have_text("Gala night")
        expect(preview.locator("main")).to_contain_text("A preview: this event is a draft")
        expect(preview.locator("main")).to_contain_text("One night only.")
        expect(preview.locator("main")).to_contain_text("₩55,000")
        preview.close()
        fan.goto(self.server.url + "/events/gala?preview")
        expect(fan.locator("main")).not_to_contain_text("Gala")
        fan.goto(self.server.url + "/")
        page.get_by_role("button", name="Publish").click()
        page.get_by_role("dialog").get_by_role("button", name="Publish").click()
        expect(page.get_by_text("The event is published.")).to_be_visible()
        expect(page.get_by_text("Only organizers see this event.")).to_be_hidden()
        # Nothing changes that isn't meant to be.
        page.get_by_role("button", name="Edit", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        fan.reload()
        fan.get_by_role("link", name="Gala night").click()
        about = fan.locator("section").filter(has=fan.get_by_role("heading", name="About this event"))
        expect(about.locator("p").first).to_have_text("One night only.")
        expect(about).to_contain_text("12 and over")
        expect(about).to_contain_text("120 minutes")
        about.get_by_text("Terms and cancellation").click()
        expect(about).to_contain_text("Until noon of the day.")

    def test_prices_and_limits_are_changed_for_what_is_not_yet_held(self):
        self.draft("sold", state="published", onsale={"waitingRoom": False})
        _, shopping = self.server.pass_for("early@example.com", "sold")
        wanted = {"area": "Floor", "quantity": 2}
        _, early = self.server.call("POST", "/v1/events/sold/holds", wanted, shopping)
        page = self.page(device=PHONE)
        self.sign_in(page, "/organizer/events/sold")
        page.get_by_role("button", name="Edit", exact=True).click()
        dialog = page.get_by_role("dialog").first
        expect(dialog).to_contain_text("Whoever holds seats pays the old price")
        dialog.get_by_label("Floor").fill("a lot")
        dialog.get_by_label("Tickets per buyer").fill("0")
        dialog.get_by_role("button", name="Save").click()
        for label in ("Floor", "Tickets per buyer"):
            expect(dialog.get_by_label(label)).to_have_attribute("aria-invalid", "true")
        expect(dialog.get_by_label("Floor")).to_be_focused()
        # What the server refuses is told at its field, too.
        dialog.get_by_label("Floor").fill("2000000000000")
        dialog.get_by_label("Tickets per buyer").fill("3")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_label("Floor")).to_have_attribute("aria-invalid", "true")
        dialog.get_by_label("Floor").fill("44,000")
        dialog.get_by_label("Seconds to hold").fill("30")
        dialog.get_by_role("button", name="Save").click()
        warning = page.get_by_role("dialog").filter(has_text="Is this what you mean?")
        expect(warning).to_contain_text("A buyer has 30 seconds to pay.")
        warning.get_by_role("button", name="Back to the form").click()
        dialog.get_by_label("Seconds to hold").fill("120")
        dialog.get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        _, told = self.server.call("GET", "/v1/events/sold")
        self.assertEqual(told["prices"], [{"category": "Floor", "amount": 44000}])
        self.assertEqual(told["limits"], {"ticketsPerBuyer": 3, "holdSeconds": 120, "preventOrphans": False})
        _, held = self.server.call("GET", "/v1/events/sold/holds/" + early["hold"], token=shopping)
        self.assertEqual(held["amount"], 110_000)
        status, _ = self.server.call("POST", "/v1/events/sold/holds", wanted, shopping)
        self.assertEqual(status, 409)
        page.goto(self.server.url + "/organizer/events/sold/audit")
        expect(page.locator("main")).to_contain_text("prices Floor 55,000 KRW → 44,000 KRW")

    def test_times_are_the_venues_with_ones_own_second(self):
        self.draft("far", timeZone="America/New_York", state="published")
        page = self.page(timezone_id="Asia/Seoul")
        page.goto(self.server.url + "/events/far")
        # Ten in the morning in London is five in New York and seven in the evening in Seoul.
        expect(page.locator(".event-head")).to_contain_text("5:00")
        expect(page.locator(".event-head")).to_contain_text("(ET)")
        expect(page.locator(".event-head")).to_contain_text("7:00")
        near = self.page(timezone_id="America/New_York", locale="ko-KR", device=PHONE)
        near.goto(self.server.url + "/events/far")
        expect(near.locator(".event-head")).to_contain_text("오전 5:00")
        expect(near.locator(".event-head")).not_to_contain_text("내 시간")

    def test_the_form_saves_a_draft(self):
        page = self.page()
        self.sign_in(page, "/organizer/new")
        page.get_by_role("button", name="Save as a draft").click()
        # The form's faults come first.
        expect(page.get_by_text("before the event can be created")).to_be_visible()

    def test_an_event_is_copied_and_what_nobody_means_is_asked_about(self):
        self.server.create_event("first-night", onsale={"waitingRoom": True}, title="Two nights")
        page = self.page()
        self.sign_in(page, "/organizer/events/first-night")
        page.get_by_role("link", name="Copy", exact=True).click()
        expect(page.get_by_text("Copied, plan and prices included.")).to_be_visible()
        expect(page.get_by_label("Title")).to_have_value("Two nights")
        expect(page.locator(".org-plan-counts")).to_contain_text("60")
        page.get_by_label("Name in the address").fill("second-night")
        page.get_by_label("Tickets per buyer").fill("99999")
        page.get_by_label("Seconds to shop").fill("1")
        page.get_by_label("Starts at").fill("2030-03-02T19:00")
        page.get_by_label("Sale opens at").fill("2030-03-02T20:00")
        page.get_by_role("button", name="Create the event").click()
        asked = page.get_by_role("dialog", name="Is this what you mean?")
        expect(asked).to_contain_text("One buyer may take 99,999 tickets.")
        expect(asked).to_contain_text("A fan has 1 second to choose seats.")
        expect(asked).to_contain_text("The sale opens only after the show has started.")
        asked.get_by_role("button", name="Back to the form").click()
        self.assertEqual(self.server.call("GET", "/v1/events/second-night")[0], 404)
        page.get_by_label("Tickets per buyer").fill("4")
        page.get_by_label("Seconds to shop").fill("600")
        page.get_by_label("Sale opens at").fill("2030-02-01T20:00")
        page.get_by_role("button", name="Create the event").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Two nights")
        _, event = self.server.call("GET", "/v1/events/second-night")
        self.assertEqual((event["capacity"], event["startsAt"]), (110, "2030-03-02T10:00:00.000Z"))
