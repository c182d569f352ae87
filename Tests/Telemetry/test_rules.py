"""Prometheus' own tool reads the configuration and the rules, and plays the alerts' stories.

Needs promtool, which Debian has in its package prometheus: scripts/install-packages prometheus. No Prometheus runs.
"""

import pathlib
import re
import shutil
import subprocess
import unittest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy/prometheus"


class RuleTests(unittest.TestCase):
    def promtool(self, *arguments):
        self.assertTrue(
            shutil.which("promtool"),
            "promtool is missing: scripts/install-packages prometheus installs it")
        done = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=120)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, f"promtool {' '.join(arguments)}:\n{said}")
        return said

    def test_the_configuration_is_valid(self):
        self.promtool("check", "config", "prometheus.yml")

    def test_the_rules_are_valid_and_none_is_there_twice(self):
        self.promtool("check", "rules", "--lint=all", "--lint-fatal", "rules/onsale.yml")

    def test_every_alert_fires_on_its_story_and_on_nothing_else(self):
        self.promtool("test", "rules", "tests/onsale_test.yml")

    def test_every_alert_has_a_story(self):
        alerts = set(re.findall(r"- alert: (\w+)", (FOLDER / "rules/onsale.yml").read_text()))
        fires = set(re.findall(r'alertname="(\w+)"', (FOLDER / "tests/onsale_test.yml").read_text()))
        self.assertEqual(alerts, fires)


if __name__ == "__main__":
    unittest.main()
