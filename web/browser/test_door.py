"""The door in a browser: a phone that judges tickets with and without the server."""

import re
import urllib.request

from playwright.sync_api import expect

from harness import ADMIN, DOOR, PHONE, BrowserTest, wait_until

EVENT = "gate"
expect.set_options(timeout=15_000)


def text(page, role, name):
    return page.get_by_role(role, name=name, exact=True)


class Door(BrowserTest):
    @classmethod
    def prepare(cls):
        cls.server.create_event(EVENT)
        cls.server.create_event("elsewhere")

    def buy(self, email, seats, event=EVENT):
        """Returns the session, the order, and its tickets by seat."""
        session, order = self.server.buy(email, event, {"seats": seats})
        return session, order, {ticket["seat"]: ticket for ticket in order["tickets"]}

    def check_in(self, barcode, token=DOOR):
        return self.server.call("POST", f"/v1/events/{EVENT}/check-ins", {"barcode": barcode}, token)

    def open(self, token=DOOR, **options):
        """Opens the door on a phone and signs in."""
        context = self.context(device=PHONE, **options)
        self.asked = []
        context.on("request", lambda request: self.asked.append(request.url))
        page = self.page(context)
        page.goto(self.server.url + "/door")
        page.get_by_label("Event").select_option(EVENT)
        page.get_by_label("Door token").fill(token)
        text(page, "button", "Start checking in").click()
        expect(page.locator(".door-head .badge")).to_have_text("Online")
        return page

    def scan(self, page, barcode):
        """Types a code and returns the verdict's box."""
        page.get_by_label("Ticket code").fill(barcode)
        page.get_by_label("Ticket code").press("Enter")
        return page.get_by_role("alertdialog")

    def next(self, page):
        """Dismisses the verdict, like the person at the gate; green would disappear by itself."""
        box = page.get_by_role("alertdialog")
        page.keyboard.press("Escape")
        expect(box).to_be_hidden()

    def expect_verdict(self, box, kind, word):
        expect(box.get_by_role("heading")).to_have_text(word)
        expect(box.page.locator(".door-verdict")).to_have_class(f"door-verdict {kind}")

    def expect_count(self, page, name, count):
        item = page.locator(".door-counts div").filter(has_text=name)
        expect(item.locator("dd")).to_have_text(str(count))

    def color(self, page):
        """The color that fills the screen, as red, green and blue."""
        found = page.locator(".door-verdict").evaluate(
            "box => getComputedStyle(box).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"
        )
        self.assertEqual(len(found), 3)
        return found

    def test_sign_in(self):
        page = self.page(device=PHONE)
        page.goto(self.server.url + "/door")
        page.get_by_label("Event").select_option(EVENT)
        text(page, "button", "Start checking in").click()
        expect(page.get_by_text("Enter the door’s token.")).to_be_visible()
        page.get_by_label("Door token").fill("not-the-token")
        text(page, "button", "Start checking in").click()
        expect(page.get_by_text("This token isn’t valid here.")).to_be_visible()
        self.assertIsNone(page.evaluate("localStorage.getItem('onsale.door.session')"))
        page.get_by_label("Door token").fill(DOOR)
        text(page, "button", "Start checking in").click()
        expect(text(page, "heading", "Night of gate")).to_be_focused()
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0)

        text(page, "button", "한국어").click()
        expect(page.get_by_label("티켓 코드")).to_be_visible()
        text(page, "button", "English").click()
        text(page, "button", "Sign out").click()
        text(page.get_by_role("dialog"), "button", "Sign out").click()
        expect(text(page, "heading", "Sign in at the door")).to_be_visible()
        self.assertNotIn(DOOR, page.evaluate("JSON.stringify(localStorage)"))

    def test_tickets_online(self):
        _, order, tickets = self.buy("online@example.com", ["A-1-1", "A-1-2"])
        good = tickets["A-1-1"]["barcode"]
        page = self.open()

        box = self.scan(page, good)
        self.expect_verdict(box, "admitted", "Admit")
        expect(box.locator(".door-place")).to_have_text("A, row 1, seat 1")
        expect(box.locator(".door-category")).to_have_text("VIP")
        red, green, _ = self.color(page)
        self.assertGreater(green, red, "an admission is green")
        self.assertEqual(self.check_in(good)[1]["type"], "/problems/already-checked-in")
        self.next(page)
        self.expect_count(page, "Admitted here", 1)

        # Repeated at once, a code is the same scan; with another one in between, it is a second scan.
        box = self.scan(page, "hello")
        self.expect_verdict(box, "refused", "Don’t admit")
        expect(box).to_contain_text("This code isn’t a ticket.")
        self.next(page)
        box = self.scan(page, good)
        self.expect_verdict(box, "used", "Already used")
        expect(box).to_contain_text("on this device")
        self.next(page)

        # A ticket used at another entrance.
        self.assertEqual(self.check_in(tickets["A-1-2"]["barcode"])[0], 200)
        box = self.scan(page, tickets["A-1-2"]["barcode"])
        self.expect_verdict(box, "used", "Already used")
        expect(box).to_contain_text("on another device")
        self.next(page)
        self.expect_count(page, "Admitted here", 1)
        self.assertEqual([url for url in self.asked if DOOR in url or good in url], [])

    def test_who_is_in_and_who_is_found(self):
        for name in ["Gate A", "Gate B"]:
            status, made = self.server.call("POST", "/v1/accounts", {"name": name, "role": "door"}, ADMIN)
            self.assertEqual(status, 201)
            if name == "Gate A":
                other = made["token"]
        _, order, tickets = self.buy("noticket@example.com", ["A-3-9", "A-3-10"])
        self.assertEqual(self.check_in(tickets["A-3-10"]["barcode"], other)[0], 200)
        page = self.open(token=made["token"])
        expect(page.locator(".door-head")).to_contain_text("Test Hall · Gate B")
        counts = page.locator(".door-all dd.number")
        expect(counts).to_have_text(re.compile(r"^\d+ of \d+$"))
        before = int(counts.inner_text().split()[0])
        page.get_by_text("Find a ticket").click()
        wanted = page.get_by_label("Seat, e-mail address or order")
        for typed, lines in [("A, row 3, seat 9", 1), (order["order"], 2), ("NoTicket@example.com", 2)]:
            wanted.fill(typed)
            wanted.press("Enter")
            expect(page.locator(".door-found li")).to_have_count(lines)
        expect(page.locator(".door-found li").nth(1)).to_contain_text("let in by Gate A")
        page.get_by_role("button", name="Let in: A, row 3, seat 9").click()
        text(page.get_by_role("dialog"), "button", "Let in").click()
        self.expect_verdict(page.get_by_role("alertdialog"), "admitted", "Admit")
        self.next(page)
        # The focus is where the work goes on.
        expect(page.locator(".door-find > div")).to_be_focused()
        expect(page.locator(".door-found li").nth(0)).to_contain_text("let in by Gate B")
        expect(counts).to_have_text(re.compile(f"^{before + 1} of"))
        box = self.scan(page, tickets["A-3-10"]["barcode"])
        self.expect_verdict(box, "used", "Already used")
        expect(box).to_contain_text("by Gate A")
        self.next(page)
        wanted.fill("Z-9-9")
        wanted.press("Enter")
        expect(page.get_by_text("This is no seat, address or order of this event.")).to_be_visible()
        # A scanner types wherever the focus is.
        wanted.fill(tickets["A-3-10"]["barcode"])
        wanted.press("Enter")
        self.expect_verdict(page.get_by_role("alertdialog"), "used", "Already used")
        self.next(page)
        self.lose_the_answer(page)

    def lose_the_answer(self, page):
        """Nobody is let in twice because nobody knows of the first time."""
        self.buy("lost@example.com", ["A-3-8"])
        wanted = page.get_by_label("Seat, e-mail address or order")
        wanted.fill("A-3-8")
        wanted.press("Enter")
        lose = lambda route: (route.fetch(), route.abort())
        page.route("**/check-ins", lose)
        page.get_by_role("button", name="Let in: A, row 3, seat 8").click()
        confirm = text(page.get_by_role("dialog"), "button", "Let in")
        # The second of a double click on what was below.
        confirm.evaluate("(button) => button.dispatchEvent(new MouseEvent('click', { detail: 2 }))")
        expect(confirm).to_be_visible()
        confirm.click()
        expect(page.get_by_text("A, row 3, seat 8 may be in or not.")).to_be_visible()
        expect(page.locator(".door-found li")).to_have_count(0)
        page.unroute("**/check-ins", lose)
        wanted.press("Enter")
        expect(page.locator(".door-found li")).to_contain_text("let in by Gate B")
        page.context.set_offline(True)
        wanted.press("Enter")
        expect(page.get_by_text("Finding tickets needs the network")).to_be_visible()

    def test_a_viewer_has_no_business_at_the_door(self):
        _, made = self.server.call("POST", "/v1/accounts", {"name": "Sponsor", "role": "viewer"}, ADMIN)
        page = self.page(device=PHONE)
        page.goto(self.server.url + "/door")
        page.get_by_label("Event").select_option(EVENT)
        page.get_by_label("Door token").fill(made["token"])
        text(page, "button", "Start checking in").click()
        expect(page.get_by_text("This account only looks on.")).to_be_visible()

    def test_forged_and_void(self):
        _, _, tickets = self.buy("forger@example.com", ["A-2-1"])
        session, order, refunded = self.buy("refunded@example.com", ["A-2-2"])
        _, _, others = self.buy("other@example.com", ["A-2-3"], "elsewhere")
        page = self.open()

        header, payload, signature = tickets["A-2-1"]["barcode"].split(".")
        forged = ".".join([header, payload, signature[:-8] + ("A" * 8 if signature[-8:] != "A" * 8 else "B" * 8)])
        box = self.scan(page, forged)
        self.expect_verdict(box, "refused", "Don’t admit")
        expect(box).to_contain_text("This isn’t a genuine ticket.")
        red, green, _ = self.color(page)
        self.assertGreater(red, green, "a refusal is red")
        self.next(page)
        self.assertEqual(self.check_in(forged)[0], 422)

        box = self.scan(page, others["A-2-3"]["barcode"])
        self.expect_verdict(box, "refused", "Don’t admit")
        expect(box).to_contain_text("This ticket is for another event.")
        self.next(page)

        status, _ = self.server.call("POST", f"/v1/events/{EVENT}/orders/{order['order']}/cancel", token=session)
        self.assertEqual(status, 202)
        box = self.scan(page, refunded["A-2-2"]["barcode"])
        self.expect_verdict(box, "refused", "Don’t admit")
        expect(box).to_contain_text("This ticket was cancelled or refunded.")
        self.next(page)
        self.expect_count(page, "Admitted here", 0)

    def test_offline(self):
        session, order, refunded = self.buy("gone@example.com", ["A-3-1"])
        _, _, tickets = self.buy("offline@example.com", ["A-3-2"])
        good = tickets["A-3-2"]["barcode"]
        status, _ = self.server.call("POST", f"/v1/events/{EVENT}/orders/{order['order']}/cancel", token=session)
        self.assertEqual(status, 202)
        page = self.open()
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        wait_until(lambda: page.evaluate("caches.keys().then((names) => names.length)") == 2)

        page.context.set_offline(True)
        page.reload()
        expect(text(page, "heading", "Night of gate")).to_be_visible()
        expect(page.locator(".door-head .badge")).to_have_text("Offline", timeout=30_000)
        expect(page.get_by_text("No connection. Keep scanning")).to_be_visible()
        expect(page.locator(".door-all")).to_contain_text(re.compile(r"\d+ of \d+As of .*, the last that is known"))

        box = self.scan(page, good)
        self.expect_verdict(box, "admitted", "Admit")
        expect(box.locator(".door-place")).to_have_text("A, row 3, seat 2")
        expect(box).to_contain_text("Checked offline; sent to the server later.")
        self.next(page)
        self.expect_count(page, "To be sent", 1)
        # Only this device knows of the scan. A void ticket is known from the list.
        box = self.scan(page, refunded["A-3-1"]["barcode"])
        self.expect_verdict(box, "refused", "Don’t admit")
        expect(box).to_contain_text("cancelled or refunded")
        self.next(page)
        header, payload, signature = good.split(".")
        box = self.scan(page, ".".join([header, payload, "A" * len(signature)]))
        self.expect_verdict(box, "refused", "Don’t admit")
        self.next(page)
        # The scan was stored before anyone walked in, so a reload forgets nothing.
        page.reload()
        self.expect_count(page, "To be sent", 1)
        box = self.scan(page, good)
        self.expect_verdict(box, "used", "Already used")
        self.next(page)

        page.context.set_offline(False)
        expect(page.locator(".door-head .badge")).to_have_text("Online", timeout=45_000)
        self.expect_count(page, "To be sent", 0)
        expect(page.locator(".door-as-of")).to_be_hidden()
        counts = self.server.call("GET", f"/v1/events/{EVENT}/door", token=DOOR)[1]
        expect(page.locator(".door-all dd.number")).to_have_text(f"{counts['checkedIn']} of {counts['tickets']}", timeout=5000)
        status, problem = self.check_in(good)
        self.assertEqual((status, problem["type"]), (409, "/problems/already-checked-in"))
        expect(page.locator("#conflicts-title")).to_be_hidden()

    def test_last_scan(self):
        """It is there after a reload, and gone after signing out."""
        _, _, tickets = self.buy("last@example.com", ["B-2-1"])
        _, standing = self.server.buy("standing@example.com", EVENT, {"area": "Standing", "quantity": 1})
        page = self.open()
        last = page.locator(".door-last")
        box = self.scan(page, standing["tickets"][0]["barcode"])
        expect(box.locator(".door-place")).to_have_text("Standing")
        expect(box.locator(".door-category")).to_have_text("Floor")
        self.next(page)
        self.scan(page, tickets["B-2-1"]["barcode"])
        self.next(page)
        expect(last).to_contain_text("Admit · B, row 2, seat 1 · R · ")
        said = last.inner_text()
        page.wait_for_timeout(1100)
        page.reload()
        expect(last).to_have_text(said)
        text(page, "button", "한국어").click()
        expect(last).to_contain_text("입장 · B구역 2열 1번 · R · ")
        text(page, "button", "English").click()
        text(page, "button", "Sign out").click()
        text(page.get_by_role("dialog"), "button", "Sign out").click()
        expect(text(page, "heading", "Sign in at the door")).to_be_visible()
        self.assertEqual(page.evaluate("localStorage.getItem('onsale.door.last')"), None)
        self.assertEqual(page.evaluate("caches.has('onsale-plan')"), False)
        page.get_by_label("Event").select_option(EVENT)
        page.get_by_label("Door token").fill(DOOR)
        text(page, "button", "Start checking in").click()
        expect(last).to_have_text("Nothing scanned yet.")

    def test_conflict_for_the_supervisor(self):
        """A ticket admitted offline had been used elsewhere before."""
        _, _, tickets = self.buy("twice@example.com", ["B-1-1"])
        barcode = tickets["B-1-1"]["barcode"]
        page = self.open()
        page.context.set_offline(True)
        self.assertEqual(self.check_in(barcode)[0], 200)
        # Wait: while it still seems online, the door could take the earlier check-in for its own.
        expect(page.locator(".door-head .badge")).to_have_text("Offline", timeout=90_000)
        box = self.scan(page, barcode)
        self.expect_verdict(box, "admitted", "Admit")
        self.next(page)
        page.context.set_offline(False)
        expect(page.get_by_text("1 scan for the supervisor")).to_be_visible(timeout=45_000)
        page.get_by_role("button", name="Done with B, row 1, seat 1").click()
        expect(page.get_by_text("1 scan for the supervisor")).to_have_count(0)

    def test_a_revoked_device_notices_by_itself(self):
        """The counts are asked more often than anything else."""
        _, made = self.server.call("POST", "/v1/accounts", {"name": "Lost phone", "role": "door"}, ADMIN)
        page = self.open(made["token"])
        self.server.call("DELETE", "/v1/accounts/" + made["id"], token=ADMIN)
        expect(page.locator(".door-head .badge")).to_have_text("Token refused", timeout=25_000)

    def test_token_and_policies(self):
        """The door token works for the door only, and only the door may use the camera."""
        for path in [f"/v1/events/{EVENT}/report", f"/v1/events/{EVENT}/orders", f"/v1/events/{EVENT}/audit"]:
            status, problem = self.server.call("GET", path, token=DOOR)
            self.assertEqual((status, problem["type"]), (403, "/problems/forbidden"), path)
        self.assertEqual(self.server.call("POST", f"/v1/events/{EVENT}/onsale/pause", token=DOOR)[0], 403)
        self.assertEqual(self.server.call("GET", f"/v1/events/{EVENT}/report", token=ADMIN)[0], 200)

        for path, isAllowed in [("/door", True), ("/", False), ("/organizer", False)]:
            with urllib.request.urlopen(self.server.url + path) as response:
                policy = response.headers["Permissions-Policy"]
            self.assertIn("camera=(self)" if isAllowed else "camera=()", policy, path)
            page = self.page(device=PHONE)
            page.goto(self.server.url + path)
            allowed = page.evaluate("document.featurePolicy.allowsFeature('camera')")
            self.assertEqual(allowed, isAllowed, path)
