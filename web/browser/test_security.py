import gzip
import http.client
import re

from playwright.sync_api import expect

import stations
from harness import ADMIN, DOOR, BrowserTest

PAGES = [
    "/", "/events/small", "/orders", "/orders/small/ord_1", "/sign-in", "/organizer", "/organizer/new",
    "/organizer/webhooks", "/door",
]


class Security(BrowserTest):
    @classmethod
    def prepare(cls):
        cls.server.create_event("small")

    def get(self, path, headers=None):
        """Requests a path exactly as written; a higher-level client would normalize it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(connection.close)
        connection.putrequest("GET", path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.headers, response.read()

    def policy(self, path):
        status, headers, _ = self.get(path)
        self.assertEqual(status, 200)
        policies = headers.get_all("Content-Security-Policy")
        self.assertEqual(len(policies or []), 1)
        parts = [part.split() for part in policies[0].split(";")]
        return {part[0]: part[1:] for part in parts if part}

    def assets(self):
        _, _, body = self.get("/")
        return re.findall(r'(?:href|src)="(/assets/[^"]+)"', body.decode())

    def test_every_page_has_a_strict_policy(self):
        for path in PAGES:
            with self.subTest(path=path):
                policy = self.policy(path)
                self.assertEqual(policy["default-src"], ["'none'"])
                self.assertEqual(policy["script-src"], ["'self'"])
                self.assertEqual(policy["style-src"], ["'self'"])
                self.assertEqual(policy["base-uri"], ["'none'"])
                self.assertEqual(policy["form-action"], ["'none'"])
                self.assertEqual(policy["frame-ancestors"], ["'none'"])
                self.assertEqual(policy["require-trusted-types-for"], ["'script'"])
                self.assertNotIn("'allow-duplicates'", policy["trusted-types"])
                for name, sources in policy.items():
                    # Posters are wherever the organizer has put them; beside the organizer's token there are none.
                    anywhere = ["https:"] if name == "img-src" and not path.startswith(("/organizer", "/door")) else []
                    for source in sources:
                        self.assertFalse(source.startswith("'unsafe"), source)
                        if source not in anywhere:
                            self.assertNotIn(source, ["*", "http:", "https:"])

    def test_pages_have_no_inline_script_or_style(self):
        for path in PAGES:
            with self.subTest(path=path):
                _, _, body = self.get(path)
                html = body.decode()
                self.assertIn("<script", html)
                for tag in re.findall(r"<script\b[^>]*>(.*?)</script>", html, re.S):
                    self.assertEqual(tag.strip(), "")
                for opening in re.findall(r"<script\b([^>]*)>", html):
                    self.assertIn("src=", opening)
                self.assertNotIn("<style", html)
                self.assertIsNone(re.search(r"<[^>]+\s(style|on\w+)\s*=", html))
                self.assertNotIn("javascript:", html)

    def test_headers_of_pages(self):
        for path in PAGES:
            with self.subTest(path=path):
                _, headers, _ = self.get(path)
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertTrue(headers["Content-Type"].startswith("text/html"))
                self.assertEqual(headers["Referrer-Policy"], "same-origin")
                self.assertEqual(headers["Cross-Origin-Opener-Policy"], "same-origin")
                self.assertEqual(headers["Cache-Control"], "no-cache")
                self.assertIn("microphone=()", headers["Permissions-Policy"])
                self.assertIn("camera=(self)" if path == "/door" else "camera=()", headers["Permissions-Policy"])

    def test_wrong_addresses_lead_people_to_a_page_and_programs_to_a_problem(self):
        page = self.page()
        answer = page.goto(self.server.url + "/no/such/page")
        self.assertEqual(answer.status, 404)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.locator("main a").click()
        expect(page).to_have_url(self.server.url + "/")
        html = {"Accept": "text/html,*/*;q=0.8"}
        for path in ("/no/such/page", "/x.js", "/events/small/nothing"):
            status, headers, _ = self.get(path, html)
            self.assertEqual((status, headers["Content-Type"]), (404, "text/html; charset=utf-8"), path)
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            status, headers, _ = self.get(path)
            self.assertEqual((status, headers["Content-Type"]), (404, "application/problem+json"), path)
        for path in ("/v1/nothing", "/v1/events/none", "/assets/nothing/x.js"):
            status, headers, _ = self.get(path, html)
            self.assertEqual((status, headers["Content-Type"]), (404, "application/problem+json"), path)

    def test_nothing_that_a_browser_kept_hides_a_wrong_address(self):
        _, headers, _ = self.get("/")
        status, _, _ = self.get("/no/such/page", {"Accept": "text/html", "If-None-Match": headers["ETag"]})
        self.assertEqual(status, 404)

    def test_no_cache_has_a_list_with_drafts(self):
        _, headers, _ = self.get("/v1/events", {"Authorization": "Bearer " + ADMIN})
        self.assertEqual(headers["Cache-Control"], "private, no-store")

    def test_no_cache_keeps_that_something_is_not_there(self):
        for path in ("/v1/events/later", "/no/such/page"):
            self.assertEqual(self.get(path)[1]["Cache-Control"], "no-store", path)

    def test_a_time_zone_is_one_that_browsers_know(self):
        event = {
            "title": "Night", "venue": "Hall", "startsAt": "2030-03-01T10:00:00.000Z", "currency": "KRW",
            "areas": [{"name": "Floor", "capacity": 5, "category": "Floor"}],
            "prices": [{"category": "Floor", "amount": 55000}]}
        for zone, status in [
            ("Asia/Seoul", 201), ("America/Argentina/Buenos_Aires", 201), ("Etc/GMT+9", 201), ("UTC", 201),
            ("Asia/Seoul\0", 422), ("GMT+0530", 422), ("GMT+05:30", 422), ("UTC+9", 422),
        ]:
            answer = self.server.call("POST", "/v1/events", {**event, "timeZone": zone}, token=ADMIN)
            self.assertEqual(answer[0], status, (zone, answer))

    def test_a_reason_can_t_turn_the_words_around_it(self):
        for reason in ("a\u202eb", "a\u2028b", "a\u2066b", "a\nb"):
            status, answer = self.server.call(
                "POST", "/v1/events/small/blocks", {"seats": ["A-1-1"], "reason": reason}, token=ADMIN)
            self.assertEqual(status, 422, (reason, answer))
            self.assertEqual(answer["errors"][0]["pointer"], "/reason")

    def test_no_cookies(self):
        for path in [*PAGES, *self.assets(), "/v1/events", "/door-worker.js", "/ticket-worker.js"]:
            _, headers, _ = self.get(path)
            self.assertIsNone(headers["Set-Cookie"], path)
        context = self.context()
        page = self.page(context)
        page.goto(self.server.url + "/events/small")
        page.locator("#email").fill("cookie@example.com")
        page.locator("#email").press("Enter")
        page.locator(".choice-panel").wait_for()
        self.assertEqual(context.cookies(), [])

    def test_assets_are_immutable_under_their_hash_and_compressed(self):
        assets = self.assets()
        self.assertGreater(len(assets), 5)
        for path in assets:
            with self.subTest(path=path):
                status, headers, plain = self.get(path)
                self.assertEqual(status, 200)
                self.assertEqual(headers["Cache-Control"], "public, max-age=31536000, immutable")
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertIsNone(headers["Content-Encoding"])
                status, headers, packed = self.get(path, {"Accept-Encoding": "gzip"})
                self.assertEqual(headers["Vary"], "Accept-Encoding")
                if headers["Content-Encoding"] == "gzip":
                    self.assertEqual(gzip.decompress(packed), plain)
                    self.assertLess(len(packed), len(plain))
                else:
                    self.assertLess(len(plain), 1024, "only tiny files are not compressed")
        other = re.sub(r"/assets/[^/]+", "/assets/0000000000000000", assets[0])
        self.assertEqual(self.get(other)[1]["Cache-Control"], "no-store")

    def test_nothing_but_assets_is_served(self):
        root = re.match(r"/assets/[^/]+", self.assets()[0])[0]
        for path in [
            "/../../OnsalePages.swift",
            "/%2e%2e/%2e%2e/OnsalePages.swift",
            "/pages/../OnsalePages.swift",
            "/pages/%2e%2e/OnsalePages.swift",
            "/pages/site/..%2f..%2fOnsalePages.swift",
            "/pages/site/..%5c..%5cOnsalePages.swift",
            "/pages/site/%252e%252e/%252e%252e/OnsalePages.swift",
            "/OnsalePages.swift",
            "/package.json",
            "/tsconfig.json",
            "/browser/harness.py",
            "/pages/test/",
            "/client/test/",
            "/client/package.json",
            "//etc/passwd",
            "/../../../../../../../../etc/passwd",
            "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
            "/pages/site/",
            "/pages/site/index.html%00.js",
            "",
        ]:
            with self.subTest(path=path):
                status, _, body = self.get(root + path)
                self.assertIn(status, (400, 404))
                self.assertNotIn(b"root:", body)
                self.assertNotIn(b"OnsalePages", body)

    def test_trusted_types_are_in_force(self):
        for path in ["/", "/organizer", "/door"]:
            with self.subTest(path=path):
                page = self.page()
                page.goto(self.server.url + path)
                page.locator("main h1").wait_for()
                outcome = page.evaluate(
                    """() => {
                      const refused = (act) => { try { act(); return false; } catch (error) { return error instanceof TypeError; } };
                      return {
                        innerHTML: refused(() => { document.createElement("div").innerHTML = "<b>x</b>"; }),
                        insert: refused(() => document.body.insertAdjacentHTML("beforeend", "<b>x</b>")),
                        script: refused(() => { document.createElement("script").src = "/x.js"; }),
                        policy: refused(() => trustedTypes.createPolicy("anybody", { createHTML: (text) => text })),
                      };
                    }"""
                )
                self.assertEqual(outcome, {"innerHTML": True, "insert": True, "script": True, "policy": True})
        # Drop the browser's reports of the violations just provoked.
        self.faults = [fault for fault in self.faults if "TrustedHTML" not in fault and "rusted" not in fault]

    def test_inline_script_does_not_run(self):
        page = self.page()
        page.goto(self.server.url + "/")
        page.locator("main h1").wait_for()
        ran = page.evaluate(
            """() => {
              const button = document.createElement("button");
              try { button.setAttribute("onclick", "window.ran = true"); } catch { /* refused at once */ }
              document.body.append(button);
              button.click();
              return window.ran === true;
            }"""
        )
        self.assertFalse(ran)
        self.faults = [fault for fault in self.faults if "Content Security Policy" not in fault and "rusted" not in fault]

    def test_what_an_organizer_types_stays_text(self):
        markup = "<img src=x onerror='window.ran=1'><b>Bold</b>"
        self.server.create_event("markup", plan="none", title=markup)
        for path in ["/", "/events/markup"]:
            page = self.page()
            page.goto(self.server.url + path)
            page.get_by_text("<b>Bold</b>").first.wait_for()
            self.assertEqual(page.locator("main img[src=x]").count(), 0)
            self.assertIsNone(page.evaluate("window.ran ?? null"))

    def test_no_token_is_in_an_address(self):
        addresses = []
        page = self.page()
        page.on("request", lambda request: addresses.append(request.url))
        page.goto(self.server.url + "/events/small")
        page.locator("#email").fill("address@example.com")
        page.locator("#email").press("Enter")
        page.locator(".chip").nth(1).click()
        page.locator(".choice-panel button.primary").click()
        page.locator("#pm_card_visa").check()
        page.locator("form button[type=submit].primary").click()
        page.locator(".tickets img").first.wait_for()
        page.goto(self.server.url + "/organizer")
        stations.organizer_signs_in(page)
        page.locator(".org-events").wait_for()
        self.assertGreater(len(addresses), 20)
        for address in addresses:
            self.assertNotIn(ADMIN, address)
            self.assertNotIn("eyJ", address)
            self.assertNotIn("?ticket=", address)

    def test_only_its_buyer_gets_a_qr_code(self):
        session, order = self.server.buy("qr@example.com", "small", {"seats": ["A-3-1"]})
        _, other = self.server.call("POST", "/v1/sessions", {"email": "other@example.com"})
        path = f"/v1/events/small/orders/{order['order']}/tickets/{order['tickets'][0]['ticket']}/qr.svg"
        self.assertEqual(self.get(path)[0], 401)
        self.assertEqual(self.get(path, {"Authorization": "Bearer " + DOOR})[0], 403)
        self.assertEqual(self.get(path, {"Authorization": "Bearer " + other["token"]})[0], 404)
        status, headers, body = self.get(path, {"Authorization": "Bearer " + session})
        self.assertEqual(status, 200)
        self.assertEqual(headers["Cache-Control"], "private, no-store")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertIn(b"<svg", body)
