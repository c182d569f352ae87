"""An order's tickets in a browser: one at a time on a phone, on the whole screen, and without a network."""

import pathlib
import shutil
import tempfile
import unittest

from playwright.sync_api import expect

from accessibility import breaches
from harness import DESKTOP, PHONE, ROOT, BrowserTest, moment, wait_until

EVENT = "gate"
expect.set_options(timeout=15_000)


class TicketsTest(BrowserTest):
    @classmethod
    def prepare(cls):
        cls.server.create_event(EVENT)

    def buy(self, email, wanted):
        return self.server.buy(email, EVENT, wanted)[1]

    def signed_in(self, email, device=PHONE, **options):
        """A page of somebody who has signed in."""
        _, session = self.server.call("POST", "/v1/sessions", {"email": email})
        context = self.context(device=device, **options)
        page = self.page(context)
        page.goto(self.server.url + "/sign-in")
        page.evaluate(
            "session => localStorage.setItem('onsale.fan.session', JSON.stringify(session))",
            {**session, "email": email},
        )
        return page

    def address(self, order):
        return f"{self.server.url}/events/{EVENT}/orders/{order['order']}"

    def open(self, page, order):
        page.goto(self.address(order))
        self.see_codes(page, len(order["tickets"]))

    def see_codes(self, page, count, place=".ticket"):
        codes = page.locator(f"{place} .qr img")
        expect(codes).to_have_count(count)
        for index in range(count):
            wait_until(lambda: codes.nth(index).evaluate("image => image.complete && image.naturalWidth > 0"))

    def in_view(self, page, items):
        """Which of the items are in the window, from 1."""
        return page.locator(items).evaluate_all(
            """items => items.flatMap((item, index) => {
              const { left, right } = item.getBoundingClientRect();
              return left > -1 && right < innerWidth + 1 ? [index + 1] : [];
            })"""
        )

    def button(self, place, name):
        return place.get_by_role("button", name=name, exact=True)


class OneAtATime(TicketsTest):
    def at_rest(self, page):
        """Waits until nothing moves: whoever touches what moves only stops it."""
        place = lambda: page.locator(".tickets").evaluate("list => list.scrollLeft")
        before, now = None, place()
        while now != before:
            page.wait_for_timeout(150)
            before, now = now, place()

    def swipe(self, page, left, right):
        """A finger on the tickets, from one side to the other."""
        page.locator(".tickets").scroll_into_view_if_needed()
        y = page.locator(".tickets").bounding_box()["y"] + 100
        wire = page.context.new_cdp_session(page)
        touch = lambda kind, *points: wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        touch("touchStart", {"x": left, "y": y})
        for step in range(1, 11):
            touch("touchMove", {"x": left + (right - left) * step / 10, "y": y})
            page.wait_for_timeout(16)
        touch("touchEnd")

    def test_a_phone_shows_one_ticket_at_a_time(self):
        order = self.buy("turns@example.com", {"seats": ["A-1-1", "A-1-2", "A-1-3"]})
        page = self.signed_in("turns@example.com")
        self.open(page, order)
        expect(page.locator(".ticket-place").first).to_have_text("A section, row 1, seat 1")
        expect(page.locator(".ticket-category").first).to_have_text("VIP")
        expect(page.get_by_role("group", name="Ticket 2 of 3: VIP · A section, row 1, seat 2", exact=True)).to_be_attached()
        previous, next = self.button(page, "Previous ticket"), self.button(page, "Next ticket")
        expect(previous).to_have_attribute("aria-disabled", "true")
        self.assertEqual(self.in_view(page, ".tickets > li"), [1])

        # Twice at once: the second press goes on from where the first one leads.
        next.click()
        next.click()
        expect(page.get_by_text("Ticket 3 of 3", exact=True)).to_be_visible()
        wait_until(lambda: self.in_view(page, ".tickets > li") == [3])
        expect(next).to_have_attribute("aria-disabled", "true")
        next.press("Enter")
        expect(next).to_be_focused()
        expect(page.get_by_text("Ticket 3 of 3", exact=True)).to_be_visible()
        next.press("ArrowLeft")
        wait_until(lambda: self.in_view(page, ".tickets > li") == [2])

        self.at_rest(page)
        self.swipe(page, 60, 320)
        expect(page.get_by_text("Ticket 1 of 3", exact=True)).to_be_visible()
        wait_until(lambda: self.in_view(page, ".tickets > li") == [1])
        # The keyboard reaches every ticket, and brings it into view.
        self.button(page, "Show full screen").nth(1).focus()
        wait_until(lambda: self.in_view(page, ".tickets > li") == [2])
        expect(page.get_by_text("Ticket 2 of 3", exact=True)).to_be_visible()
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0)

    def test_whoever_wants_no_motion_sees_none(self):
        order = self.buy("still@example.com", {"seats": ["A-1-4", "A-1-5"]})
        for motion, behavior in [("reduce", "auto"), ("no-preference", "smooth")]:
            page = self.signed_in("still@example.com", reduced_motion=motion)
            self.open(page, order)
            self.assertEqual(page.locator(".tickets").evaluate("list => getComputedStyle(list).scrollBehavior"), behavior)

    def test_a_wide_window_and_paper_show_all(self):
        order = self.buy("wide@example.com", {"seats": ["B-1-1", "B-1-2", "B-1-3"]})
        page = self.signed_in("wide@example.com", device=DESKTOP)
        self.open(page, order)
        self.assertEqual(self.in_view(page, ".tickets > li"), [1, 2, 3])
        expect(self.button(page, "Next ticket")).to_have_count(0)
        page.set_viewport_size(PHONE["viewport"])
        expect(self.button(page, "Next ticket")).to_be_visible()
        page.emulate_media(media="print")
        self.assertEqual(self.in_view(page, ".tickets > li"), [1, 2, 3])
        expect(self.button(page, "Next ticket")).to_have_count(0)
        expect(self.button(page, "Show full screen")).to_have_count(0)

    def test_one_ticket_has_nothing_to_turn(self):
        order = self.buy("one@example.com", {"area": "Standing", "quantity": 1})
        page = self.signed_in("one@example.com")
        self.open(page, order)
        expect(self.button(page, "Next ticket")).to_have_count(0)
        expect(page.get_by_role("group", name="Floor · Standing", exact=True)).to_be_visible()


class FullScreen(TicketsTest):
    def fill(self, page, index=0):
        self.button(page, "Show full screen").nth(index).click()
        dialog = page.get_by_role("dialog", name=f"Night of {EVENT}", exact=True)
        expect(dialog).to_be_visible()
        return dialog

    def test_a_ticket_fills_the_screen(self):
        order = self.buy("fills@example.com", {"seats": ["A-2-1", "A-2-2"]})
        for device, scheme in [(PHONE, "dark"), (DESKTOP, "light")]:
            with self.subTest(scheme):
                page = self.signed_in("fills@example.com", device=device, scheme=scheme)
                self.open(page, order)
                dialog = self.fill(page, 1)
                box = dialog.bounding_box()
                size = page.viewport_size
                self.assertEqual((box["x"], box["y"]), (0, 0))
                self.assertGreaterEqual((box["width"], box["height"]), (size["width"], size["height"]))
                self.assertEqual(dialog.evaluate("box => getComputedStyle(box).backgroundColor"), "rgb(255, 255, 255)")
                expect(dialog).to_contain_text("March 1, 2030 at 7:00 PM")
                expect(dialog).to_contain_text("Turn up your screen’s brightness")
                expect(dialog.get_by_text("Ticket 2 of 2", exact=True)).to_be_visible()
                expect(dialog.locator(".ticket-place").nth(1)).to_have_text("A section, row 2, seat 2")
                self.assertEqual(self.in_view(page, "dialog .tickets > li"), [2])
                code = dialog.locator("img").nth(1).bounding_box()
                # As wide as a phone but for its edge, or as high as a desk's window but for the words.
                self.assertGreater(min(code["width"], code["height"]), min(size["width"] - 40, size["height"] * 0.6))
                self.assertEqual(breaches(page, "en"), [])

    def test_the_keyboard_turns_and_closes_it(self):
        order = self.buy("keys@example.com", {"seats": ["A-2-3", "A-2-4"]})
        page = self.signed_in("keys@example.com")
        self.open(page, order)
        dialog = self.fill(page)
        expect(self.button(dialog, "Close")).to_be_focused()
        page.keyboard.press("ArrowRight")
        wait_until(lambda: self.in_view(page, "dialog .tickets > li") == [2])
        self.button(dialog, "Close").click()
        expect(page.locator("dialog")).to_have_count(0)
        # Back on the page one is where one has turned to.
        expect(self.button(page, "Show full screen").nth(1)).to_be_focused()
        wait_until(lambda: self.in_view(page, ".tickets > li") == [2])
        wait_until(lambda: page.evaluate("document.fullscreenElement") is None)

    def test_the_screen_is_kept_awake_as_long(self):
        order = self.buy("awake@example.com", {"seats": ["A-2-5"]})
        page = self.signed_in("awake@example.com")
        page.add_init_script(
            """window.awake = [];
            Object.defineProperty(navigator, "wakeLock", { value: { request: async (type) => {
              window.awake.push(type);
              return { release: async () => window.awake.push("released") };
            } } });"""
        )
        self.open(page, order)
        dialog = self.fill(page)
        wait_until(lambda: page.evaluate("awake") == ["screen"])
        self.button(dialog, "Close").click()
        wait_until(lambda: page.evaluate("awake") == ["screen", "released"])

    def test_it_needs_neither_full_screen_nor_wake_lock(self):
        order = self.buy("bare@example.com", {"seats": ["A-2-6"]})
        page = self.signed_in("bare@example.com")
        page.add_init_script(
            """delete Element.prototype.requestFullscreen;
            Object.defineProperty(navigator, "wakeLock", { value: undefined });"""
        )
        self.open(page, order)
        dialog = self.fill(page)
        self.see_codes(page, 1, ".ticket-screen")
        self.button(dialog, "Close").click()
        expect(page.locator("dialog")).to_have_count(0)

    def test_it_closes_when_the_ticket_ends(self):
        order = self.buy("ends@example.com", {"seats": ["A-2-7"]})
        page = self.signed_in("ends@example.com")
        self.open(page, order)
        self.fill(page)
        page.evaluate("history.back()")
        expect(page.locator("dialog")).to_have_count(0)


class Offline(TicketsTest):
    """Every test has a server of its own to stop."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server.create_event("other")

    def kept(self, page):
        return page.evaluate("caches.keys()")

    def workers(self, page):
        return page.evaluate(
            "navigator.serviceWorker.getRegistrations().then((all) => all.map(({ scope }) => new URL(scope).pathname))"
        )

    def wait_until_kept(self, page):
        """Waits until the order and the pages are kept and the workers run."""
        wait_until(lambda: len(self.kept(page)) == 2)
        wait_until(
            lambda: page.evaluate(
                """navigator.serviceWorker.getRegistrations().then((all) =>
                  all.length === 2 && all.every(({ active }) => active?.state === "activated"))"""
            )
        )

    def stop_server(self):
        self.server.stop()
        self.addCleanup(self.server.start)

    def see_offline(self, page, count):
        expect(page.get_by_text("Offline. As of")).to_be_visible()
        self.see_codes(page, count)

    def test_an_opened_order_opens_after_a_cold_start_without_the_server(self):
        order = self.buy("cold@example.com", {"seats": ["A-1-1", "A-1-2"]})
        page = self.signed_in("cold@example.com")
        context = page.context
        self.open(page, order)
        self.wait_until_kept(page)
        self.assertEqual(sorted(self.workers(page)), [f"/events/{EVENT}/orders/", "/orders"])
        page.close()
        self.stop_server()

        addresses = [self.address(order), f"{self.server.url}/orders/{EVENT}/{order['order']}"]
        for address in addresses:
            with self.subTest(address):
                page = self.page(context)
                asked = []
                page.on("request", lambda request: asked.append(request.url))
                page.goto(address)
                self.see_offline(page, 2)
                expect(page.locator(".ticket-place")).to_have_text(["A section, row 1, seat 1", "A section, row 1, seat 2"])
                self.assertEqual([url for url in asked if "/assets/" in url], [], "all modules are of one version")
                self.assertEqual(breaches(page, "en"), [])
                page.set_viewport_size(PHONE["viewport"])
                self.button(page, "Show full screen").first.click()
                self.see_codes(page, 2, ".ticket-screen")
                page.keyboard.press("Escape")
                page.close()

        # My orders leads there, too.
        page = self.page(context)
        page.goto(self.server.url + "/orders")
        expect(page.get_by_text("Offline. As of")).to_be_visible()
        page.get_by_role("link", name=f"Night of {EVENT}", exact=True).click()
        self.see_offline(page, 2)
        self.button(page, "한국어").click()
        expect(page.get_by_text("오프라인 상태입니다.")).to_be_visible()
        expect(page.locator(".ticket-place").first).to_have_text("A구역 1열 1번")
        page.close()

    def test_back_online_the_page_says_so_by_itself(self):
        order = self.buy("back@example.com", {"seats": ["A-1-3"]})
        page = self.signed_in("back@example.com")
        self.open(page, order)
        self.wait_until_kept(page)
        page.context.set_offline(True)
        page.goto(self.address(order))
        self.see_offline(page, 1)
        self.button(page, "Show full screen").click()
        page.context.set_offline(False)
        expect(page.get_by_text("Offline. As of")).to_have_count(0)
        expect(page.locator("dialog.ticket-screen")).to_be_visible()
        self.see_codes(page, 1)

    def test_a_session_that_has_ended_still_shows_the_tickets_offline_and_not_online(self):
        order = self.buy("ended@example.com", {"seats": ["A-1-4"]})
        page = self.signed_in("ended@example.com")
        self.open(page, order)
        self.wait_until_kept(page)
        page.evaluate("localStorage.removeItem('onsale.fan.session')")
        page.goto(self.address(order))
        expect(page.locator("#email")).to_be_visible()
        page.wait_for_timeout(500)
        expect(page.locator(".ticket")).to_have_count(0)
        page.context.set_offline(True)
        page.goto(self.address(order))
        self.see_offline(page, 1)

    def test_another_buyer_is_not_shown_it(self):
        order = self.buy("mine@example.com", {"seats": ["A-1-5"]})
        page = self.signed_in("mine@example.com")
        self.open(page, order)
        self.wait_until_kept(page)
        _, other = self.server.call("POST", "/v1/sessions", {"email": "theirs@example.com"})
        page.evaluate("session => localStorage.setItem('onsale.fan.session', JSON.stringify(session))", other)
        page.context.set_offline(True)
        page.goto(self.address(order))
        expect(page.get_by_text("can’t be reached").or_(page.get_by_text("Check your connection"))).to_be_visible()
        page.wait_for_timeout(3000)
        expect(page.locator(".ticket")).to_have_count(0)

    def test_signing_out_leaves_nothing(self):
        order = self.buy("leaves@example.com", {"seats": ["A-1-6"]})
        page = self.signed_in("leaves@example.com")
        self.open(page, order)
        self.wait_until_kept(page)
        self.button(page, "Sign out").click()
        expect(page.get_by_role("heading", name="What’s on", exact=True)).to_be_visible()
        wait_until(lambda: self.kept(page) == [])
        page.reload()
        self.assertEqual((self.kept(page), self.workers(page)), ([], []))
        self.assertNotIn(order["order"], page.evaluate("JSON.stringify(localStorage)"))
        page.context.set_offline(True)
        with self.assertRaisesRegex(Exception, "ERR_INTERNET_DISCONNECTED"):
            page.goto(self.address(order))

    def test_what_is_over_goes_by_itself(self):
        page = self.page()
        page.goto(self.server.url)
        expect(page.get_by_role("heading", name="What’s on", exact=True)).to_be_visible()
        page.evaluate(
            """(at) => caches.open("onsale-tickets-orders-1-byr_1").then((cache) => cache.put("/kept-orders/e/ord_1",
              new Response(JSON.stringify({ at, order: { order: "ord_1", event: "e" }, event: { id: "e", startsAt: at } }))))""",
            moment(-3 * 86_400),
        )
        self.assertEqual(len(self.kept(page)), 1)
        # Any of the fan's pages will do, and nobody is signed in.
        page.reload()
        wait_until(lambda: self.kept(page) == [])

    def test_a_cancelled_order_is_not_kept(self):
        order = self.buy("cancels@example.com", {"seats": ["A-1-7"]})
        page = self.signed_in("cancels@example.com")
        self.open(page, order)
        self.wait_until_kept(page)
        self.button(page, "Cancel this order").click()
        self.button(page, "Cancel and get the money back").click()
        expect(page.locator(".ticket")).to_have_count(0)
        page.context.set_offline(True)
        page.goto(self.address(order))
        expect(page.get_by_role("heading", name="Your order", exact=True)).to_be_visible()
        page.wait_for_timeout(3000)
        expect(page.locator(".ticket")).to_have_count(0)

    def test_nothing_else_is_the_workers(self):
        order = self.buy("others@example.com", {"seats": ["A-1-8"]})
        page = self.signed_in("others@example.com")
        self.open(page, order)
        self.wait_until_kept(page)
        for path in ["/", f"/events/{EVENT}", "/events/other", "/sign-in", "/organizer", "/door"]:
            page.goto(self.server.url + path)
            page.locator("main h1").first.wait_for()
            worker = page.evaluate("navigator.serviceWorker.controller?.scriptURL ?? ''")
            self.assertNotIn("ticket-worker", worker, path)
        # The door has its own, side by side with this one.
        wait_until(lambda: "/door" in self.workers(page))
        wait_until(lambda: len(self.kept(page)) == 3)
        page.goto(self.address(order))
        self.see_codes(page, 1)
        self.assertIn("ticket-worker", page.evaluate("navigator.serviceWorker.controller.scriptURL"))

    def test_without_service_workers_the_page_works_as_ever(self):
        order = self.buy("private@example.com", {"seats": ["A-1-9"]})
        page = self.signed_in("private@example.com")
        page.add_init_script(
            """Object.defineProperty(Navigator.prototype, "serviceWorker", { value: undefined });
            Object.defineProperty(window, "caches", { value: undefined });"""
        )
        self.open(page, order)
        self.button(page, "Sign out").click()
        expect(page.get_by_role("heading", name="What’s on", exact=True)).to_be_visible()


class Update(TicketsTest):
    """A server whose pages change while it runs. It reads them at every request, so they are the fan's alone."""

    @classmethod
    def setUpClass(cls):
        cls.web = pathlib.Path(tempfile.mkdtemp(prefix="onsale-pages-"))
        cls.addClassCleanup(shutil.rmtree, cls.web, ignore_errors=True)
        others = shutil.ignore_patterns("organizer*", "door*")
        for folder in ["pages/site", "client/src"]:
            shutil.copytree(ROOT / "web" / folder, cls.web / folder, ignore=others)
        cls.environment = {"ONSALE_PAGES": str(cls.web)}
        super().setUpClass()

    def test_a_new_version_replaces_the_old_one(self):
        order = self.buy("update@example.com", {"seats": ["A-1-1"]})
        page = self.signed_in("update@example.com")
        self.open(page, order)
        shell = lambda: [name for name in page.evaluate("caches.keys()") if "-pages-" in name]
        wait_until(lambda: len(shell()) == 1)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        old = shell()

        catalog = self.web / "pages/site/catalog/fan.js"
        catalog.write_text(catalog.read_text().replace("Show full screen", "Fill the screen"))
        page.goto(self.address(order))
        expect(self.button(page, "Fill the screen")).to_be_visible()
        wait_until(lambda: len(shell()) == 1 and shell() != old, 60)
        page.context.set_offline(True)
        page.goto(self.address(order))
        expect(page.get_by_text("Offline. As of")).to_be_visible()
        expect(self.button(page, "Fill the screen")).to_be_visible()
        versions = page.evaluate(
            """[...new Set(performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)
              .filter((path) => path.endsWith(".js") || path.endsWith(".css")).map((path) => path.split("/", 3).join("/")))]"""
        )
        self.assertEqual(len(versions), 1, versions)
        self.assertTrue(versions[0].startswith("/kept/"))


if __name__ == "__main__":
    unittest.main()
