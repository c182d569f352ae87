"""The shop at the worst minute: nothing moves under a finger, little has to be pressed, and what is said is in sight."""

import re

import figures
from harness import ADMIN, DESKTOP, PHONE, moment, wait_until
from playwright.sync_api import expect
from test_fan import FanTest

# Counts every shift that the fan did not cause.
SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (entry.hadRecentInput) continue;
        const moved = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? String(node));
        window.shifts.push({ value: entry.value, moved });
      }
    }).observe({ type: "layout-shift", buffered: false });
"""


class Shop(FanTest):
    def shop(self, device, locale="en-US", **options):
        event = self.fresh_event(**options)
        page = self.page(device=device, locale=locale, reduced_motion="reduce")
        self.enter_shop(page, event, f"{event}@example.com")
        page.locator("seat-map canvas").first.wait_for()
        return event, page

    def in_sight(self, page, place):
        box, size = place.bounding_box(), page.viewport_size
        self.assertGreaterEqual(box["y"], 0)
        self.assertLessEqual(box["y"] + box["height"], size["height"] + 1, f"{place} is below the screen")

    def test_nothing_moves_while_seats_go(self):
        for device in (PHONE, DESKTOP):
            event, page = self.shop(device, limits={"holdSeconds": 12})
            # A hold that is going to end, and seats that others are going to get.
            self.pick(page, "A", 1, 9)
            self.hold(page)
            page.get_by_role("button", name="Choose more seats").click()
            self.see(page, "Choose your seats")
            page.locator("seat-map canvas").first.wait_for()
            self.pick(page, "A", 2, 5, 6)
            page.get_by_role("button", name="Map", exact=True).click()
            page.wait_for_timeout(700)
            page.evaluate(SHIFTS)

            _, shopping = self.server.pass_for(f"other-{event}@example.com", event)
            status, _ = self.server.call("POST", f"/v1/events/{event}/holds", {"seats": ["A-2-6"]}, shopping)
            self.assertEqual(status, 201)
            lost = page.get_by_role("alert").filter(has_text="Someone was faster")
            lost.wait_for()
            self.in_sight(page, lost)
            expect(self.basket(page).locator(".is-gone")).to_contain_text("A, row 2, seat 6")
            for step in ("pause", "resume"):
                self.server.call("POST", f"/v1/events/{event}/onsale/{step}", token=ADMIN)
                expect(page.locator(".shop-state .notice")).to_have_count(1 if step == "pause" else 0)
            expect(page.locator(".holds .is-gone")).to_contain_text("Time ran out", timeout=20_000)
            expect(page.locator(".toasts .notice")).to_contain_text("Time ran out for a hold")
            page.wait_for_timeout(300)
            shifts = page.evaluate("window.shifts")
            self.assertEqual(shifts, [], f"{device['viewport']}: something moved by itself")

    def test_limits_are_told_beside_what_is_picked(self):
        for device in (PHONE, DESKTOP):
            event, page = self.shop(device, limits={"ticketsPerBuyer": 2})
            self.pick(page, "A", 1, 3, 4)
            self.seat(page, "A", 1, 5).click()
            told = self.basket(page).locator(".basket-note")
            expect(told).to_contain_text("One person may have 2 tickets")
            self.in_sight(page, told)
            # The next thing the fan does takes the message away.
            self.seat(page, "A", 1, 4).click()
            expect(told).to_have_text("")

    def test_the_orphan_rule_is_told_there_too(self):
        _, page = self.shop(PHONE, limits={"preventOrphans": True})
        self.pick(page, "A", 1, 2, 3)
        self.basket(page).get_by_role("button", name="Hold and check out", exact=True).click()
        told = self.basket(page).locator(".basket-note")
        expect(told).to_contain_text("A, row 1, seat 1")
        self.in_sight(page, told)

    def change_event(self, event, **change):
        status, answer = self.server.call("PATCH", f"/v1/events/{event}", change, ADMIN)
        self.assertEqual(status, 200, answer)

    def test_a_price_that_changed_is_told_before_it_is_paid(self):
        for device in (PHONE, DESKTOP):
            event, page = self.shop(device)
            self.pick(page, "A", 1, 3, 4)
            expect(self.basket(page)).to_contain_text("₩200,000")
            self.change_event(event, prices=[{"category": "VIP", "amount": 90_000}])
            self.hold(page)
            told = page.locator(".notice.warn").filter(has_text="The price changed")
            expect(told).to_have_text("The price changed while you were choosing: VIP ₩100,000 → ₩90,000")
            self.in_sight(page, told)
            expect(page.locator(".amounts .total")).to_have_text("₩180,000")
            # It is told as long as it can be paid, and what is held keeps its price.
            self.change_event(event, prices=[{"category": "VIP", "amount": 80_000}, {"category": "Floor", "amount": 5}])
            page.reload()
            expect(told).to_contain_text("₩100,000 → ₩90,000")
            # What is chosen next is shown at the price it is sold at.
            page.get_by_role("button", name="Choose more seats").click()
            self.see(page, "Choose your seats")
            page.locator("seat-list button[aria-expanded]").first.wait_for(state="attached")
            expect(page.locator(".chip").filter(has_text="VIP")).to_contain_text("₩80,000")
            expect(page.locator(".chip").filter(has_text="Standing")).to_contain_text("₩5")
            self.pick(page, "A", 1, 6)
            expect(self.basket(page).locator(".basket-price")).to_have_text("VIP · ₩80,000")
            self.hold(page)
            expect(page.get_by_role("button", name="Pay ₩80,000")).to_be_visible()
            expect(told).to_have_count(0)
            page.go_back()
            self.see(page, "Choose your seats")
            page.locator(".holds li").filter(has_text="₩180,000").get_by_role("button", name="Check out").click()
            self.pay(page)
            self.see_tickets(page, 2)
            expect(page.locator("main")).to_contain_text("₩180,000")
            report = self.report(event)
            self.assertEqual(report["gross"], 180_000)

    def test_prices_and_limits_that_change_in_the_open_shop(self):
        event, page = self.shop(DESKTOP)
        self.pick(page, "A", 1, 3)
        page.locator(".chip").filter(has_text="VIP").click()
        self.change_event(event, prices=[{"category": "VIP", "amount": 70_000}], limits={"ticketsPerBuyer": 1})
        # A pause makes the page read the event again.
        for step in ("pause", "resume"):
            self.server.call("POST", f"/v1/events/{event}/onsale/{step}", token=ADMIN)
            expect(page.locator(".shop-state .notice")).to_have_count(1 if step == "pause" else 0)
        for place in (page.locator(".chip").filter(has_text="VIP"), page.locator(".choice-panel"), self.basket(page)):
            expect(place).to_contain_text("₩70,000")
        expect(self.seat(page, "A", 1, 5)).to_have_accessible_name(re.compile("₩70,000"))
        self.seat(page, "A", 1, 5).click()
        expect(self.basket(page).locator(".basket-note")).to_contain_text("One person may have 1 ticket")

    def test_from_admission_to_paid_in_three_taps(self):
        _, page = self.shop(PHONE)
        taps = 0
        for target in (page.locator(".chip").nth(1), page.locator(".choice-panel button.primary"), None):
            if target is None:
                self.see(page, "Check out")
                target = page.get_by_role("button", name=re.compile("^Pay ₩"))
            target.tap()
            taps += 1
        self.see_tickets(page, 2)
        self.assertLessEqual(taps, 6)

    def test_by_keyboard_in_twenty_keys(self):
        _, page = self.shop(DESKTOP)
        keys = []

        def press(key, is_there=lambda: True, most=1):
            for _ in range(most):
                page.keyboard.press(key)
                keys.append(key)
                if is_there():
                    return
            raise AssertionError(f"{key} {most} times does not lead there: {keys}")

        def focused(target):
            return lambda: target.evaluate("element => element === document.activeElement")

        press("Tab", focused(page.locator("input[name=wanted]").first), 4)
        press("ArrowRight", lambda: page.locator(".choice-panel").get_attribute("data-kind") == "category")
        press("Tab", focused(page.get_by_role("button", name="Skip to your choice")), 3)
        press("Enter", focused(page.locator(".choice-panel button.primary")))
        press("Enter")
        self.see(page, "Check out")
        press("Tab", focused(page.get_by_role("button", name=re.compile("^Pay ₩"))), 8)
        press("Enter")
        self.see_tickets(page, 2)
        self.assertLessEqual(len(keys), 20, keys)

    def test_a_category_is_zoomed_to_and_offered(self):
        event, page = self.shop(DESKTOP)
        whole = re.compile("is-whole")
        expect(page.locator(".seat-map-viewport")).to_have_class(whole)
        page.locator(".chip", has_text="R").click()
        expect(page.locator(".choice-panel")).to_contain_text("Best available")
        page.locator(".choice-panel button.primary").click()
        self.see(page, "Check out")
        expect(page.locator("table.amounts")).to_contain_text("R")
        # Standing is a chip like the others.
        page.get_by_role("button", name="Choose more seats").click()
        page.locator(".chip", has_text="Standing").click()
        expect(page.locator(".choice-panel")).to_contain_text("50 free")
        page.locator(".choice-panel button.primary").click()
        self.see(page, "Check out")
        wait_until(lambda: self.report(event)["held"] == 4)

    def test_an_event_without_seats_offers_its_areas(self):
        areas = [
            {"name": "Pit", "capacity": 5, "category": "Pit"}, {"name": "Lawn", "capacity": 9, "category": "Lawn"},
        ]
        event = self.fresh_event(plan="none", areas=areas)
        page = self.page(device=PHONE)
        self.enter(page, event, "standing@example.com")
        self.see(page, "Choose your seats")
        expect(page.locator(".choice-panel")).to_contain_text("5 free")
        page.locator(".chip", has_text="Lawn").tap()
        expect(page.locator(".choice-panel")).to_contain_text("9 free")
        page.locator(".choice-panel button.primary").tap()
        self.see(page, "Check out")
        self.assertEqual(self.report(event)["held"], 2)

    def test_the_map_fills_a_phone(self):
        _, page = self.shop(PHONE)
        box = page.locator(".seat-map-viewport").bounding_box()
        self.assertGreater(box["height"], 844 * 0.55)
        self.assertGreater(box["width"], 390 * 0.9)
        self.free_of_sideways_scrolling(page)


    def test_on_a_phone_on_its_side_the_choice_stands_beside_the_map(self):
        _, page = self.shop({**PHONE, "viewport": {"width": 844, "height": 390}})
        seats, panel = page.locator("seat-map .seat-map-viewport"), page.locator(".choice-panel")
        self.in_sight(page, seats)
        self.assertGreater(seats.bounding_box()["height"], 160)
        self.assertGreaterEqual(panel.bounding_box()["x"], seats.bounding_box()["x"] + seats.bounding_box()["width"])
        self.pick(page, "A", 1, 9)
        page.get_by_role("button", name="Map", exact=True).click()
        self.in_sight(page, self.basket(page).locator("button.primary"))
        self.hold(page)


    def test_with_text_twice_as_large_all_has_room(self):
        page = self.page(device=PHONE, locale="ko-KR")
        page.add_init_script(
            "addEventListener('DOMContentLoaded', () => document.documentElement.style.setProperty('font-size', '200%'))"
        )
        event = self.fresh_event(areas=[], limits={"ticketsPerBuyer": 8})
        self.enter(page, event, f"{event}@example.com", {"choose": "좌석 선택하기"})
        page.locator("seat-map canvas").first.wait_for()
        self.free_of_sideways_scrolling(page)
        # A link that is for the keyboard alone stays out of sight until it has the focus.
        for link in page.locator(".skip-link").all():
            self.assertLessEqual(link.evaluate("link => link.getBoundingClientRect().bottom"), 0)
        page.locator(".chip").nth(1).tap()
        page.locator(".choice-panel button.primary").tap()
        table = page.locator(".amounts")
        table.wait_for()
        self.free_of_sideways_scrolling(page)
        widths = table.evaluate("table => [table.scrollWidth, table.parentElement.clientWidth]")
        self.assertLessEqual(widths[0], widths[1])
        links = page.locator(".top-bar a").all()
        self.assertLess(max(link.bounding_box()["height"] for link in links), 110, "a link stands letter under letter")


class Weight(FanTest):
    def test_pages_stay_light(self):
        """Over the wire, with all that they load by themselves; a seating plan comes on top."""
        event = self.fresh_event()
        for path, most in (("/", 100_000), (f"/events/{event}", 150_000)):
            size, _ = figures.first_page(self.browser, self.server.url, path)
            self.assertLessEqual(size, most, path)


class ComingBack(FanTest):
    def test_back_goes_a_step_back(self):
        event = self.fresh_event()
        page = self.page()
        self.enter_shop(page, event, "back@example.com")
        self.pick(page, "A", 1, 3)
        self.hold(page)
        page.go_back()
        self.see(page, "Choose your seats")
        expect(page.locator(".holds")).to_contain_text("A, row 1, seat 3")
        page.go_forward()
        self.see(page, "Check out")
        page.reload()
        self.see(page, "Check out")
        page.get_by_role("button", name="Choose more seats").click()
        self.see(page, "Choose your seats")
        self.assertEqual(self.report(event)["held"], 1)

    def test_every_tab_says_why_time_ended(self):
        event = self.fresh_event(limits={"holdSeconds": 12}, onsale={"waitingRoom": False, "passSeconds": 60})
        context = self.context()
        first = self.page(context)
        self.enter_shop(first, event, "tabs@example.com")
        self.pick(first, "A", 1, 3)
        self.hold(first)
        second, orders = self.page(context), self.page(context)
        second.goto(self.address(event))
        expect(second.locator(".holds")).to_contain_text("A, row 1, seat 3")
        orders.goto(self.server.url + "/orders")
        expect(orders.locator(".held-bar")).to_contain_text("Time left to pay:")
        for page in (first, second):
            expect(page.locator(".toasts .notice")).to_contain_text("Time ran out for a hold", timeout=25_000)
            self.see(page, "Choose your seats")
        expect(orders.locator(".held-bar")).to_contain_text("Time ran out", timeout=25_000)
