from harness import BrowserTest


class Smoke(BrowserTest):
    @classmethod
    def prepare(cls):
        cls.server.create_event("arena", plan="arena", areas=[{"name": "Standing", "capacity": 3000, "category": "Standing"}])

    def test_home(self):
        page = self.page()
        page.goto(self.server.url)
        page.get_by_role("link", name="Night of arena").first.wait_for()
