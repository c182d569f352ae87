"""Takes screenshots of the pages in their states, for people to look at: `python screenshots.py <folder>`."""

import pathlib
import sys

import stations
from harness import ADMIN, CHROMIUM, DESKTOP, PHONE, Server
from playwright.sync_api import sync_playwright

# The README's pictures are only retaken on request: `screenshots.py FOLDER --docs`.
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/screenshots" if "--docs" in sys.argv else pathlib.Path(sys.argv[1])
LOCALES = {"ko": "ko-KR", "en": "en-US"}

# Which states to take of each page (None: all), by language, scheme and device: not every combination, but each of them
# somewhere.
FAN = {
    ("ko", "light", "phone"): None,
    ("en", "dark", "phone"): {"home", "lobby", "line", "shop", "checkout", "tickets", "ticket-screen"},
    ("en", "light", "desktop"): {"home", "line", "shop", "checkout", "tickets"},
    ("ko", "dark", "desktop"): {"line", "shop"},
}
ORGANIZER = {
    ("en", "light", "desktop"): None,
    ("ko", "dark", "desktop"): {"create", "dashboard", "seats"},
    ("ko", "light", "phone"): {"sign-in", "dashboard", "seats", "orders", "order", "settlement", "webhooks", "accounts", "audit"},
}
DOOR = {("ko", "dark", "phone"): None, ("en", "light", "phone"): {"ready", "green", "amber", "red"}}


def open_page(browser, language, scheme, device):
    options = PHONE if device == "phone" else DESKTOP
    context = browser.new_context(
        locale=LOCALES[language], color_scheme=scheme, timezone_id="Asia/Seoul", **{**options, "device_scale_factor": 1}
    )
    context.set_default_timeout(15_000)
    return context.new_page()


def picture(page, path):
    # A verdict or a dialog fills the screen or stands in it; of anything else take the whole page.
    is_screen = page.locator(".door-verdict:not([hidden]), dialog[open]").count() > 0
    page.screenshot(path=path, full_page=not is_screen)


def all_pictures(browser, server, folder, last_in_line, tickets):
    walks = {
        "fan": (FAN, lambda page, n: stations.fan(page, server.url, f"pictured{n}@example.com", last_in_line)),
        "organizer": (ORGANIZER, lambda page, _: stations.organizer(page, server.url)),
        "door": (DOOR, lambda page, n: stations.door(page, server.url, tickets[n]["barcode"])),
    }
    for part, (looks, walk) in walks.items():
        for number, (look, wanted) in enumerate(looks.items()):
            page = open_page(browser, *look)
            for state in walk(page, number):
                if wanted is None or state in wanted:
                    picture(page, folder / ("-".join([part, state, *look]) + ".png"))
            page.context.close()


def readme_pictures(browser, server, last_in_line):
    """Takes the three pictures in the README."""
    DOCS.mkdir(parents=True, exist_ok=True)
    page = open_page(browser, "ko", "light", "phone")
    stations.enter(page, server.url, "line", last_in_line)
    page.locator("main progress").first.wait_for()
    page.wait_for_timeout(1500)
    page.screenshot(path=DOCS / "line-ko-phone.png")
    page.context.close()
    page = open_page(browser, "en", "light", "desktop")
    stations.enter(page, server.url, "arena", "readme@example.com")
    stations.map_is_drawn(page)
    page.set_viewport_size({"width": 1024, "height": 880})
    stations.settle(page)
    page.screenshot(path=DOCS / "map-desktop.png")
    page.context.close()
    page = open_page(browser, "en", "light", "desktop")
    for state in stations.organizer(page, server.url):
        if state == "dashboard":
            sell_while_looking(server, page)
            page.set_viewport_size({"width": 1280, "height": 1575})
            stations.settle(page)
            page.screenshot(path=DOCS / "organizer-dashboard.png")
            break
    page.context.close()


def sell_while_looking(server, page):
    """Sells over some time, because charts and the pace need a history: for the README as long as the charts reach."""
    for number in range(280 if "--docs" in sys.argv else 48):
        wanted = {"best": {"category": ["VIP", "R", "S", "A"][number % 4], "quantity": 1 + number * 7 % 4}}
        server.buy(f"looked-at{number}@example.com", "arena", wanted)
        if number % 3 == 0:
            # Some only look.
            _, shopping = server.pass_for(f"looker{number}@example.com", "arena")
            server.call("POST", "/v1/events/arena/holds", wanted, shopping)
        page.wait_for_timeout(300 + 50 * abs(number % 80 - 40))


def fill(server):
    """Puts the sale in full swing: much of the hall is sold, some of it blocked, some held."""
    tickets = stations.sell(server, rounds=80)
    _, plan = server.call("GET", "/v1/events/arena/seating-plan")
    rows = [[seat["seat_guid"] for seat in line["seats"]] for zone in plan["zones"] for line in zone["rows"]]
    server.call("POST", "/v1/events/arena/blocks", {"seats": [seat for row in rows[40:44] for seat in row]}, ADMIN)
    for number in range(30):
        session, shopping = server.pass_for(f"holder{number}@example.com", "arena")
        row = rows[(number * 37) % len(rows)]
        server.call("POST", "/v1/events/arena/holds", {"seats": row[4:8]}, shopping)
        row = rows[(number * 53 + 11) % len(rows)]
        session, shopping = server.pass_for(f"scattered{number}@example.com", "arena")
        status, hold = server.call("POST", "/v1/events/arena/holds", {"seats": row[2:6]}, shopping)
        if status == 201:
            server.call(
                "POST",
                "/v1/events/arena/orders",
                {"hold": hold["hold"], "payment": {"method": "pm_card_visa"}},
                shopping,
                {"Idempotency-Key": hold["hold"], "Prefer": "wait=10"},
            )
    return tickets


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    server = Server()
    try:
        server.start()
        last_in_line = stations.prepare(server)
        tickets = fill(server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            readme_pictures(browser, server, last_in_line)
            all_pictures(browser, server, folder, last_in_line, tickets)
            browser.close()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
