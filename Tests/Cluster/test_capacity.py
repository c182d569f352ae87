"""docs/SCALE.md says what `scripts/capacity` computes, and the model answers as one would expect."""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "Benchmarks/capacity"))

from document import DOCUMENT, filled  # noqa: E402
from figures import short  # noqa: E402
from model import CASES, Case, plan, streams_a_machine  # noqa: E402
from units import MEASURED, UNITS, costs  # noqa: E402


class CapacityTests(unittest.TestCase):
    def plans(self, **changes):
        return [plan(case, costs(changes)) for case in CASES]

    def test_document_has_exactly_the_tables_that_the_script_computes(self):
        text = DOCUMENT.read_text()
        self.assertEqual(filled(text), text)

    def test_document_has_no_table_that_nobody_computes(self):
        text = DOCUMENT.read_text()
        rest = re.sub(r"<!-- capacity: \w+ -->\n.*?<!-- end -->", "", text, flags=re.DOTALL)
        self.assertNotRegex(rest, r"(?m)^\|")

    def test_more_people_need_no_less_of_anything(self):
        usual = costs()
        crowds = [plan(Case("", people, 1, 60_000), usual)
                  for people in (10_000, 100_000, 1_000_000, 10_000_000)]
        for fewer, more in zip(crowds, crowds[1:]):
            for figure in (
                    "arrivals", "machines", "nodes", "nginx", "owner_line", "batches", "journal", "egress", "draw"):
                self.assertGreaterEqual(more[figure], fewer[figure], figure)

    def test_each_unit_cost_moves_the_figure_that_it_is_for(self):
        usual = self.plans()
        for unit, figure in (
                ("join", "owner_line"), ("hold", "owner_sale"), ("forward", "passed"), ("message_edge", "nginx"),
                ("batch", "postgres_work"), ("join_bytes", "journal"), ("draw", "draw"), ("presence", "presence"),
                ("core_price", "machine_cost"), ("egress_price", "egress_cost"), ("cdn_price", "cdn_cost")):
            dearer = self.plans(**{unit: 2 * UNITS[unit].value})
            for before, after in zip(usual, dearer):
                self.assertGreater(after[figure], before[figure], unit)

    def test_dearer_messages_cost_processors_until_the_thread_is_busy_and_then_news(self):
        for before, after in zip(self.plans(), self.plans(message=2 * UNITS["message"].value)):
            self.assertGreater((after["nodes"], after["news"]), (before["nodes"], before["news"]))

    def test_no_machine_has_more_than_any_of_its_limits(self):
        usual = costs()
        for case, planned in zip(CASES, self.plans()):
            limits = streams_a_machine(usual, planned["news"])
            for limit, most in limits.items():
                if limit != "the node's stream thread":
                    self.assertLessEqual(case.people / planned["machines"], most, (case.name, limit))
            self.assertLessEqual(planned["news"], usual["news"])
            self.assertLessEqual(
                planned["nodes"] + planned["nginx"], planned["machines"] * usual["cores"] * usual["use"], case.name)

    def test_owner_that_has_too_much_to_do_is_said_to_need_a_larger_machine(self):
        crowd = Case("", 10_000_000, 1, 60_000)
        enough = costs()["cores"] * costs()["use"]
        for join, fits in ((0.9 * enough * 1e6 / plan(crowd, costs())["arrivals"], True),
                           (1.1 * enough * 1e6 / plan(crowd, costs())["arrivals"], False)):
            self.assertEqual(plan(crowd, costs({"join": join}))["owner_fits"], fits)

    def test_everything_has_a_source(self):
        for name, unit in UNITS.items():
            self.assertGreater(unit.value, 0, name)
            if unit.kind == MEASURED:
                self.assertTrue(unit.source, name)

    def test_figures_are_rounded_to_what_is_known(self):
        self.assertEqual([short(value) for value in (0, 0.00341, 0.5, 1.04, 9.96, 17.4, 99.6, 123.4, 84_745)],
                         ["0", "0.0034", "0.50", "1.0", "10", "17", "100", "123", "84,700"])


if __name__ == "__main__":
    unittest.main()
