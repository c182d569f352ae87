"""What follows a sale, at the organizer's desk: webhooks, settlement, and what the services did with an order."""

import contextlib
import csv
import http.server
import json
import pathlib
import re
import threading

from playwright.sync_api import expect

import stations
from harness import ADMIN, PHONE, BrowserTest, wait_until

expect.set_options(timeout=15_000)
ANSWER = "<img src=x onerror='window.ran=1'>"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes webhooks and answers with markup."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.ids.append(self.headers["webhook-id"])
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER.encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.ids = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class AfterSale(BrowserTest):
    environment = {"ONSALE_WEBHOOK_PRIVATE": "1"}

    @classmethod
    def prepare(cls):
        cls.server.create_event("small")

    def desk(self, path, **options):
        page = self.page(**options)
        page.goto(self.server.url + "/organizer")
        stations.organizer_signs_in(page)
        page.locator(".org-events").wait_for()
        page.goto(self.server.url + path)
        return page

    def button(self, place, name):
        return place.get_by_role("button", name=name, exact=True)

    # Webhooks

    def test_webhooks_from_the_first_address_to_the_last(self):
        with receiver() as told:
            url = f"http://127.0.0.1:{told.server_port}/onsale"
            page = self.desk("/organizer/webhooks")
            expect(page.get_by_text("Nobody is told yet.")).to_be_visible()
            self.be_refused(page)
            secret = self.add(page, url)
            self.server.buy("told@example.com", "small", {"seats": ["A-1-1"]})
            wait_until(lambda: len(told.ids) > 0)
            self.read_log(page, told)
            self.rotate(page, secret)
            self.remove(page, url)

    def be_refused(self, page):
        self.button(page, "Add").click()
        expect(page.get_by_label("Address", exact=True)).to_be_focused()
        expect(page.get_by_text("Type the address.")).to_be_visible()
        page.get_by_label("Address", exact=True).fill("https://user:password@shop.example/")
        self.button(page, "Add").click()
        expect(page.get_by_label("Address", exact=True)).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_text("It must not have a user name or password.")).to_be_visible()

    def add(self, page, url):
        """Adds an address that is told of confirmed orders; returns its secret."""
        page.get_by_label("Address", exact=True).fill(url)
        page.get_by_label("Everything, and whatever is added later").uncheck()
        self.button(page, "Add").click()
        expect(page.get_by_text("Choose at least one thing to tell.")).to_be_visible()
        page.get_by_label("Order paid").check()
        self.button(page, "Add").click()
        secret = self.take_secret(page)
        card = page.locator("main li.card")
        expect(card).to_contain_text(url)
        expect(card).to_contain_text("order.confirmed")
        return secret

    def take_secret(self, page):
        dialog = page.get_by_role("dialog", name="The secret")
        expect(dialog).to_contain_text("It is shown this once only.")
        expect(self.button(dialog, "Copy")).to_be_visible()
        secret = dialog.get_by_label("Secret").input_value()
        self.assertTrue(secret.startswith("whsec_"))
        self.button(dialog, "I have kept it").click()
        expect(page.locator("dialog")).to_have_count(0)
        self.assertNotIn(secret, page.content())
        return secret

    def read_log(self, page, told):
        self.button(page, "Deliveries").click()
        log = page.get_by_role("dialog")
        line = log.locator("li").first
        expect(line).to_contain_text("order.confirmed")

        def is_delivered():
            self.button(log, "Refresh").click()
            expect(self.button(log, "Refresh")).not_to_have_attribute("aria-disabled", "true")
            return "taken, HTTP 200" in line.inner_text()

        wait_until(is_delivered)
        expect(line).to_contain_text(ANSWER)
        self.assertIsNone(page.evaluate("window.ran ?? null"))
        self.button(line, "Send again").click()
        expect(log.get_by_text("It is sent again, under the same id.")).to_be_visible()
        expect(self.button(line, "Send again")).to_be_focused()
        wait_until(lambda: len(told.ids) > 1)
        self.assertEqual(len(set(told.ids)), 1)
        self.button(log, "Close").click()

    def rotate(self, page, secret):
        self.button(page, "New secret").click()
        self.button(page, "Make a new secret").click()
        self.assertNotEqual(self.take_secret(page), secret)

    def remove(self, page, url):
        self.button(page, "Remove").click()
        self.button(page, "Keep as it is").click()
        expect(page.locator("main li.card")).to_have_count(1)
        self.button(page, "Remove").click()
        self.button(page, "Remove it").click()
        expect(page.get_by_text(f"{url} is removed.")).to_be_visible()
        expect(page.locator("main li.card")).to_have_count(0)

    def test_an_address_that_is_switched_off_can_be_switched_on(self):
        page = self.desk("/organizer")
        endpoint = {
            "id": "whe_1", "url": "https://shop.example/", "types": ["*"], "createdAt": "2027-03-01T00:00:00.000Z",
            "failures": 9, "switchedOff": "failing",
        }
        asked = []

        def answer(route):
            if route.request.method == "POST":
                asked.append(route.request.url)
                endpoint.update(failures=0, switchedOff=None)
            body = endpoint if route.request.method == "POST" else {"endpoints": [endpoint]}
            route.fulfill(json=body)

        page.route("**/v1/webhook-endpoints**", answer)
        page.get_by_role("link", name="Webhooks").click()
        expect(page.get_by_text("It has failed for three days without one success")).to_be_visible()
        self.button(page, "Switch on").click()
        expect(page.get_by_text("is on again.")).to_be_visible()
        expect(page.get_by_text("switched off")).to_have_count(0)
        self.assertEqual(asked, [self.server.url + "/v1/webhook-endpoints/whe_1/switch-on"])

    # Settlement

    def test_what_was_sold_is_settled_and_saved_as_csv(self):
        self.server.create_event("settled")
        self.server.buy("settled@example.com", "settled", {"seats": ["A-1-1", "A-1-2"]})

        def is_booked():
            _, answer = self.server.call("GET", "/v1/events/settled/settlement", token=ADMIN)
            return answer["days"] and answer["days"][0]["gross"] == 200_000

        wait_until(is_booked)
        page = self.desk("/organizer/events/settled/settlement")
        expect(page.locator("main table").first).to_contain_text("₩200,000")
        expect(page.locator(".org-chart .settled-gross")).to_have_count(1)
        expect(page.locator(".org-chart")).to_have_attribute("aria-label", re.compile("₩200,000 sold"))
        with page.expect_download() as started:
            self.button(page, "Save as CSV").click()
        self.assertEqual(started.value.suggested_filename, "settled-settlement.csv")
        rows = list(csv.DictReader(pathlib.Path(started.value.path()).read_text().splitlines()))
        self.assertEqual([row["gross"] for row in rows], ["200000"])

    def settlement(self, page, days, differences):
        """Has the page told this instead of what the server knows."""

        def answer(route):
            self.asked.append(route.request.url.partition("?")[2])
            route.fulfill(json={"currency": "KRW", "days": days, "differences": differences})

        self.asked = []
        page.route("**/v1/events/*/settlement**", answer)

    def test_differences_are_named_and_lead_to_the_order(self):
        _, order = self.server.buy("differs@example.com", "small", {"seats": ["A-2-1"]})
        day = {
            "day": "2027-03-01", "gross": 111_000, "fees": 3_000, "refunds": 20_000, "disputes": 1_000, "net": 87_000,
            "provider": 80_000, "difference": -10_000,
        }
        difference = {
            "name": "amountDiffers", "day": "2027-03-01", "order": order["order"], "payment": "pi_1", "kind": "charge",
            "expected": 111_000, "listed": 101_000, "currency": "KRW", "line": "txn_1",
        }
        page = self.desk("/organizer")
        self.settlement(page, [day, {**day, "day": "2027-03-02", "difference": 0}], [difference])
        page.goto(self.server.url + "/organizer/events/small/settlement?from=2027-03-01&to=2027-03-02")
        expect(page.get_by_text("differ in 1 place; it is named below.")).to_be_visible()
        self.assertEqual(self.asked, ["from=2027-03-01&to=2027-03-02"])
        expect(page.locator(".org-chart .settled-gross")).to_have_count(2)
        expect(page.locator(".org-chart .settled-back")).to_have_count(2)
        expect(page.get_by_role("row", name="Total")).to_contain_text("₩222,000")
        row = page.get_by_role("row", name="Both have it, with different amounts")
        expect(row).to_contain_text("₩101,000")
        row.get_by_role("link").click()
        expect(page.locator(".org-order-id")).to_have_text(order["order"])

        # A burst of what is only late leaves what is wrong in sight.
        late = [{**difference, "name": "late", "listed": None, "order": None, "payment": f"pi_late{n}"} for n in range(50)]
        self.settlement(page, [day], [*late, difference])
        page.goto(self.server.url + "/organizer/events/small/settlement?from=2027-03-01&to=2027-03-02")
        expect(page.get_by_role("link", name=order["order"])).to_be_visible()
        expect(page.get_by_text("pi_late0", exact=True)).to_be_hidden()
        page.get_by_text("50 that may still follow").click()
        self.assertEqual(page.get_by_text(re.compile("^pi_late")).count(), 20)
        self.button(page, "Show 30 more").click()
        self.assertEqual(page.get_by_text(re.compile("^pi_late")).count(), 50)

    def test_the_period_is_chosen_kept_and_checked(self):
        page = self.desk("/organizer", locale="ko-KR", device=PHONE)
        self.settlement(page, [], [])
        page.goto(self.server.url + "/organizer/events/small/settlement")
        expect(page.get_by_text("모두 일치합니다.")).to_be_visible()
        expect(page.get_by_text("이 기간에는 판매나 환불이 없습니다.")).to_be_visible()
        page.get_by_label("시작일").fill("2027-03-05")
        page.get_by_label("종료일").fill("2027-03-01")
        expect(page.get_by_text("시작일이 종료일보다 늦습니다.")).to_be_visible()
        page.get_by_label("종료일").fill("2027-03-07")
        expect(page.get_by_text("시작일이 종료일보다 늦습니다.")).to_have_count(0)
        page.reload()
        expect(page.get_by_label("시작일")).to_have_value("2027-03-05")
        wait_until(lambda: self.asked[-1] == "from=2027-03-05&to=2027-03-07")
        self.button(page, "전체 기간").click()
        wait_until(lambda: self.asked[-1] == "")

    # Orders

    def test_the_services_steps_are_told_in_korean(self):
        _, order = self.server.buy("story@example.com", "small", {"seats": ["A-3-1"]})
        path = f"/v1/events/small/orders/{order['order']}/story"
        wait_until(lambda: "Mail sent" in json.dumps(self.server.call("GET", path, token=ADMIN)[1]))
        page = self.desk(f"/organizer/events/small/orders?q={order['order']}", locale="ko-KR")
        page.locator(".org-order-id").click()
        story = page.locator("dialog .org-story")
        for words in ["티켓 파일 생성", "메일 발송", "티켓을 보냈습니다."]:
            expect(story.get_by_text(words, exact=True)).to_be_visible()
        expect(story.get_by_text("Hold made")).to_have_attribute("lang", "en")

    def test_a_mail_that_came_back_is_marked(self):
        _, order = self.server.buy("bounced@example.com", "small", {"seats": ["A-3-3"]})
        page = self.desk("/organizer")

        def bounce(route):
            answer = route.fetch().json()
            for one in answer["orders"]:
                one["mailBounced"] = True
            route.fulfill(json=answer)

        page.route("**/v1/events/small/orders?**", bounce)
        step = {"at": order["placedAt"], "what": "Mail came back", "detail": "550 <b>No such user</b>"}
        page.route("**/story", lambda route: route.fulfill(json={"steps": [step]}))
        page.goto(f"{self.server.url}/organizer/events/small/orders?q={order['order']}")
        expect(page.locator("main table .badge.bad")).to_have_text("mail came back")
        page.locator(".org-order-id").click()
        expect(page.locator("dialog .badge.bad")).to_have_text("mail came back")
        expect(page.locator("dialog .org-story li.bad")).to_contain_text("550 <b>No such user</b>")
