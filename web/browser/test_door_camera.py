"""The door's camera in a browser that can't read codes by itself: a ticket's code is shown to a fake camera."""

import urllib.request

from playwright.sync_api import expect

from fake_camera import FakeCamera
from harness import DOOR, PHONE, BrowserTest, wait_until

EVENT = "camera"
expect.set_options(timeout=15_000)
WITHOUT_DETECTOR = "delete globalThis.BarcodeDetector"


class DoorCamera(BrowserTest):
    @classmethod
    def setUpClass(cls):
        cls.camera = FakeCamera()
        cls.addClassCleanup(cls.camera.remove)
        cls.arguments = cls.camera.arguments
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.server.create_event(EVENT)

    def drawn(self, seat):
        """The code of a new ticket, as the server draws it."""
        session, order = self.server.buy(f"{seat}@example.com".lower(), EVENT, {"seats": [seat]})
        path = f"/v1/events/{EVENT}/orders/{order['order']}/tickets/{order['tickets'][0]['ticket']}/qr.svg"
        request = urllib.request.Request(self.server.url + path, headers={"Authorization": "Bearer " + session})
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.read().decode()

    def ticket(self, seat):
        _, order = self.server.buy(f"{seat}@example.com".lower(), EVENT, {"seats": [seat]})
        return order["tickets"][0]["barcode"]

    def open(self, script=WITHOUT_DETECTOR, **options):
        page = self.page(self.context(device=PHONE, **options))
        self.asked = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.add_init_script(script)
        page.goto(self.server.url + "/door")
        page.get_by_label("Event").select_option(EVENT)
        page.get_by_label("Door token").fill(DOOR)
        page.get_by_role("button", name="Start checking in").click()
        expect(page.locator(".door-head .badge")).to_have_text("Online")
        return page

    def start(self, page):
        page.get_by_role("button", name="Start camera").click()
        expect(page.locator(".door-video")).to_be_visible()

    def expect_verdict(self, page, kind, words):
        expect(page.locator(f".door-verdict.{kind}")).to_be_visible()
        expect(page.get_by_role("alertdialog")).to_contain_text(words)

    def expect_no_worker(self, page):
        """Its memory is free. The browser hears of its end a moment later."""
        for _ in range(100):
            if not page.workers:
                return
            page.wait_for_timeout(50)
        self.fail("the worker is still there")

    def test_ticket(self):
        self.camera.show(self.drawn("A-1-1"))
        page = self.open()
        self.assertEqual([url for url in self.asked if "/door/qr/" in url], [], "no decoder before it is needed")
        self.start(page)
        self.expect_verdict(page, "admitted", "Admit")
        self.assertEqual(len(page.workers), 1)
        # It stays in view for longer than the verdict, and was one scan.
        expect(page.get_by_role("alertdialog")).to_be_hidden()
        page.wait_for_timeout(4000)
        expect(page.get_by_role("alertdialog")).to_be_hidden()
        self.assertEqual(len([url for url in self.asked if "check-ins" in url]), 1)
        page.get_by_role("button", name="Stop camera").click()
        expect(page.locator(".door-video")).to_be_hidden()
        self.expect_no_worker(page)

    def test_offline(self):
        """The decoder is kept with the page, though nobody has started the camera before."""
        self.camera.show(self.ticket("A-1-2"))
        page = self.open()
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        wait_until(lambda: page.evaluate("caches.keys().then((names) => names.length)") == 2)
        page.context.set_offline(True)
        page.reload()
        expect(page.locator(".door-head .badge")).to_have_text("Offline", timeout=30_000)
        self.start(page)
        self.expect_verdict(page, "admitted", "Checked offline")

    def test_without_workers(self):
        """The page reads codes itself, then."""
        self.camera.show(self.ticket("A-1-3"))
        page = self.open(WITHOUT_DETECTOR + "; globalThis.Worker = class { constructor() { throw new Error(); } }")
        self.start(page)
        self.expect_verdict(page, "admitted", "Admit")

    def test_broken_detector(self):
        """A phone without the service that its browser's detector needs."""
        self.camera.show(self.ticket("A-1-4"))
        page = self.open("""
            globalThis.BarcodeDetector = class {
                static async getSupportedFormats() { return ["qr_code"]; }
                async detect() { throw new DOMException("no service", "NotSupportedError"); }
            }
        """)
        self.start(page)
        self.expect_verdict(page, "admitted", "Admit")

    def test_other_code(self):
        self.camera.show("https://example.com/menu")
        page = self.open()
        self.start(page)
        self.expect_verdict(page, "refused", "This code isn’t a ticket.")

    def test_two_codes(self):
        self.camera.show("https://example.com/one", "https://example.com/two")
        page = self.open()
        self.start(page)
        expect(page.get_by_text("Several codes are in view.")).to_be_visible()
        page.wait_for_timeout(1000)
        expect(page.get_by_role("alertdialog")).to_be_hidden()
        page.get_by_role("button", name="Stop camera").click()
        expect(page.get_by_text("Several codes are in view.")).to_have_count(0)

    def test_no_camera(self):
        refuse = "async () => { throw new DOMException('', 'NotAllowedError') }"
        page = self.open("navigator.mediaDevices.getUserMedia = " + refuse)
        page.get_by_role("button", name="Start camera").click()
        expect(page.get_by_text("The camera isn’t allowed for this page.")).to_be_visible()
        expect(page.get_by_role("button", name="Start camera")).to_be_enabled()

    def test_lost_camera(self):
        self.camera.show()
        page = self.open()
        with page.expect_worker() as worker:
            self.start(page)
        self.assertIn("/door/qr/worker.js", worker.value.url)
        page.evaluate("document.querySelector('video').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))")
        expect(page.get_by_text("The camera has stopped. Start it again.")).to_be_visible()
        expect(page.get_by_role("button", name="Start camera")).to_be_focused()
        self.expect_no_worker(page)
        self.start(page)
