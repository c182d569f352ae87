"""The fan's pages from the lobby to the tickets: in two languages, by mouse, touch and keyboard, and offline."""

import json
import pathlib
import re
import unittest
import urllib.request
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

from playwright.sync_api import expect

from harness import ADMIN, PHONE, BrowserTest, moment, small_plan, wait_until

TOKEN = "eyJ"  # How every JWT starts.
# A broken stream reconnects after a growing pause, and a payment without an answer is repeated.
PATIENCE = 45_000

ENGLISH = {
    "lang": "en",
    "ahead": "{count}",
    "lobby": "You’re in the lobby",
    "join": "Join the lobby",
    "line": "In line",
    "before": "before it is your turn. Your number is {number}.",
    "drawn": "The draw gave you number {number} of {size}.",
    "check": "Check it yourself",
    "again": "Draw again",
    "agrees": "It agrees: the draw gave you exactly this number.",
    "seen": "The fingerprint is the one that this browser noted before the draw.",
    "choose": "Choose seats",
    "shop": "Choose your seats",
    "list": "List",
    "seat": "{zone}, row {row}, seat {seat}",
    "ticket": "{zone} section, row {row}, seat {seat}",
    "hold": "Hold and check out",
    "checkout": "Check out",
    "pay": re.compile("^Pay ₩"),
    "paid": "Paid",
    "calendar": "Add to calendar",
    "code": "QR code of the ticket for {place}",
}
KOREAN = {
    "lang": "ko",
    "ahead": "{count}명",
    "lobby": "대기실에 입장하셨습니다",
    "join": "대기실 입장하기",
    "line": "대기 중",
    "before": "내 순번은 {number}번입니다.",
    "drawn": "{size}명 가운데 {number}번으로 추첨되었습니다.",
    "check": "직접 확인하기",
    "again": "다시 추첨해 보기",
    "agrees": "일치합니다. 추첨 결과가 정확히 이 순번입니다.",
    "seen": "추첨 전에 이 브라우저가 저장해 둔 해시값과 같습니다.",
    "choose": "좌석 선택하기",
    "shop": "좌석 선택",
    "list": "목록",
    "seat": "{zone}구역 {row}열 {seat}번",
    "ticket": "{zone}구역 {row}열 {seat}번",
    "hold": "결제하기",
    "checkout": "결제",
    "pay": re.compile("^₩.* 결제하기$"),
    "paid": "결제 완료",
    "calendar": "캘린더에 추가",
    "code": "{place} 티켓의 QR 코드",
}


class FanTest(BrowserTest):
    """A fan's steps on the pages, one method each, and the server's view of the result."""

    def fresh_event(self, **options):
        """Creates an event that no other test uses."""
        FanTest.events = getattr(FanTest, "events", 0) + 1
        event = f"fan-{FanTest.events}"
        self.server.create_event(event, **options)
        return event

    def address(self, event):
        return f"{self.server.url}/events/{event}"

    def see(self, page, heading, timeout=15_000):
        """Waits for a view with this heading."""
        expect(page.get_by_role("heading", name=heading, exact=True).first).to_be_visible(timeout=timeout)

    def enter(self, page, event, email, words=ENGLISH, button="choose"):
        page.goto(self.address(event))
        page.get_by_role("textbox").fill(email)
        page.get_by_role("button", name=words[button], exact=True).click()

    def enter_shop(self, page, event, email, words=ENGLISH):
        self.enter(page, event, email, words)
        self.see(page, words["shop"])
        page.locator("seat-list button[aria-expanded]").first.wait_for(state="attached")

    def seat(self, page, zone, row, seat):
        """A seat in the list; its zone must be open."""
        pattern = re.compile(rf"^{zone}(구역|, row) {row}(열|, seat) {seat}(번)?, ")
        return page.locator("seat-list").get_by_role("button", name=pattern)

    def show_list(self, page, words=ENGLISH):
        if not page.locator("seat-list").is_visible():
            page.get_by_role("button", name=words["list"], exact=True).click()

    def open_zone(self, page, zone, words=ENGLISH):
        self.show_list(page, words)
        heading = page.locator("seat-list button[aria-expanded]").filter(has=page.locator(f"b:text-is('{zone}')"))
        if heading.get_attribute("aria-expanded") != "true":
            heading.click()
        expect(heading).to_have_attribute("aria-expanded", "true")

    def pick(self, page, zone, row, *seats, words=ENGLISH):
        self.open_zone(page, zone, words)
        for seat in seats:
            self.seat(page, zone, row, seat).click()
            expect(self.basket(page)).to_contain_text(words["seat"].format(zone=zone, row=row, seat=seat))

    def basket(self, page):
        return page.locator("section.basket")

    def hold(self, page, words=ENGLISH):
        self.basket(page).get_by_role("button", name=words["hold"], exact=True).click()
        self.see(page, words["checkout"])

    def pay(self, page, card="pm_card_visa", words=ENGLISH):
        page.locator(f"#{card}").check()
        page.get_by_role("button", name=words["pay"]).click()

    def see_tickets(self, page, count, words=ENGLISH, timeout=PATIENCE):
        """Waits for the tickets, each with a code that has loaded as an image."""
        expect(page.locator(".notice.good strong")).to_have_text(words["paid"], timeout=timeout)
        codes = page.locator(".ticket .qr img")
        expect(codes).to_have_count(count)
        for index in range(count):
            wait_until(lambda: codes.nth(index).evaluate("image => image.complete && image.naturalWidth > 0"))

    def buy(self, page, event, email, seats=(4, 5)):
        """Buys in zone A, row 2, and ends at the tickets."""
        self.enter_shop(page, event, email)
        self.pick(page, "A", 2, *seats)
        self.hold(page)
        self.pay(page)
        self.see_tickets(page, len(seats))

    def report(self, event):
        status, report = self.server.call("GET", f"/v1/events/{event}/report", token=ADMIN)
        self.assertEqual(status, 200)
        return report

    def orders(self, event):
        status, answer = self.server.call("GET", f"/v1/events/{event}/orders?limit=100", token=ADMIN)
        self.assertEqual(status, 200)
        return answer["orders"]

    def free_of_sideways_scrolling(self, page):
        wide, screen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        self.assertLessEqual(wide, screen, "the page is wider than the screen")


class LobbyToTicket(FanTest):
    OTHERS = 5

    def join(self, event, email):
        _, session = self.server.call("POST", "/v1/sessions", {"email": email})
        status, place = self.server.call("POST", f"/v1/events/{event}/waiting-room", token=session["token"])
        self.assertIn(status, (200, 201), place)
        return {**place, "session": session["token"]}

    def claim(self, event, place):
        """Waits until a place is called, and claims its pass."""
        answers = []

        def is_called():
            answers.append(self.server.claim(event, place["session"], place["ticket"]))
            return answers[-1][0] == 201

        wait_until(is_called)
        return answers[-1][1]["pass"]

    def behind_others(self, page, words, name):
        """
        Takes the fan through the lobby and the draw. Returns the event, the fan's number, and the others' places by
        number. Someone else has to be first, and that is up to chance, so a draw that the fan wins is repeated.
        """
        for attempt in range(8):
            event = self.fresh_event(
                title=f"{name} {attempt}",
                onsale={
                    "waitingRoom": True,
                    "lobbyOpensAt": moment(-60),
                    "opensAt": moment(3600),
                    "maxActiveShoppers": 1,
                },
            )
            others = [f"other-{event}-{n}@example.com" for n in range(self.OTHERS)]
            for email in others:
                self.assertIsNone(self.join(event, email)["number"])
            page.goto(self.server.url)
            page.get_by_role("link", name=f"{name} {attempt}", exact=True).click()
            if attempt == 0:
                page.get_by_role("textbox").fill(f"{name}@example.com")
            page.get_by_role("button", name=words["join"], exact=True).click()
            self.see(page, words["lobby"])
            expect(page.locator("html")).to_have_attribute("lang", words["lang"])
            status, answer = self.server.call(
                "PATCH", f"/v1/events/{event}/onsale", {"opensAt": moment(0.2)}, token=ADMIN
            )
            self.assertEqual(status, 200, answer)
            wait_until(lambda: self.join(event, f"{name}@example.com")["number"] is not None)
            number = self.join(event, f"{name}@example.com")["number"]
            if number > 1:
                places = [self.join(event, email) for email in others]
                return event, number, {place["number"]: place for place in places}
        raise AssertionError("the fan was first in every draw")

    def journey(self, page, words, name, is_phone=False):
        event, number, others = self.behind_others(page, words, name)
        shopping = self.claim(event, others[1])
        self.see(page, words["line"])
        expect(page.locator("main")).to_contain_text(words["before"].format(number=number))
        expect(page.locator(".big-number")).to_have_text(words["ahead"].format(count=number - 1))
        expect(page.locator("main")).to_contain_text(words["drawn"].format(number=number, size=self.OTHERS + 1))

        page.get_by_text(words["check"], exact=True).click()
        page.get_by_role("button", name=words["again"], exact=True).click()
        expect(page.get_by_text(words["agrees"], exact=True)).to_be_visible()
        expect(page.get_by_text(words["seen"], exact=True)).to_be_visible()
        self.free_of_sideways_scrolling(page)

        # The place survives a reload.
        page.reload()
        self.see(page, words["line"])
        expect(page.locator("main")).to_contain_text(words["before"].format(number=number))

        for earlier in range(2, number):
            self.give_up(event, shopping)
            shopping = self.claim(event, others[earlier])
            expect(page.locator(".big-number")).to_have_text(words["ahead"].format(count=number - earlier))
        self.assertIn(words["line"], page.title())
        self.give_up(event, shopping)

        self.see(page, words["shop"])
        self.assertIn(words["shop"], page.title())
        page.locator("seat-list button[aria-expanded]").first.wait_for(state="attached")
        self.pick(page, "A", 1, 4, 5, words=words)
        self.free_of_sideways_scrolling(page)
        self.hold(page, words)
        self.free_of_sideways_scrolling(page)
        self.pay(page, words=words)
        self.see_tickets(page, 2, words)
        self.free_of_sideways_scrolling(page)
        for seat in (4, 5):
            place = words["ticket"].format(zone="A", row=1, seat=seat)
            expect(page.get_by_role("img", name=words["code"].format(place=place), exact=True)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", words["lang"])

        with page.expect_download() as download:
            page.get_by_role("button", name=words["calendar"], exact=True).click()
        self.assertEqual(download.value.suggested_filename, f"{event}.ics")
        appointment = pathlib.Path(download.value.path()).read_text(encoding="utf-8")
        self.assertTrue(appointment.startswith("BEGIN:VCALENDAR"), appointment)
        self.assertIn("DTSTART:20300301T100000Z", appointment)
        self.assertIn(f"SUMMARY:{name}", appointment)
        self.assertEqual(self.report(event)["sold"], 2)

    def give_up(self, event, shopping):
        status, answer = self.server.call("DELETE", f"/v1/events/{event}/waiting-room/pass", token=shopping)
        self.assertEqual(status, 204, answer)

    def test_in_english_on_a_desktop(self):
        self.journey(self.page(), ENGLISH, "ada")

    def test_in_korean_on_a_phone(self):
        self.journey(self.page(locale="ko-KR", device=PHONE), KOREAN, "minji", is_phone=True)


class ByKeyboard(FanTest):
    def tab_to(self, page, target, most=80):
        """Tabs until the target has the focus, which must be visible."""
        for _ in range(most):
            page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                is_shown = target.evaluate(
                    "element => element.matches(':focus-visible') && (getComputedStyle(element).outlineStyle !== 'none'"
                    " || getComputedStyle(element).boxShadow !== 'none')"
                )
                self.assertTrue(is_shown, f"the focus on {target} is not visible")
                return
        raise AssertionError(f"Tab does not lead to {target}")

    def arrow_to(self, page, key, target):
        page.keyboard.press(key)
        expect(target).to_be_focused()

    def test_a_whole_purchase(self):
        event = self.fresh_event(title="Keys only")
        page = self.page()
        page.goto(self.server.url)
        link = page.get_by_role("link", name="Keys only", exact=True)
        link.wait_for()
        self.tab_to(page, link)
        page.keyboard.press("Enter")
        self.see(page, "On sale now")
        self.tab_to(page, page.get_by_role("textbox"))
        page.keyboard.type("keys@example.com")
        page.keyboard.press("Enter")
        self.see(page, "Choose your seats")
        expect(page.get_by_role("heading", level=1)).to_be_focused()

        self.tab_to(page, page.get_by_role("button", name="List", exact=True))
        page.keyboard.press("Enter")
        zones = page.locator("seat-list button[aria-expanded]")
        # All sections are one stop: the standing area first, then the arrow keys.
        self.tab_to(page, page.locator("seat-list .seat-list-area"), most=2)
        self.arrow_to(page, "ArrowDown", zones.nth(0))
        self.arrow_to(page, "ArrowDown", zones.nth(1))
        page.keyboard.press("Enter")
        expect(zones.nth(1)).to_have_attribute("aria-expanded", "true")
        self.tab_to(page, self.seat(page, "B", 1, 1), most=1)
        self.arrow_to(page, "ArrowRight", self.seat(page, "B", 1, 2))
        self.arrow_to(page, "ArrowDown", self.seat(page, "B", 2, 2))
        self.arrow_to(page, "End", self.seat(page, "B", 2, 10))
        self.arrow_to(page, "ArrowLeft", self.seat(page, "B", 2, 9))
        page.keyboard.press("Space")
        expect(self.seat(page, "B", 2, 9)).to_have_attribute("aria-pressed", "true")
        self.arrow_to(page, "ArrowRight", self.seat(page, "B", 2, 10))
        page.keyboard.press("Enter")
        expect(self.seat(page, "B", 2, 10)).to_have_attribute("aria-pressed", "true")
        expect(self.basket(page)).to_contain_text("2 seats")

        self.tab_to(page, self.basket(page).get_by_role("button", name="Hold and check out"))
        page.keyboard.press("Enter")
        self.see(page, "Check out")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        self.tab_to(page, page.locator("#pm_card_visa"))
        self.arrow_to(page, "ArrowDown", page.locator("#pm_card_chargeDeclined"))
        expect(page.locator("#pm_card_chargeDeclined")).to_be_checked()
        self.arrow_to(page, "ArrowUp", page.locator("#pm_card_visa"))
        expect(page.locator("#pm_card_visa")).to_be_checked()
        self.tab_to(page, page.get_by_role("button", name=re.compile("^Pay ₩")), most=1)
        page.keyboard.press("Space")
        self.see_tickets(page, 2)
        expect(page.locator(".ticket-place")).to_have_text(["B section, row 2, seat 9", "B section, row 2, seat 10"])
        self.assertEqual(self.report(event)["sold"], 2)


class OnTheMap(FanTest):
    # Derived from where small_plan() puts its seats, 20 apart, and how map/seat-map.js fits them.
    # The stage is drawn before the seats (map/shapes.js).
    STAGE = {"x": 250, "y": 0}
    WHOLE = {"left": 10, "right": 490, "top": -40, "bottom": 160}
    ZONE_A = {"left": 10, "right": 210, "top": 80, "bottom": 160}
    SPACING = 20

    def spot(self, page, x, y, part, padding, most):
        """The screen position of a plan point when the given part of the plan fills the map."""
        viewport = page.locator(".seat-map-viewport")
        viewport.scroll_into_view_if_needed()
        box = viewport.evaluate(
            "element => { const { left, top } = element.getBoundingClientRect();"
            " return [left + element.clientLeft, top + element.clientTop, element.clientWidth, element.clientHeight]; }"
        )
        left, top, width, height = box
        scale = min(
            (width - 2 * padding) / (part["right"] - part["left"]),
            (height - 2 * padding) / (part["bottom"] - part["top"]),
            most / self.SPACING,
        )
        at = []
        for value, low, high, least, greatest, extent in (
            (x, part["left"], part["right"], self.WHOLE["left"], self.WHOLE["right"], width),
            (y, part["top"], part["bottom"], self.WHOLE["top"], self.WHOLE["bottom"], height),
        ):
            offset = extent / 2 - (low + high) / 2 * scale
            # The map keeps the plan on the screen.
            if (greatest - least) * scale + 48 <= extent:
                offset = extent / 2 - (least + greatest) / 2 * scale
            else:
                offset = min(24 - least * scale, max(extent - 24 - greatest * scale, offset))
            at.append(value * scale + offset)
        return left + at[0], top + at[1]

    def whole(self, page, seat, row):
        return self.spot(page, seat * 20, 60 + row * 30, self.WHOLE, 24, 52)

    def picture(self, page, at):
        return page.screenshot(clip={"x": at[0] - 8, "y": at[1] - 8, "width": 16, "height": 16})

    def test_a_click_picks_the_seat_under_it(self):
        event = self.fresh_event(stage=self.STAGE)
        page = self.page(reduced_motion="reduce")
        self.enter_shop(page, event, "mouse@example.com")
        page.locator("seat-map canvas").first.wait_for()
        at = self.whole(page, 7, 2)
        page.mouse.move(*at)
        tooltip = page.locator(".seat-map-tooltip")
        expect(tooltip).to_contain_text("A · row 2 · seat 7")
        expect(tooltip).to_contain_text("₩111,000")
        page.mouse.move(0, 0)
        expect(tooltip).to_be_hidden()
        before = self.picture(page, at)

        page.mouse.click(*at)
        expect(self.basket(page)).to_contain_text("A, row 2, seat 7")
        expect(self.basket(page)).to_contain_text("1 seat · ₩111,000")
        page.mouse.move(0, 0)
        expect(tooltip).to_be_hidden()
        wait_until(lambda: self.picture(page, at) != before)

        self.open_zone(page, "A")
        expect(self.seat(page, "A", 2, 7)).to_have_attribute("aria-pressed", "true")
        expect(self.seat(page, "A", 2, 6)).to_have_attribute("aria-pressed", "false")
        page.get_by_role("button", name="Map", exact=True).click()
        # Another click drops it.
        page.mouse.click(*self.whole(page, 7, 2))
        self.open_zone(page, "A")
        expect(self.seat(page, "A", 2, 7)).to_have_attribute("aria-pressed", "false")
        expect(self.basket(page)).not_to_contain_text("row 2")

    def test_a_tap_zooms_in_first(self):
        event = self.fresh_event(stage=self.STAGE)
        page = self.page(device=PHONE, reduced_motion="reduce")
        self.enter_shop(page, event, "finger@example.com")
        page.locator("seat-map canvas").first.wait_for()
        # The seats are too small for a finger, so the first tap zooms in to the zone and the next one picks.
        page.touchscreen.tap(*self.whole(page, 5, 2))
        expect(page.locator(".seat-map-viewport")).not_to_have_class(re.compile("is-whole"))
        expect(self.basket(page)).to_have_class(re.compile("is-empty"))
        for seat in (3, 4):
            page.touchscreen.tap(*self.spot(page, seat * 20, 60 + 1 * 30, self.ZONE_A, 28, 26 * 1.3))
            expect(self.basket(page)).to_contain_text(f"A, row 1, seat {seat}")
        expect(self.basket(page)).to_contain_text("2 seats · ₩200,000")


class OneSeatForTwo(FanTest):
    def both_pick(self, event, *seats, second_sees=True):
        first, second = self.page(), self.page()
        if not second_sees:
            # Freeze the second fan's stream, so that the refusal arrives before the update.
            status, availability = self.server.call("GET", f"/v1/events/{event}/availability")
            self.assertEqual(status, 200)
            snapshot = f"id: {availability['version']}\nevent: snapshot\ndata: {json.dumps(availability)}\n\n"
            second.route(
                "**/availability/stream",
                lambda route: route.fulfill(status=200, content_type="text/event-stream", body=snapshot),
            )
        self.enter_shop(first, event, f"first-{event}@example.com")
        self.enter_shop(second, event, f"second-{event}@example.com")
        self.pick(first, "A", 2, *seats)
        self.pick(second, "A", 2, *seats)
        return first, second

    def test_the_slower_fan_is_told_and_takes_nearby_seats(self):
        event = self.fresh_event()
        first, second = self.both_pick(event, 5, 6)
        self.hold(first)
        lost = second.get_by_role("alert").filter(has_text="Someone was faster")
        expect(lost).to_contain_text("Someone was faster: A, row 2, seats 5, 6 are gone. Nothing was charged.")
        expect(lost).to_contain_text("These 2 close by are free together: A, row 2, seats")
        self.take(second, lost, event, "Take these 2", count=2)

    def test_a_fan_refused_before_the_update_is_told_too(self):
        event = self.fresh_event()
        first, second = self.both_pick(event, 5, second_sees=False)
        self.hold(first)
        self.basket(second).get_by_role("button", name="Hold and check out", exact=True).click()
        lost = second.get_by_role("alert").filter(has_text="Someone was faster")
        expect(lost).to_contain_text("Someone was faster: A, row 2, seat 5 is gone. Nothing was charged.")
        expect(lost).to_contain_text(re.compile("Close by, this one is free: A, row 2, seat [46]."))
        self.take(second, lost, event, "Take it", count=1)

    def take(self, page, lost, event, button, count):
        lost.get_by_role("button", name=button, exact=True).click()
        expect(lost).to_have_count(0)
        expect(self.basket(page).get_by_role("listitem")).to_have_count(count)
        self.hold(page)
        self.pay(page)
        self.see_tickets(page, count)
        report = self.report(event)
        self.assertEqual((report["sold"], report["held"]), (count, count))


class LostConnection(FanTest):
    LOST = "No connection. We keep trying by ourselves"

    def lose(self, context, page):
        context.set_offline(True)
        self.server.stop()
        expect(page.get_by_text(self.LOST).first).to_be_visible(timeout=PATIENCE)

    def find_again(self, context, page):
        self.server.start()
        context.set_offline(False)
        expect(page.locator(".notice", has_text=self.LOST)).to_have_count(0, timeout=PATIENCE)

    def restart_after(self):
        """Makes sure that the next test has a server, whatever happens in this one."""
        if self.server.process.poll() is not None:
            self.server.start()

    def test_the_place_in_line_is_kept(self):
        self.addCleanup(self.restart_after)
        event = self.fresh_event(onsale={"waitingRoom": True, "opensAt": moment(-60), "maxActiveShoppers": 1})
        _, shopping = self.server.pass_for("before@example.com", event)
        context = self.context()
        page = self.page(context)
        self.enter(page, event, "line@example.com", {"choose": "Join the line"})
        self.see(page, "In line")
        expect(page.locator("main")).to_contain_text("Your number is 2.")

        self.lose(context, page)
        self.see(page, "In line")
        expect(page.locator("main")).to_contain_text("Your number is 2.")
        self.find_again(context, page)
        self.see(page, "In line")
        expect(page.locator("main")).to_contain_text("Your number is 2.")
        # The line moves on, and the page follows.
        status, _ = self.server.call("DELETE", f"/v1/events/{event}/waiting-room/pass", token=shopping)
        self.assertEqual(status, 204)
        self.see(page, "Choose your seats", timeout=PATIENCE)

    def test_the_seats_are_live_again(self):
        self.addCleanup(self.restart_after)
        event = self.fresh_event()
        context = self.context()
        page = self.page(context)
        self.enter_shop(page, event, "shop@example.com")
        self.pick(page, "A", 2, 5)
        self.lose(context, page)
        # The page shows what was held meanwhile and what is held later.
        self.server.start()
        other, shopping = self.server.pass_for("other@example.com", event)
        status, _ = self.server.call("POST", f"/v1/events/{event}/holds", {"seats": ["A-1-1"]}, shopping)
        self.assertEqual(status, 201)
        context.set_offline(False)
        expect(page.locator(".notice", has_text=self.LOST)).to_have_count(0, timeout=PATIENCE)
        expect(self.seat(page, "A", 1, 1)).to_have_attribute("data-look", "held", timeout=PATIENCE)
        status, _ = self.server.call("POST", f"/v1/events/{event}/holds", {"seats": ["A-1-2"]}, shopping)
        self.assertEqual(status, 201)
        expect(self.seat(page, "A", 1, 2)).to_have_attribute("data-look", "held")
        expect(self.seat(page, "A", 1, 3)).to_have_attribute("data-look", "free")
        expect(self.basket(page)).to_contain_text("A, row 2, seat 5")
        self.hold(page)
        self.pay(page)
        self.see_tickets(page, 1)

    def test_a_reload_while_paying_pays_once(self):
        for card in ("pm_sandbox_slow", "pm_sandbox_timeout"):
            with self.subTest(card):
                event = self.fresh_event()
                page = self.page()
                self.enter_shop(page, event, f"{event}@example.com")
                self.pick(page, "A", 1, 1, 2)
                self.hold(page)
                with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/orders")):
                    self.pay(page, card)
                self.see(page, "Paying")
                wait_until(lambda: len(self.orders(event)) == 1)
                page.reload()
                self.see_tickets(page, 2)
                orders = self.orders(event)
                self.assertEqual([order["state"] for order in orders], ["confirmed"])
                report = self.report(event)
                self.assertEqual((report["gross"], report["sold"], report["held"]), (200_000, 2, 0))


class Orders(FanTest):
    def test_a_declined_card_is_explained(self):
        event = self.fresh_event()
        page = self.page()
        self.enter_shop(page, event, "declined@example.com")
        self.pick(page, "A", 1, 3)
        self.hold(page)
        self.decline(page)
        main = page.locator("main")
        expect(main).to_contain_text("Your bank declined this card")
        expect(main).to_contain_text("No money was taken.")
        report = self.report(event)
        self.assertEqual((report["gross"], report["sold"], report["held"]), (0, 0, 1))

        # The seat is still held, even after a reload, and can be paid for with another card.
        page.reload()
        self.see_declined(page)
        self.pay(page)
        self.see_tickets(page, 1)
        self.assertEqual(sorted(order["state"] for order in self.orders(event)), ["confirmed", "declined"])
        report = self.report(event)
        self.assertEqual((report["gross"], report["sold"], report["held"]), (100_000, 1, 0))

    def decline(self, page):
        """Pays with a card that is declined, which leads back to the checkout."""
        with page.expect_response(lambda response: "/holds/" in response.url and response.request.method == "GET"):
            self.pay(page, "pm_card_chargeDeclined")
        self.see_declined(page)
        # Beside the cards, where the eye and the thumb are.
        expect(page.locator(".notice.bad h2")).to_be_focused()
        expect(page.locator(".notice.bad h2")).to_be_in_viewport()

    def see_declined(self, page):
        self.see(page, "Check out")
        declined = page.locator(".notice.bad")
        expect(declined).to_contain_text("The payment was declined")
        expect(declined).to_contain_text(re.compile(r"Your places are still held for you until \d+:\d\d:\d\d"))
        # The time that is left stays in sight while one scrolls to the cards.
        expect(page.locator(".hold-clock")).to_be_in_viewport()

    def test_what_is_held_is_in_sight_everywhere_and_named_before_it_is_lost(self):
        event = self.fresh_event()
        page = self.page()
        self.enter_shop(page, event, "leaving@example.com")
        bar = page.locator(".held-bar")
        expect(bar).to_be_hidden()
        self.pick(page, "A", 1, 3)
        self.hold(page)
        page.get_by_role("link", name="My orders").click()
        expect(bar).to_contain_text("Time left to pay:")
        # Nobody signs out of seats by mistake.
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("dialog").get_by_role("button", name="Stay signed in").click()
        bar.get_by_role("link", name="Pay").click()
        self.see(page, "Check out")
        expect(bar).to_be_hidden()
        page.get_by_role("button", name="Choose more seats").click()
        self.see(page, "Choose your seats")
        page.get_by_role("button", name="I’m done, let the next one in").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("You give up A, row 1, seat 3.")
        dialog.get_by_role("button", name="Stay").click()
        self.assertEqual(self.report(event)["held"], 1)
        page.get_by_role("button", name="I’m done, let the next one in").click()
        dialog.get_by_role("button", name="Leave").click()
        expect(page).to_have_url(self.server.url + "/")
        wait_until(lambda: self.report(event)["held"] == 0)
        expect(bar).to_be_hidden()

    def test_a_failed_capture_releases_the_seats(self):
        event = self.fresh_event()
        page = self.page()
        self.enter_shop(page, event, "refused@example.com")
        self.pick(page, "A", 1, 3)
        self.hold(page)
        self.pay(page, "pm_sandbox_captureFails")
        self.see(page, "The payment was declined")
        expect(page.locator("main")).to_contain_text("Your places went back on sale")
        self.assertEqual(self.report(event)["held"], 0)
        page.get_by_role("button", name="Choose again", exact=True).click()
        self.see(page, "Choose your seats")

    def test_the_fifth_declined_payment_ends_the_turn(self):
        event = self.fresh_event(onsale={"waitingRoom": True, "opensAt": moment(-60)})
        page = self.page()
        self.enter(page, event, "five@example.com", {"choose": "Join the line"})
        self.see(page, "Choose your seats")
        page.locator("seat-list button[aria-expanded]").first.wait_for(state="attached")
        self.pick(page, "A", 1, 3)
        self.hold(page)
        for _ in range(4):
            self.decline(page)
        self.pay(page, "pm_card_chargeDeclined")
        self.see(page, "Too many payments were declined")
        expect(page.locator("main")).to_contain_text("5 payments were declined, so your turn is over")
        # The page's estimate of the server's clock may go back a little.
        page.route(re.compile(f"/v1/events/{event}(/waiting-room)?$"), self.answer_earlier)
        page.reload()
        self.see(page, "Too many payments were declined")
        page.get_by_role("button", name="Line up again", exact=True).click()
        self.see(page, "Choose your seats")
        wait_until(lambda: self.report(event)["held"] == 0)

    @staticmethod
    def answer_earlier(route):
        """Passes on the server's response with a date three seconds earlier."""
        answer = route.fetch()
        date = parsedate_to_datetime(answer.headers["date"]) - timedelta(seconds=3)
        route.fulfill(response=answer, headers={**answer.headers, "date": format_datetime(date, usegmt=True)})

    def to_the_bank(self, email, words=ENGLISH, **options):
        """Pays with a card whose bank wants confirmation, and ends on the bank's page."""
        event = self.fresh_event()
        page = self.page(**options)
        self.enter_shop(page, event, email, words)
        self.pick(page, "A", 2, 4, 5, words=words)
        self.hold(page, words)
        self.pay(page, "pm_card_authenticationRequired", words)
        page.wait_for_url(lambda url: not url.startswith(self.server.url))
        order = self.orders(event)[0]
        self.assertEqual(order["state"], "requires_action")
        status, order = self.server.call("GET", f"/v1/events/{event}/orders/{order['order']}", token=ADMIN)
        self.assertEqual((status, order["action"]["url"]), (200, page.url))
        return page, event, order

    def answer(self, order, outcome):
        """Answers at the bank like the buttons on its page."""
        body = json.dumps({"outcome": outcome}).encode()
        request = urllib.request.Request(order["action"]["url"], body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20):
            pass

    def test_a_confirmed_payment_at_the_bank(self):
        for words, locale in ((ENGLISH, "en-US"), (KOREAN, "ko-KR")):
            with self.subTest(locale):
                page, event, order = self.to_the_bank(f"ask-{locale}@example.com", words, locale=locale)
                # The first button agrees and leads back.
                page.get_by_role("button").first.click()
                page.wait_for_url(f"{self.server.url}/events/{event}/orders/{order['order']}*")
                self.see_tickets(page, 2, words)
                # The other address of the order shows it too, and the event's page has nothing left to pay.
                page.goto(f"{self.server.url}/orders/{event}/{order['order']}")
                self.see_tickets(page, 2, words)
                page.goto(self.address(event))
                self.see(page, words["shop"])

    def test_a_fan_back_from_the_bank_without_an_answer_can_return_to_it(self):
        for locale, button in (("en-US", "Confirm the payment"), ("ko-KR", "결제 인증하기")):
            with self.subTest(locale):
                words = KOREAN if locale == "ko-KR" else ENGLISH
                page, event, order = self.to_the_bank(f"back-{locale}@example.com", words, locale=locale)
                bank = page.url
                page.goto(self.address(event))
                page.wait_for_url(f"{self.server.url}/orders/{event}/{order['order']}")
                page.get_by_role("button", name=button, exact=True).click()
                page.wait_for_url(bank)
                # The page notices by itself when the payment is confirmed elsewhere.
                page.goto(f"{self.server.url}/events/{event}/orders/{order['order']}")
                expect(page.get_by_role("button", name=button, exact=True)).to_be_visible()
                self.answer(order, "agree")
                self.see_tickets(page, 2, words)

    def test_a_fan_who_refuses_at_the_bank_can_use_another_card(self):
        page, event, order = self.to_the_bank("refuse@example.com")
        self.answer(order, "refuse")
        page.goto(f"{self.server.url}/events/{event}/orders/{order['order']}")
        expect(page.locator(".notice.bad strong")).to_have_text("Payment declined")
        page.get_by_role("link", name="Pay in another way", exact=True).click()
        self.see_declined(page)
        self.pay(page)
        self.see_tickets(page, 2)
        self.assertEqual(sorted(order["state"] for order in self.orders(event)), ["confirmed", "declined"])

    def test_all_orders_can_be_reached(self):
        event = self.fresh_event(limits={"ticketsPerBuyer": 60})
        _, shopping = self.server.pass_for("many@example.com", event)
        for number in range(51):
            body = {"area": "Standing", "quantity": 1} if number < 50 else {"seats": ["A-1-1"]}
            status, hold = self.server.call("POST", f"/v1/events/{event}/holds", body, shopping)
            self.assertEqual(status, 201, hold)
            status, order = self.server.call(
                "POST",
                f"/v1/events/{event}/orders",
                {"hold": hold["hold"], "payment": {"method": "pm_card_visa"}},
                shopping,
                {"Idempotency-Key": f"many-{number}", "Prefer": "wait=10"},
            )
            self.assertEqual(status, 201, order)
        page = self.page()
        page.goto(self.server.url + "/orders")
        page.get_by_role("textbox").fill("many@example.com")
        page.get_by_role("textbox").press("Enter")
        rows = page.get_by_role("main").get_by_role("listitem")
        expect(rows).to_have_count(50)
        more = page.get_by_role("button", name="Show more orders", exact=True)
        more.click()
        expect(rows).to_have_count(51)
        expect(rows.nth(50).get_by_role("link")).to_be_focused()
        expect(more).to_be_hidden()

    def test_an_order_is_cancelled(self):
        event = self.fresh_event(title="To be cancelled")
        page = self.page()
        self.buy(page, event, "cancel@example.com")
        page.get_by_role("button", name="Cancel this order", exact=True).click()
        dialog = page.get_by_role("dialog", name="Cancel this order?")
        expect(dialog).to_contain_text("₩222,000 goes back to your card.")
        # Changing their mind changes nothing.
        dialog.get_by_role("button", name="Keep my tickets", exact=True).click()
        expect(dialog).to_have_count(0)
        expect(page.locator(".ticket")).to_have_count(2)
        self.assertEqual(self.orders(event)[0]["state"], "confirmed")

        page.get_by_role("button", name="Cancel this order", exact=True).click()
        dialog.get_by_role("button", name="Cancel and get the money back", exact=True).click()
        expect(page.locator("main").get_by_text("Cancelled and refunded", exact=True)).to_be_visible(timeout=PATIENCE)
        expect(page.locator(".ticket")).to_have_count(0)
        # What it was for is not forgotten.
        expect(page.locator("main")).to_contain_text("A, row 2, seats 4, 5")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        expect(page.get_by_role("button", name="Cancel this order", exact=True)).to_have_count(0)
        report = self.report(event)
        self.assertEqual((report["sold"], report["refunded"]), (0, 222_000))
        page.get_by_role("link", name="My orders", exact=True).click()
        self.see(page, "My orders")
        expect(page.get_by_role("listitem").filter(has_text="To be cancelled")).to_contain_text("Cancelled and refunded")

    def test_no_token_is_in_an_address(self):
        event = self.fresh_event()
        context = self.context()
        requests = []
        context.on("request", lambda request: requests.append(request))
        page = self.page(context)
        addresses = []
        page.on("framenavigated", lambda frame: addresses.append(frame.url))
        self.buy(page, event, "secret@example.com")
        page.get_by_role("link", name="My orders", exact=True).click()
        self.see(page, "My orders")
        page.get_by_role("main").get_by_role("link").first.click()
        self.see_tickets(page, 2)

        addresses += [request.url for request in requests]
        tokens = {request.headers.get("authorization", "").removeprefix("Bearer ") for request in requests} - {""}
        # There are tokens, for a session and a pass, and no address contains one, or part of one.
        self.assertGreaterEqual(len([token for token in tokens if token.startswith(TOKEN)]), 2)
        self.assertTrue(any("/waiting-room/stream" in address for address in addresses))
        for address in addresses:
            self.assertNotIn(TOKEN, address)
        for token in tokens:
            for part in token.split("."):
                self.assertFalse([address for address in addresses if part in address])

    def test_text_from_outside_is_text(self):
        hostile = "<img src=x onerror=alert(1)>"
        plan = small_plan()
        plan["zones"][0]["name"] = hostile
        plan["categories"][0]["name"] = hostile
        for zone in plan["zones"]:
            for seat in zone["rows"][0]["seats"]:
                seat["category"] = hostile
        status, answer = self.server.call(
            "POST",
            "/v1/events",
            {
                "id": "hostile",
                "title": hostile,
                "venue": hostile,
                "startsAt": "2030-03-01T10:00:00.000Z",
                "currency": "KRW",
                "seatingPlan": plan,
                "areas": [{"name": hostile, "capacity": 5, "category": "R"}],
                "prices": [{"category": hostile, "amount": 1000}, {"category": "R", "amount": 2000}],
                "onsale": {"waitingRoom": False},
            },
            ADMIN,
        )
        self.assertEqual(status, 201, answer)
        page = self.page()
        dialogs = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

        def is_text(place):
            expect(place).to_contain_text(hostile)
            self.assertEqual(page.locator("[onerror]").count(), 0)

        page.goto(self.server.url)
        is_text(page.get_by_role("link", name=hostile, exact=True))
        self.enter_shop(page, "hostile", "hostile@example.com")
        self.assertIn(hostile, page.title())
        is_text(page.locator(".event-head"))
        is_text(page.locator("seat-map"))
        is_text(page.locator("seat-list"))
        is_text(page.locator(".chips"))
        self.show_list(page)
        page.locator("seat-list button[aria-expanded]").first.click()
        page.locator("seat-list button[aria-pressed]").first.click()
        is_text(self.basket(page))
        self.hold(page)
        is_text(page.locator("table.amounts"))
        self.pay(page)
        self.see_tickets(page, 1)
        self.see(page, hostile)
        is_text(page.locator(".ticket-place"))
        page.get_by_role("link", name="My orders", exact=True).click()
        is_text(page.get_by_role("main"))
        self.assertEqual(dialogs, [])


if __name__ == "__main__":
    unittest.main()
