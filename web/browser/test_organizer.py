"""The organizer's whole day in a browser, from the plan file to the audit list."""

import csv
import io
import json
import pathlib
import re
import tempfile

from playwright.sync_api import expect

from harness import ADMIN, DOOR, EXAMPLES, PHONE, BrowserTest, moment, wait_until

NAME = "Kim Min-ji 김민지"
# Generous, because a click may take a while under load.
expect.set_options(timeout=15_000)


def text(page, role, name):
    return page.get_by_role(role, name=name, exact=True)


def tile(page, name):
    """The value of a number on the dashboard."""
    label = page.locator("dt").get_by_text(name, exact=True)
    return page.locator(".org-tile").filter(has=label).locator("dd").first


class Organizer(BrowserTest):
    def sign_in(self, page, name=NAME, token=ADMIN):
        page.get_by_label("Token").fill(token)
        text(page, "button", "Sign in").click()
        if token != ADMIN:
            return
        expect(page.get_by_label("Who are you?")).to_be_focused()
        page.get_by_label("Who are you?").fill(name)
        text(page, "button", "Sign in").click()

    def open(self, path="/organizer", **options):
        """Opens a page and records its requests."""
        context = self.context(**options)
        self.asked = []
        context.on("request", lambda request: self.asked.append(request.url))
        page = self.page(context)
        page.goto(self.server.url + path)
        return page

    def report(self, event):
        status, report = self.server.call("GET", f"/v1/events/{event}/report", token=ADMIN)
        self.assertEqual(status, 200)
        return report

    def buy(self, email, event, seats):
        """Buys through the API as soon as the line admits the buyer."""
        bought = []

        def attempt():
            try:
                bought.append(self.server.buy(email, event, {"seats": seats})[1])
            except RuntimeError as error:
                # Retry only while waiting in line.
                if not str(error).startswith("pass:"):
                    raise
            return bought

        wait_until(attempt)
        return bought[0]

    def choose(self, page, section, *seats):
        """Chooses seats in the list, which can do everything the map can."""
        heading = page.locator("seat-list").get_by_role("button", name=re.compile("^" + section)).first
        if heading.get_attribute("aria-expanded") != "true":
            heading.click()
        for row, seat in seats:
            page.locator("seat-list").get_by_role(
                "button", name=re.compile(f"^{section}, row {row}, seat {seat},")
            ).click()

    def test_whole_day(self):
        page = self.open(accept_downloads=True)
        self.sign_in_after_mistakes(page)
        event = self.create_event_with_form(page)
        order = self.watch_a_sale(page, event)
        self.block_and_unblock(page, event)
        self.pause_and_resume(page, event)
        self.change_cap(page, event)
        self.look_for_orders(page, event, order)
        self.download_csv(page, event, order)
        self.refund(page, event, order)
        self.look_back(event)
        self.read_audit_list(page, event, order)
        self.read_korean(page)
        self.leave(page, event)

    def sign_in_after_mistakes(self, page):
        expect(text(page, "heading", "Organizer sign-in")).to_be_visible()
        self.sign_in(page, token="not-the-token")
        expect(page.get_by_text("This server doesn’t know this token")).to_be_visible()
        expect(page.get_by_label("Token")).to_be_focused()
        # The door token works for the door only.
        self.sign_in(page, token=DOOR)
        expect(page.get_by_text("This token is for the door or for a buyer.")).to_be_visible()
        self.assertIsNone(page.evaluate("sessionStorage.getItem('onsale.organizer.session')"))
        self.sign_in(page)
        expect(text(page, "heading", "Events")).to_be_focused()
        self.assert_token_is_in_this_tab_only(page)

    def assert_token_is_in_this_tab_only(self, page):
        self.assertIn(ADMIN, page.evaluate("JSON.stringify(sessionStorage)"))
        self.assertNotIn(ADMIN, page.evaluate("JSON.stringify(localStorage)"))
        self.assertEqual(page.context.cookies(), [])
        self.assertNotIn(ADMIN, page.url)
        self.assertEqual([url for url in self.asked if ADMIN in url], [])

    def create_event_with_form(self, page):
        page.get_by_role("link", name="New event").first.click()
        expect(text(page, "heading", "New event")).to_be_focused()
        page.get_by_label("Choose a plan file").set_input_files(EXAMPLES / "theatre.json")
        expect(page.get_by_text("theatre.json was read.")).to_be_visible()
        expect(page.get_by_text("1,216 seats")).to_be_visible()
        expect(page.locator("seat-map canvas").first).to_be_visible()
        # The venue is prefilled with the plan's name.
        expect(page.get_by_label("Venue")).to_have_value("Theatre")
        page.get_by_label("Title", exact=True).fill("A long day")
        page.get_by_label("Name in the address").fill("long-day")
        page.get_by_label("Starts at").fill("2030-03-01T19:00")
        prices = {"VIP": "150000", "R": "120000", "S": "90000"}
        for category, amount in prices.items():
            page.get_by_label(category, exact=True).fill(amount)

        text(page, "button", "Create the event").click()
        expect(page.get_by_text("1 thing to mend before the event can be created")).to_be_visible()
        expect(page.get_by_label("A", exact=True)).to_have_attribute("aria-invalid", "true")
        # The input and the file survive a reload.
        page.reload()
        expect(page.get_by_label("Title", exact=True)).to_have_value("A long day")
        expect(page.get_by_label("VIP", exact=True)).to_have_value("150000")
        page.get_by_label("A", exact=True).fill("60000")
        text(page, "button", "Create the event").click()

        expect(text(page, "heading", "A long day")).to_be_visible()
        expect(page.locator(".org-event-head .badge")).to_have_text("On sale")
        self.assertEqual(page.url, self.server.url + "/organizer/events/long-day")
        status, event = self.server.call("GET", "/v1/events/long-day")
        self.assertEqual(status, 200)
        self.assertEqual(event["startsAt"], "2030-03-01T10:00:00.000Z", "entered in Seoul time")
        self.assertEqual(
            {price["category"]: price["amount"] for price in event["prices"]},
            {"VIP": 150000, "R": 120000, "S": 90000, "A": 60000},
        )
        self.assertEqual(self.report("long-day")["capacity"], 1216)
        return "long-day"

    def watch_a_sale(self, page, event):
        expect(tile(page, "Free")).to_have_text("1,216")
        expect(tile(page, "Sold")).to_have_text("0")
        # Let the second of the creation pass, for the timeline has one point for each.
        page.wait_for_timeout(1000)
        order = self.buy("fan@example.com", event, ["Stalls-A-1", "Stalls-A-2"])
        expect(tile(page, "Sold")).to_have_text("2")
        expect(tile(page, "Free")).to_have_text("1,214")
        expect(tile(page, "Revenue")).to_contain_text("300,000")
        confirmed = page.locator(".org-counts .confirmed dd")
        expect(confirmed).to_have_text("1")
        expect(page.locator(".org-charts svg").first).to_be_visible()
        sales = page.get_by_role("region", name="Sales")
        line = sales.get_by_role("table", name="By category").get_by_role("row").filter(has_text="300,000")
        expect(line.get_by_role("cell").nth(1)).to_have_text(re.compile(r"^2 \("))
        sales.locator("summary").click()
        expect(sales.get_by_role("row").filter(has_text="Stalls").first).to_contain_text("300,000")
        return order

    def block_and_unblock(self, page, event):
        text(page, "link", "Blocks").click()
        expect(page).to_have_title(re.compile("Blocks"))
        # In the list: two free seats and a sold one, which cannot be blocked.
        self.choose(page, "Stalls", ("A", 1), ("B", 1), ("B", 2))
        expect(page.get_by_text("2 free, 0 blocked, 1 held or sold")).to_be_visible()
        text(page, "button", "Block 2 free seats").click()
        expect(page.get_by_text("2 seats are blocked.")).to_be_visible()
        self.assertEqual(self.report(event)["blocked"], 2)
        self.choose(page, "Stalls", ("B", 1), ("B", 2))
        text(page, "button", "Release 2 blocked seats").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading")).to_have_text("Release 2 seats?")
        dialog.get_by_role("button", name="Keep as it is").click()
        self.assertEqual(self.report(event)["blocked"], 2, "nothing happens without confirmation")
        text(page, "button", "Release 2 blocked seats").click()
        dialog.get_by_role("button", name="Release 2 blocked seats").click()
        expect(page.get_by_text("2 seats are released to the sale.")).to_be_visible()
        self.assertEqual(self.report(event)["blocked"], 0)
        self.block_on_map(page, event)

    def block_on_map(self, page, event):
        """Draws a rectangle in the middle of the map."""
        view = page.locator("seat-map .seat-map-viewport")
        view.scroll_into_view_if_needed()
        box = view.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.get_by_role("button", name="select an area").click()
        page.mouse.move(x - 60, y - 60)
        page.mouse.down()
        page.mouse.move(x, y, steps=4)
        page.mouse.move(x + 60, y + 60, steps=4)
        page.mouse.up()
        button = page.get_by_role("button", name=re.compile(r"^Block \d+ free seats$"))
        expect(button).to_be_visible()
        count = int(re.search(r"\d+", button.inner_text())[0])
        self.assertGreater(count, 4)
        button.click()
        expect(page.get_by_text(f"{count} seats are blocked.")).to_be_visible()
        self.assertEqual(self.report(event)["blocked"], count)

    def pause_and_resume(self, page, event):
        text(page, "link", "Dashboard").click()
        text(page, "button", "Pause the sale").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Those who hold seats can still pay.")).to_be_visible()
        dialog.get_by_role("button", name="Pause the sale").click()
        expect(page.locator(".org-event-head .badge")).to_have_text("Paused")
        expect(page.get_by_text("The sale is paused: nobody is called")).to_be_visible()
        self.assertEqual(self.server.call("GET", f"/v1/events/{event}")[1]["onsale"]["phase"], "paused")
        text(page, "button", "Resume the sale").click()
        expect(page.get_by_text("The sale goes on.")).to_be_visible()
        expect(page.locator(".org-event-head .badge")).to_have_text("On sale")
        self.assertEqual(self.server.call("GET", f"/v1/events/{event}")[1]["onsale"]["phase"], "open")

    def change_cap(self, page, event):
        cap = page.get_by_label("Admission cap")
        expect(cap).to_have_value("500")
        cap.fill("0")
        text(page, "button", "Change").click()
        expect(cap).to_have_attribute("aria-invalid", "true")
        cap.fill("40")
        text(page, "button", "Change").click()
        expect(page.get_by_text("Up to 40 may shop at a time now.")).to_be_visible()
        self.assertEqual(self.server.call("GET", f"/v1/events/{event}")[1]["onsale"]["maxActiveShoppers"], 40)

    def test_a_part_is_refunded_and_seats_say_why_they_are_kept_back(self):
        self.server.create_event("parted")
        _, order = self.server.buy("parted@example.com", "parted", {"seats": ["A-1-1", "A-1-2"]})
        page = self.page()
        page.goto(self.server.url + "/organizer/events/parted/orders")
        self.sign_in(page)
        text(page, "button", order["order"]).click()
        dialog = page.get_by_role("dialog", name=re.compile(order["order"]))
        dialog.get_by_role("button", name="Refund").click()
        question = page.get_by_role("dialog", name="Refund this order?")
        expect(question).to_contain_text("₩200,000")
        question.get_by_label("A, row 1, seat 1").uncheck()
        question.get_by_label("A, row 1, seat 2").uncheck()
        expect(question.get_by_role("button", name="Refund")).to_be_disabled()
        question.get_by_label("A, row 1, seat 2").check()
        expect(question).to_contain_text("₩100,000 for 1 ticket goes back to the buyer.")
        question.get_by_label("Reason").fill("A child fell ill")
        question.get_by_role("button", name="Refund").click()
        expect(dialog.get_by_text(re.compile("100,000 was refunded."))).to_be_visible(timeout=30_000)
        expect(dialog).to_contain_text("A child fell ill")
        expect(dialog).to_contain_text("A, row 1, seat 2 (taken back)")
        _, now = self.server.call("GET", f"/v1/events/parted/orders/{order['order']}", token=ADMIN)
        self.assertEqual((now["state"], len(now["tickets"]), now["refundedAmount"]), ("confirmed", 1, 100_000))
        dialog.get_by_role("button", name="Close").click()

        page.goto(self.server.url + "/organizer/events/parted/seats")
        zone = page.locator("seat-list button[aria-expanded]").first
        zone.click()
        seat = page.locator("seat-list").get_by_role("button", name=re.compile("^A, row 3, seat 5, "))
        seat.click()
        page.get_by_label("Reason for keeping back").fill("House seats")
        page.get_by_role("button", name="Block 1 free seat").click()
        expect(seat).to_have_attribute("data-look", "blocked")
        seat.click()
        expect(page.locator(".org-choice")).to_contain_text("House seats (1)")

    def look_for_orders(self, page, event, order):
        other = self.buy("another@example.com", event, ["Balcony-A-1"])
        text(page, "link", "Orders").click()
        rows = page.get_by_role("row").filter(has=page.get_by_role("cell"))
        expect(rows).to_have_count(2)
        query = page.get_by_role("searchbox", name="Search")
        # The newest is first.
        expect(rows.first).to_contain_text(other["order"])
        for typed in ("balcony-a-1", "Balcony row A seat 1", "Another@Example.com"):
            query.fill(typed)
            query.press("Enter")
            expect(rows).to_have_count(1)
            expect(rows).to_contain_text(other["order"])
        self.assertNotIn("xample", page.url)
        query.fill("nobody")
        query.press("Enter")
        expect(page.get_by_text("That is no seat of the plan")).to_be_visible()
        expect(rows).to_have_count(0)
        query.fill("nobody@example.com")
        query.press("Enter")
        expect(page.get_by_text("No orders here.")).to_be_visible()
        query.fill("")
        query.press("Enter")
        expect(rows).to_have_count(2)
        page.get_by_label("State").select_option("refunded")
        expect(page.get_by_text("No orders here.")).to_be_visible()
        page.get_by_label("State").select_option("")
        query.fill(order["order"])
        query.press("Enter")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Stalls, row A, seats 1, 2")
        self.look_at_the_buyer(page, other)

    def look_at_the_buyer(self, page, order):
        query = page.get_by_role("searchbox", name="Search")
        query.fill("balcony-a-1")
        query.press("Enter")
        page.get_by_role("row").get_by_role("link").click()
        expect(page.get_by_role("heading", name=re.compile("^Buyer byr_"))).to_be_visible()
        expect(page.get_by_text("shopping")).to_be_visible()
        expect(text(page, "button", order["order"])).to_be_visible()
        text(page, "link", "All orders").click()
        expect(page.get_by_role("row").filter(has=page.get_by_role("cell"))).to_have_count(2)

    def download_csv(self, page, event, order):
        with page.expect_download() as waiting:
            text(page, "button", "Download CSV").click()
        download = waiting.value
        self.assertEqual(download.suggested_filename, f"{event}-orders.csv")
        content = pathlib.Path(download.path()).read_bytes().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(content)))
        self.assertEqual(len(rows), 2)
        found = next(row for row in rows if row["order"] == order["order"])
        self.assertEqual((found["state"], found["quantity"], found["amount"]), ("confirmed", "2", "300000"))

    def refund(self, page, event, order):
        text(page, "button", order["order"]).click()
        dialog = page.get_by_role("dialog", name=re.compile(order["order"]))
        expect(dialog).to_contain_text("Stalls, row A, seat 1")
        told = dialog.get_by_role("region", name="What happened").get_by_role("listitem")
        self.assert_told(told, "Hold made", "Order placed", "Order confirmed")
        dialog.get_by_role("button", name="Refund").click()
        question = page.get_by_role("dialog", name="Refund this order?")
        expect(question).to_contain_text("300,000")
        question.get_by_role("button", name="Keep as it is").click()
        expect(question).to_have_count(0)
        address = f"/v1/events/{event}/orders/{order['order']}"
        self.assertEqual(self.server.call("GET", address, token=ADMIN)[1]["state"], "confirmed")
        dialog.get_by_role("button", name="Refund").click()
        question.get_by_role("button", name="Refund").click()
        expect(dialog.get_by_text(re.compile("300,000 was refunded."))).to_be_visible(timeout=30_000)
        expect(dialog.get_by_role("button", name="Close")).to_be_focused()
        self.assertEqual(self.server.call("GET", address, token=ADMIN)[1]["state"], "refunded")
        self.assert_told(told, "Hold made", "Order placed", "Order confirmed", "Order cancelled", "Refund sent")
        dialog.get_by_role("button", name="Close").click()
        expect(text(page, "button", order["order"])).to_be_focused()
        self.assertEqual(self.report(event)["refunded"], 300000)

    def assert_told(self, items, *wanted):
        """The story has these steps, in this order, perhaps with others between them."""
        expect(items.filter(has_text=wanted[-1])).not_to_have_count(0)
        told = [item.locator("strong").inner_text() for item in items.all()]
        self.assertEqual([what for what in told if what in wanted], list(wanted))
        for item in items.all():
            expect(item.locator("time")).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT.*Z$"))
        for what in wanted:
            expect(items.get_by_text(what, exact=True)).to_have_attribute("lang", "en")

    def chart(self, page, name):
        return page.get_by_role("figure", name=name, exact=True)

    def look_back(self, event):
        """Somebody who has only just come sees how the sale went before."""
        page = self.page(self.context())
        page.goto(self.server.url + f"/organizer/events/{event}")
        self.sign_in(page)
        seats = self.chart(page, "Seats and standing places")
        expect(seats.locator("path.line.sold")).to_have_attribute("d", re.compile("L"))
        seats.get_by_text("As a table").click()
        expect(seats.get_by_role("row").nth(6)).to_be_visible()
        page.get_by_label("Show", exact=True).select_option("1 hour")
        expect(page).to_have_url(re.compile(r"\?range=1h$"))
        period = page.get_by_role("region", name="Over time").get_by_text(re.compile("^.* – .* · "))
        expect(period).to_contain_text("by the second")
        # All of it was sold, and some refunded, before this page was opened.
        expect(seats.get_by_role("img")).to_have_attribute("aria-label", re.compile("Sold from 0 to 1,"))
        # The open table follows the choice, the newest first.
        expect(seats.get_by_role("row").nth(1).get_by_role("cell").first).to_have_text("1")
        self.look_at_another_time(page, period)
        page.close()

    def look_at_another_time(self, page, period):
        later, now = text(page, "button", "Later →"), text(page, "button", "Now")
        expect(later).to_have_attribute("aria-disabled", "true")
        text(page, "button", "← Earlier").click()
        expect(later).to_have_attribute("aria-disabled", "false")
        expect(page.get_by_label("Around")).not_to_have_value("")
        # Before the event was created there is nothing to see, and the page says so.
        expect(page.get_by_text("The server keeps nothing of this time.").first).to_be_visible()
        page.reload()
        expect(page.get_by_label("Show", exact=True)).to_have_value("1h")
        expect(page.get_by_label("Around")).not_to_have_value("")
        now.click()
        expect(page.get_by_label("Around")).to_have_value("")
        self.assertTrue(page.url.endswith("?range=1h"), page.url)
        page.get_by_label("Show", exact=True).select_option("1 day")
        expect(period).to_contain_text("by the minute")
        page.get_by_label("Around").fill("2020-01-01T20:00")
        expect(page.get_by_text("The server keeps 31 days.")).to_be_visible()
        self.assertTrue(page.url.endswith("?range=1d"), "nothing else is shown for it")

    def read_audit_list(self, page, event, order):
        text(page, "link", "Audit").click()
        rows = page.get_by_role("row").filter(has=page.get_by_role("cell"))
        expect(rows).to_have_count(8)
        actions = [row.get_by_role("cell").nth(2).inner_text() for row in rows.all()]
        self.assertEqual(
            actions,
            [
                "Order refunded",
                "Sale settings changed",
                "Sale resumed",
                "Sale paused",
                "Seats blocked",
                "Seats released",
                "Seats blocked",
                "Event created",
            ],
        )
        for row in rows.all():
            self.assertEqual(row.get_by_role("cell").nth(1).inner_text(), NAME + " claimed")
        expect(rows.first).to_contain_text(order["order"])
        expect(rows.nth(1)).to_contain_text("40")
        status, audit = self.server.call("GET", f"/v1/events/{event}/audit", token=ADMIN)
        self.assertEqual(status, 200)
        self.assertEqual({entry["by"] for entry in audit["entries"]}, {NAME})

    def read_korean(self, page):
        text(page, "button", "한국어").click()
        expect(page.locator("html")).to_have_attribute("lang", "ko")
        for name in ["현황", "좌석 판매 보류", "주문", "작업 이력"]:
            expect(text(page, "link", name)).to_be_visible()
        rows = page.get_by_role("row").filter(has=page.get_by_role("cell"))
        expect(rows).to_have_count(8)
        expect(rows.first).to_contain_text("주문 환불")
        text(page, "link", "현황").click()
        expect(page.get_by_text("판매 일시 중지")).to_be_visible()
        expect(tile(page, "판매")).to_have_text("1")
        # The language and the sign-in survive a reload.
        page.reload()
        expect(text(page, "button", "판매 일시 중지")).to_be_visible()
        text(page, "button", "English").click()
        expect(text(page, "button", "Pause the sale")).to_be_visible()

    def leave(self, page, event):
        self.assert_token_is_in_this_tab_only(page)
        # Another tab has to sign in separately.
        other = self.page(page.context)
        other.goto(self.server.url + f"/organizer/events/{event}")
        expect(text(other, "heading", "Organizer sign-in")).to_be_visible()
        other.close()
        text(page, "button", "Sign out").click()
        expect(text(page, "heading", "Organizer sign-in")).to_be_focused()
        self.assertNotIn(ADMIN, page.evaluate("JSON.stringify(sessionStorage)"))
        page.reload()
        expect(text(page, "heading", "Organizer sign-in")).to_be_visible()
        self.assertEqual([url for url in self.asked if ADMIN in url], [])

    def test_plan_with_a_duplicate(self):
        """A broken plan is refused, naming the place in words, and never sent."""
        plan = json.loads((EXAMPLES / "theatre.json").read_text())
        first = plan["zones"][0]["rows"][0]["seats"][0]
        plan["zones"][1]["rows"][2]["seats"][4]["seat_guid"] = first["seat_guid"]
        seat = plan["zones"][1]["rows"][2]["seats"][4]["seat_number"]
        row = plan["zones"][1]["rows"][2]["row_number"]
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        broken = pathlib.Path(folder.name, "broken.json")
        broken.write_text(json.dumps(plan))

        page = self.open("/organizer/new")
        self.sign_in(page)
        page.get_by_label("Choose a plan file").set_input_files(broken)
        alert = page.get_by_role("alert").filter(has_text="broken.json")
        expect(alert).to_contain_text("1 thing in broken.json must be mended before it can be used")
        expect(alert).to_contain_text(f"zone Mezzanine, row {row}, seat {seat}")
        expect(alert).to_contain_text("“Stalls-A-1” is there already: ")
        expect(alert).to_contain_text("zone Stalls, row A, seat 1")

        page.get_by_label("Title", exact=True).fill("Broken")
        page.get_by_label("Name in the address").fill("broken")
        page.get_by_label("Starts at").fill("2030-03-01T19:00")
        for category in ["VIP", "R", "S", "A"]:
            page.get_by_label(category, exact=True).fill("1000")
        text(page, "button", "Create the event").click()
        expect(page.get_by_text("1 thing to mend before the event can be created")).to_be_visible()
        self.assertEqual(self.server.call("GET", "/v1/events/broken")[0], 404)

        text(page, "button", "한국어").click()
        expect(page.get_by_role("alert").filter(has_text="broken.json")).to_contain_text("Mezzanine구역")

        # For a file that is not JSON, the line and column are named.
        text(page, "button", "English").click()
        cut = pathlib.Path(folder.name, "cut.json")
        cut.write_text('{"name": "Hall",\n "zones": [}')
        page.get_by_label("Choose a plan file").set_input_files(cut)
        expect(page.get_by_role("alert").filter(has_text="cut.json")).to_contain_text(re.compile("line 2"))

    def test_lost_connection(self):
        """The dashboard says that the connection is lost, and recovers by itself."""
        self.server.create_event("lost", onsale={"opensAt": moment(-1)})
        page = self.open("/organizer/events/lost", device=PHONE)
        self.sign_in(page)
        expect(tile(page, "Sold")).to_have_text("0")
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        page.context.set_offline(True)
        expect(page.locator(".org-connection")).to_contain_text("Connection lost", timeout=30_000)
        expect(page.get_by_text("The charts show what had arrived.")).to_be_visible(timeout=30_000)
        self.buy("offline@example.com", "lost", ["A-1-1"])
        page.context.set_offline(False)
        expect(tile(page, "Sold")).to_have_text("1", timeout=40_000)
        expect(page.locator(".org-connection")).to_have_text("Live", timeout=40_000)
        expect(page.get_by_text("The charts show what had arrived.")).to_have_count(0, timeout=40_000)
        picture = self.chart(page, "Seats and standing places").get_by_role("img")
        expect(picture).to_have_attribute("aria-label", re.compile("Sold from 0 to 1,"), timeout=40_000)
        # The page is no wider than the phone.
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0)
