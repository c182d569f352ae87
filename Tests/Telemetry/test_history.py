"""What happened to an event, told by the API, against the journal and the reports: the timeline, and the story of an
order, also after `kill -9`."""

import bisect
import re
import time
import unittest
import urllib.parse
from datetime import datetime, timezone

from peers import ADMIN_TOKEN, Buyer, Onsale, Parent, eventually
from false_provider import FalseProvider

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
NUMBERS = ("sold", "held", "free", "gross", "waiting", "activeShoppers", "confirmed", "declined", "expired")


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def moment(at):
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Shop:
    program = provider = None


def setUpModule():
    """One order confirmed, one confirmed and cancelled, one declined, one hold given back and one alive."""
    Shop.provider = FalseProvider()
    unittest.addModuleCleanup(Shop.provider.stop)
    Shop.program = Onsale(Shop.provider)
    unittest.addModuleCleanup(Shop.program.__exit__)
    program = Shop.program.start()
    program.create_event("hall", {"Floor": 50_000, "Balcony": 33_000}, capacity=100)
    program.create_event("other", {"Floor": 50_000}, capacity=10)
    Shop.parent = Parent()
    Shop.buyers = [Buyer(program, "hall") for _ in range(4)]
    first, second, third, fourth = Shop.buyers
    Shop.paid = first.buy(2, headers=Shop.parent.header)
    time.sleep(1.1)
    Shop.cancelled = second.buy(1, "Balcony")
    program.cancel("hall", Shop.cancelled["order"], "cancel")
    second.until(Shop.cancelled["order"], "refunded")
    time.sleep(1.1)
    Shop.hold_of_declined = third.hold(3)["hold"]
    Shop.declined = third.order(Shop.hold_of_declined, "pm_card_chargeDeclined").json
    Shop.released = fourth.hold(4)["hold"]
    fourth.release(Shop.released)
    Shop.alive = fourth.hold(1)["hold"]
    time.sleep(1.1)


def restart():
    Shop.program.kill()
    Shop.program.start()


class TimelineTests(unittest.TestCase):
    def timeline(self, query="", event="hall", token=ADMIN_TOKEN):
        return Shop.program.send("GET", f"/v1/events/{event}/timeline{query}", token)

    def points(self, query="?step=1"):
        answer = self.timeline(query)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer["step"], 60 if "step=60" in query else 1)
        return answer["points"]

    def test_points_have_the_contract_s_form(self):
        for step in (1, 60):
            points = self.points(f"?step={step}")
            self.assertTrue(points)
            for point in points:
                self.assertEqual(set(point), {"at", *NUMBERS})
                self.assertRegex(point["at"], TIME)
                self.assertTrue(all(type(point[name]) is int for name in NUMBERS), point)
                self.assertEqual(point["free"] + point["held"] + point["sold"], 200)
            times = [seconds(point["at"]) for point in points]
            self.assertEqual([later - earlier for earlier, later in zip(times, times[1:])], [step] * (len(times) - 1))
            self.assertTrue(all(at % step == 0 for at in times))
            self.assertLess(abs(times[-1] - time.time()), step + 2)

    def test_the_last_point_is_the_report(self):
        report = Shop.program.report("hall")
        expected = {"sold": report["sold"], "held": report["held"], "free": report["free"], "gross": report["gross"],
                    "waiting": report["waiting"], "activeShoppers": report["activeShoppers"],
                    "confirmed": report["orders"].get("confirmed", 0), "declined": report["orders"].get("declined", 0),
                    "expired": report["orders"].get("expired", 0)}
        self.assertEqual((expected["sold"], expected["gross"]), (2, 133_000))
        for step in (1, 60):
            last = self.points(f"?step={step}")[-1]
            self.assertEqual({name: last[name] for name in NUMBERS}, expected)

    def test_each_second_is_what_the_journal_says(self):
        facts = Shop.program.facts("hall")
        points = self.points()

        def times(*kinds):
            return [fact["time"] for fact in facts if fact["fact"] in kinds]

        confirmed, cancelled, declined = times("orderConfirmed"), times("orderCancelled"), times("paymentDeclined")
        self.assertEqual((len(confirmed), len(cancelled), len(declined)), (2, 1, 1))
        for point in points:
            end = (seconds(point["at"]) + 1) * 1000  # a point is how its second ended
            if end > time.time() * 1000 - 500:
                continue
            until = {name: bisect.bisect_left(at, end) for name, at in (
                ("confirmed", confirmed), ("cancelled", cancelled), ("declined", declined))}
            self.assertEqual(point["confirmed"], until["confirmed"] - until["cancelled"], point)
            self.assertEqual(point["declined"], until["declined"], point)
        self.assertGreater(len({point["gross"] for point in points}), 1)
        self.assertGreaterEqual(seconds(points[0]["at"]) + 1, facts[0]["time"] / 1000)

    def test_a_range_is_kept_to(self):
        points = self.points()
        begin, end = points[1]["at"], points[-3]["at"]
        query = f"?step=1&from={urllib.parse.quote(begin)}&to={urllib.parse.quote(end)}"
        self.assertEqual(self.points(query), points[1:-2])
        self.assertEqual(self.points(f"?step=1&from={begin}&to={begin}"), points[1:2])
        inside = begin.replace(".000Z", ".400Z")
        self.assertEqual(self.points(f"?step=1&from={inside}&to={inside}"), points[1:2])

    def test_a_range_without_points_has_none(self):
        self.assertEqual(self.points("?step=1&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z"), [])
        future = moment(time.time() + 3600)
        self.assertEqual(self.points(f"?step=1&from={future}"), [])
        self.assertTrue(self.points("?step=60&from=1970-01-01T00:00:00Z"))

    def test_never_more_than_an_hour_of_seconds(self):
        self.assertLessEqual(len(self.points("?step=1&from=2020-01-01T00:00:00Z&to=2040-01-01T00:00:00Z")), 3600)

    def test_it_survives_a_kill(self):
        before = self.points()
        minutes = self.points("?step=60")
        restart()
        after = self.points()
        # The newest second was still going on.
        self.assertEqual(after[:len(before) - 1], before[:-1])
        self.assertGreaterEqual(len(after), len(before))
        self.assertEqual(self.points("?step=60")[:len(minutes) - 1], minutes[:-1])
        buyer = Buyer(Shop.program, "other")
        buyer.hold()
        answer = self.timeline("?step=1", "other")
        eventually(lambda: self.timeline("?step=1", "other")["points"][-1]["held"] == 1, "the hold is there", 5)
        self.assertEqual(answer.status, 200)

    def test_the_organizer_alone_may_see_it(self):
        self.assertEqual(self.timeline(token=None).status, 401)
        self.assertEqual(self.timeline(token=Shop.buyers[0].session).status, 403)
        self.assertEqual(self.timeline(token=Shop.buyers[0].pass_).status, 403)
        self.assertIn(self.timeline(token="nobody's-token-here").status, (401, 403))
        self.assertEqual(self.timeline(event="nowhere").status, 404)

    def test_parameters_that_mean_nothing_are_told(self):
        for query, pointer in (
            ("?step=2", "/step"), ("?step=", "/step"), ("?step=-1", "/step"), ("?step=1.0", "/step"),
            ("?step=" + "9" * 40, "/step"), ("?from=yesterday", "/from"), ("?to=2026-13-01T00:00:00Z", "/to"),
            ("?from=2026-01-01", "/from"), ("?from=99999999999", "/from"), ("?to=" + "9" * 1000, "/to"),
        ):
            answer = self.timeline(query)
            self.assertEqual((answer.status, answer.slug), (422, "invalid-request"), f"{query[:40]}: {answer}")
            self.assertIn(pointer, [error["pointer"] for error in answer["errors"]], query[:40])
        answer = self.timeline("?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")
        self.assertIn(answer.status, (200, 422))
        self.assertEqual(answer.get("points", []), [])


class StoryTests(unittest.TestCase):
    def story(self, order, token=ADMIN_TOKEN, event="hall"):
        return Shop.program.send("GET", f"/v1/events/{event}/orders/{order}/story", token)

    def steps(self, order):
        answer = self.story(order)
        self.assertEqual(answer.status, 200, answer)
        return answer["steps"]

    def check_form(self, steps):
        self.assertTrue(steps)
        for step in steps:
            self.assertEqual(set(step), {"at", "what", "detail"})
            self.assertRegex(step["at"], TIME)
            self.assertTrue(step["what"] and step["detail"])
        times = [step["at"] for step in steps]
        self.assertEqual(times, sorted(times))

    def in_order(self, steps, *expected):
        """Whether these are told, one after the other, among others."""
        told = [step["what"] for step in steps]
        left = iter(told)
        self.assertTrue(all(what in left for what in expected), f"{expected} in {told}")

    def test_a_paid_order(self):
        steps = self.steps(Shop.paid["order"])
        self.check_form(steps)
        self.in_order(steps, "Pass granted", "Hold made", "Order placed", "Payment authorized",
                      "Order confirmed")
        by_what = {step["what"]: step for step in steps}
        self.assertIn("2 places in Floor", by_what["Hold made"]["detail"])
        self.assertIn("100,000 KRW", by_what["Hold made"]["detail"])
        self.assertIn(Shop.paid["order"], by_what["Order placed"]["detail"])
        self.assertIn(Shop.parent.trace, by_what["Order placed"]["detail"])
        [intent] = Shop.provider.intents(Shop.paid["order"])
        self.assertIn(intent.id, by_what["Payment authorized"]["detail"])
        # Its moments are those of the journal, but for what services have said.
        said = {"Tickets made", "Mail sent", "Mail came back", "Eligibility granted"}
        journaled = {datetime.fromtimestamp(fact["time"] / 1000, timezone.utc).isoformat(timespec="milliseconds")
                     .replace("+00:00", "Z") for fact in Shop.program.facts("hall")}
        self.assertLessEqual({step["at"] for step in steps if step["what"] not in said}, journaled)

    def test_a_cancelled_order(self):
        steps = self.steps(Shop.cancelled["order"])
        self.check_form(steps)
        self.in_order(steps, "Hold made", "Order placed", "Order confirmed", "Order cancelled", "Refund sent")

    def test_a_declined_order(self):
        steps = self.steps(Shop.declined["order"])
        self.in_order(steps, "Hold made", "Order placed", "Payment declined")
        self.assertNotIn("Order confirmed", [step["what"] for step in steps])

    def test_it_has_nothing_of_others_and_no_secret(self):
        text = str(self.steps(Shop.paid["order"]))
        for other in (Shop.cancelled["order"], Shop.declined["order"], Shop.cancelled["tickets"][0]["ticket"]):
            self.assertNotIn(other, text)
        for secret in (*Shop.buyers[0].secrets, ADMIN_TOKEN, "pm_card_visa", Shop.provider.secret_key):
            self.assertNotIn(secret, text)

    def test_the_organizer_alone_may_see_it(self):
        order = Shop.paid["order"]
        self.assertEqual(self.story(order, None).status, 401)
        self.assertEqual(self.story(order, Shop.buyers[0].session).status, 403)
        self.assertEqual(self.story(order, Shop.buyers[0].pass_).status, 403)
        for unknown in ("ord_nothing", order[:-1] + ("0" if order[-1] != "0" else "1"), "x" * 500, "%00"):
            self.assertEqual(self.story(unknown).status, 404, unknown[:40])
        self.assertEqual(self.story(order, event="other").status, 404)

    def test_it_is_the_same_after_a_kill(self):
        before = self.steps(Shop.paid["order"])
        restart()
        self.assertEqual(self.steps(Shop.paid["order"]), before)


class ExplainTests(unittest.TestCase):
    """`onsale explain` reads the journal beside the running server."""

    def explain(self, *arguments):
        return Shop.program.command("explain", *arguments, "--data", Shop.program.data)

    def told(self, id):
        status, told, errors = self.explain(id)
        self.assertEqual(status, 0, errors)
        return told

    def test_an_order_is_told_as_by_the_api(self):
        for order in (Shop.paid, Shop.cancelled, Shop.declined):
            told = self.told(order["order"])
            steps = Shop.program.send("GET", f"/v1/events/hall/orders/{order['order']}/story", ADMIN_TOKEN)["steps"]
            words = re.sub(r"\s+", " ", told)
            at = 0
            for step in steps:
                found = words.find(step["what"], at)
                self.assertGreaterEqual(found, 0, f"{step['what']} in {told}")
                at = found
                self.assertIn(re.sub(r"\s+", " ", step["detail"]), words[at:], told)

    def test_a_hold_is_told(self):
        told = self.told(Shop.released)
        self.assertIn("Hold made", told)
        self.assertIn("Seats released", told)
        told = self.told(Shop.hold_of_declined)
        self.assertIn("Payment declined", told)
        self.assertNotIn("4 places", told)

    def test_a_ticket_is_told(self):
        ticket = Shop.paid["tickets"][0]["ticket"]
        told = self.told(ticket)
        for what in ("Hold made", "Order placed", "Order confirmed"):
            self.assertIn(what, told)

    def test_a_buyer_is_told(self):
        told = self.told(Shop.buyers[3].id)
        for what in ("Pass granted", "Hold made", "Seats released"):
            self.assertIn(what, told)
        self.assertEqual(told.count("Hold made"), 2)
        self.assertNotIn("Order placed", told)
        self.assertIn("onsale.access", told)
        # How it stands now has another time each time.
        now = r"\S+ +\S+ s  Waiting"
        self.assertEqual(re.sub(now, "", self.told(Shop.buyers[3].mail)), re.sub(now, "", told))

    def test_what_nobody_knows_is_told(self):
        order = Shop.paid["order"]
        for unknown, expected in (
            (order[:-1] + ("0" if order[-1] != "0" else "1"), 1), ("hld_" + order[4:], 1), ("tkt_" + order[4:], 1),
            ("byr_" + "0" * 26, 1), ("ord_nothing", 2), ("nothing", 2), ("", 2), ("\x1b[31m", 2),  # those are no ids
        ):
            status, told, errors = self.explain(unknown)
            self.assertEqual(status, expected, f"{unknown!r}: {told} {errors}")
            self.assertEqual(told, "")
            self.assertTrue(errors)
            self.assertNotIn("\x1b", errors)

    def test_no_journal_is_told(self):
        status, told, errors = Shop.program.command("explain", Shop.paid["order"], "--data", "/nowhere/at/all")
        self.assertIn(status, (1, 2))
        self.assertIn("/nowhere/at/all", errors)

    def test_no_secret_is_told(self):
        told = "".join(self.told(id) for id in (Shop.paid["order"], Shop.buyers[0].id, Shop.buyers[2].id))
        for secret in (*Shop.buyers[0].secrets, ADMIN_TOKEN, "pm_card_visa", "pm_card_chargeDeclined"):
            self.assertNotIn(secret, told)


if __name__ == "__main__":
    unittest.main()
