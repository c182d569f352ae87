"""docs/SCALE.md says what `scripts/capacity` computes, and the model answers as one would expect."""

import importlib.util
import pathlib
import re
import sys
import unittest
from importlib.machinery import SourceFileLoader

SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts/capacity"


def loaded():
    loader = SourceFileLoader("capacity", str(SCRIPT))
    specification = importlib.util.spec_from_loader("capacity", loader)
    module = importlib.util.module_from_spec(specification)
    # Dataclasses look their module up.
    sys.modules["capacity"] = module
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


class CapacityTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.capacity = loaded()

    def plans(self, **changes):
        costs = self.capacity.costs(changes)
        return [self.capacity.plan(case, costs) for case in self.capacity.CASES]

    def test_document_has_exactly_the_tables_that_the_script_computes(self):
        text = self.capacity.DOCUMENT.read_text()
        self.assertEqual(self.capacity.filled(text), text)

    def test_document_has_no_table_that_nobody_computes(self):
        text = self.capacity.DOCUMENT.read_text()
        rest = re.sub(r"<!-- capacity: \w+ -->\n.*?<!-- end -->", "", text, flags=re.DOTALL)
        self.assertNotRegex(rest, r"(?m)^\|")

    def test_more_people_need_no_less_of_anything(self):
        costs = self.capacity.costs()
        crowds = [self.capacity.plan(self.capacity.Case("", people, 1, 60_000), costs)
                  for people in (10_000, 100_000, 1_000_000, 10_000_000)]
        for fewer, more in zip(crowds, crowds[1:]):
            for figure in ("arrivals", "machines", "nodes", "nginx", "owner_line", "batches", "journal", "egress", "draw"):
                self.assertGreaterEqual(more[figure], fewer[figure], figure)

    def test_each_unit_cost_moves_the_figure_that_it_is_for(self):
        usual = self.plans()
        for unit, figure in (
                ("join", "owner_line"), ("hold", "owner_sale"), ("forward", "passed"), ("message_edge", "nginx"),
                ("batch", "postgres_work"), ("join_bytes", "journal"), ("draw", "draw"), ("presence", "presence"),
                ("core_price", "machine_cost"), ("egress_price", "egress_cost"), ("cdn_price", "cdn_cost")):
            dearer = self.plans(**{unit: 2 * self.capacity.UNITS[unit].value})
            for before, after in zip(usual, dearer):
                self.assertGreater(after[figure], before[figure], unit)

    def test_dearer_messages_cost_processors_until_the_thread_is_busy_and_then_news(self):
        for before, after in zip(self.plans(), self.plans(message=2 * self.capacity.UNITS["message"].value)):
            self.assertGreater((after["nodes"], after["news"]), (before["nodes"], before["news"]))

    def test_no_machine_has_more_than_any_of_its_limits(self):
        costs = self.capacity.costs()
        for case, plan in zip(self.capacity.CASES, self.plans()):
            limits = self.capacity.streams_a_machine(costs, plan["news"])
            for limit, most in limits.items():
                if limit != "the node's stream thread":
                    self.assertLessEqual(case.people / plan["machines"], most, (case.name, limit))
            self.assertLessEqual(plan["news"], costs["news"])
            self.assertLessEqual(
                plan["nodes"] + plan["nginx"], plan["machines"] * costs["cores"] * costs["use"], case.name)

    def test_an_owner_has_processors_enough_for_its_event(self):
        costs = self.capacity.costs()
        for case, plan in zip(self.capacity.CASES, self.plans()):
            self.assertIn(plan["owner_fits"], (True, False))
            self.assertEqual(plan["owner_fits"], plan["owner_line"] <= costs["cores"] * costs["use"], case.name)

    def test_everything_has_a_source(self):
        for name, unit in self.capacity.UNITS.items():
            self.assertGreater(unit.value, 0, name)
            if unit.kind == self.capacity.MEASURED:
                self.assertTrue(unit.source, name)

    def test_figures_are_rounded_to_what_is_known(self):
        short = self.capacity.short
        self.assertEqual([short(value) for value in (0, 0.00341, 0.5, 1.04, 9.96, 17.4, 99.6, 123.4, 84_745)],
                         ["0", "0.0034", "0.50", "1.0", "10", "17", "100", "123", "84,700"])


if __name__ == "__main__":
    unittest.main()
