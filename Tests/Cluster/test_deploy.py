"""What is deployed and can't be run here: read by the programs that would run it, as far as they are installed."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from cluster import SERVICES
from nginx import DEPLOY

UNITS = DEPLOY / "systemd"
COMPOSE = DEPLOY / "compose"
CONTAINERFILE = DEPLOY / "container/Containerfile"


def run(*arguments, **environment):
    """Exit status and everything it said."""
    done = subprocess.run(
        [*map(str, arguments)], capture_output=True, text=True, timeout=60, env={**os.environ, **environment})
    return done.returncode, done.stdout + done.stderr


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
class UnitTests(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name, source in (("onsale.service", "onsale.service"), ("onsale@a.service", "onsale@.service")):
            text = (UNITS / source).read_text()
            # The program isn't installed, and a unit whose program is missing is refused.
            self.assertIn("ExecStart=/usr/local/bin/onsale serve", text)
            (self.folder / name).write_text(text.replace("/usr/local/bin/onsale", "/bin/true"))

    def units(self):
        return sorted(self.folder.iterdir())

    def test_units_are_understood(self):
        self.assertEqual(run("systemd-analyze", "verify", "--man=no", *self.units()), (0, ""))

    def test_units_are_exposed_to_little(self):
        for unit in self.units():
            status, said = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", unit)
            self.assertEqual(status, 0, said)

    def test_node_differs_from_the_program_alone_only_in_its_name_and_settings(self):
        one, many = ((UNITS / name).read_text().splitlines() for name in ("onsale.service", "onsale@.service"))
        differing = {line.partition("=")[0] for line in set(one) ^ set(many) if not line.startswith("#")}
        self.assertEqual(differing, {
            "Description", "After", "StateDirectory", "WorkingDirectory", "Environment", "EnvironmentFile"})


class ContainerTests(unittest.TestCase):
    settings = {name: "x" for name in (
        "POSTGRES_PASSWORD", "ONSALE_ADMIN_TOKEN", "ONSALE_PUBLIC_URL", "ONSALE_PAYMENT_URL",
        "ONSALE_PAYMENT_SECRET_KEY")}

    @unittest.skipUnless(shutil.which("docker-compose"), "docker-compose is not installed")
    def test_compose_file_is_understood_and_asks_for_what_is_missing(self):
        status, said = run("docker-compose", "-f", COMPOSE / "compose.yaml", "config", **self.settings)
        self.assertEqual(status, 0, said)
        for name in self.settings:
            status, said = run(
                "docker-compose", "-f", COMPOSE / "compose.yaml", "config", **{**self.settings, name: ""})
            self.assertNotEqual(status, 0)
            self.assertIn(name, said)

    def test_files_that_are_mounted_and_copied_are_there(self):
        text = (COMPOSE / "compose.yaml").read_text()
        for source in re.findall(r"^ +- (\.[^:]*):", text, re.M):
            if source != "./tls":
                self.assertTrue((COMPOSE / source).exists(), source)
        root = DEPLOY.parent
        ignored = CONTAINERFILE.with_name("Containerfile.dockerignore").read_text()
        for source in re.findall(r"^COPY (?!--from)(\S+)", CONTAINERFILE.read_text(), re.M):
            self.assertTrue((root / source).exists(), source)
            self.assertIn(f"!{source}\n", ignored)

    def test_each_node_of_the_compose_file_is_an_upstream(self):
        compose = (COMPOSE / "compose.yaml").read_text()
        upstreams = (COMPOSE / "upstreams.conf").read_text()
        nodes = re.findall(r"^  (\w+):\n    <<: \*node", compose, re.M)
        self.assertEqual(re.findall(r"^    server (\w+):8080 ", upstreams, re.M), nodes)
        without_servers = [
            [line for line in text.splitlines() if not line.startswith("    server ")]
            for text in (upstreams, (DEPLOY / "nginx/upstreams.conf").read_text())]
        self.assertEqual(*without_servers)

    def test_each_service_of_the_compose_file_is_one_that_follows_a_sale(self):
        compose = (COMPOSE / "compose.yaml").read_text()
        found = re.findall(r"^  (\w+):\n    <<: \*service\n    command: \[work, (\w+)\]\n", compose, re.M)
        self.assertEqual(found, [(name, name) for names in SERVICES for name in names])

    def test_the_program_knows_every_variable_of_the_compose_file(self):
        texts = [(COMPOSE / name).read_text() for name in ("compose.yaml", "example.env")]
        given = set(re.findall(r"\b(?:ONSALE_\w+|DATABASE_URL)\b", "\n".join(texts)))
        sources = DEPLOY.parent / "Sources"
        known = "".join(path.read_text() for path in (
            sources / "onsale/Settings.swift", sources / "OnsaleKafka/KafkaConfiguration+Environment.swift"))
        self.assertEqual(given - set(re.findall(r'"(ONSALE_\w+|DATABASE_URL)"', known)), set())

    def test_image_is_built_from_all_that_the_package_names(self):
        package = (DEPLOY.parent / "Package.swift").read_text()
        copied = set(re.findall(r"^COPY (?!--from)(\S+)", CONTAINERFILE.read_text(), re.M))
        self.assertEqual(set(re.findall(r'path: "(\w+)', package)) - copied, set())

    def test_containerfile_has_only_instructions_that_exist(self):
        known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "VOLUME", "ENV", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL",
                 "ENTRYPOINT", "CMD"}
        text = re.sub(r"\\\n", "", re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(), flags=re.M))
        self.assertEqual({line.split()[0] for line in text.splitlines() if line.strip()} - known, set())


if __name__ == "__main__":
    unittest.main()
