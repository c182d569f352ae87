"""Leads to each page and state, in any language. What to check or capture there is up to the caller."""

import base64
import json
import time

from harness import ADMIN, DOOR, EXAMPLES, moment, wait_until

STANDING = [{"name": "Standing", "capacity": 3000, "category": "Standing"}]
PRICES = {"VIP": 198_000, "R": 165_000, "S": 143_000, "A": 121_000, "Standing": 154_000}
CROWD = 40


def prepare(server):
    """Creates an event for each state, some with a crowd. Returns the address of the last in line."""
    create_arena(server)
    server.create_event(
        "soon", onsale={"waitingRoom": True, "lobbyOpensAt": moment(90_000), "opensAt": moment(93_600)}, title="Spring Tour"
    )
    server.create_event(
        "lobby", onsale={"waitingRoom": True, "lobbyOpensAt": moment(-60), "opensAt": moment(2400)}, title="Lobby Night"
    )
    server.create_event(
        "line",
        onsale={
            "waitingRoom": True,
            "lobbyOpensAt": moment(-60),
            "opensAt": moment(3600),
            "maxActiveShoppers": 2,
            # The line stands as long as it is looked at.
            "passSeconds": 3600,
            "passIdleSeconds": 3600,
        },
        title="Summer Finale",
    )
    return crowd(server, "line")


def create_arena(server):
    body = {
        "id": "arena",
        "title": "Arena Night",
        "venue": "Olympic Arena",
        "startsAt": "2030-03-01T10:00:00.000Z",
        "currency": "KRW",
        "seatingPlan": json.loads((EXAMPLES / "arena.json").read_text()),
        "areas": STANDING,
        "prices": [{"category": name, "amount": amount} for name, amount in PRICES.items()],
        "onsale": {"waitingRoom": False},
    }
    status, answer = server.call("POST", "/v1/events", body, ADMIN)
    if status != 201:
        raise RuntimeError(f"event: {status} {answer}")


def crowd(server, event):
    """Fills a lobby, waits for the draw, and admits some. Returns the address of the last in line."""
    tokens = {}
    for number in range(CROWD):
        email = f"fan{number}@example.com"
        _, session = server.call("POST", "/v1/sessions", {"email": email})
        server.call("POST", f"/v1/events/{event}/waiting-room", token=session["token"])
        tokens[email] = session["token"]
    # Open by hand, so that nobody is late on a slow machine.
    server.call("PATCH", f"/v1/events/{event}/onsale", {"opensAt": moment(0)}, ADMIN)
    wait_until(lambda: server.call("GET", f"/v1/events/{event}/waiting-room")[1]["phase"] == "open")
    places = {}
    for email, token in tokens.items():
        _, place = server.call("POST", f"/v1/events/{event}/waiting-room", token=token)
        places[place["number"]] = (email, token, place["ticket"])

    def enter(number):
        _, token, ticket = places[number]
        status, answer = server.claim(event, token, ticket)
        return answer["pass"] if status == 201 else None

    # Those who leave again give the line its pace; those who stay keep it from moving while it is captured.
    for number in range(1, 9):
        wait_until(lambda: enter(number) is not None)
        if number < 7:
            server.call("DELETE", f"/v1/events/{event}/waiting-room/pass", token=enter(number))
    return places[CROWD][0]


def sell(server, event="arena", rounds=10):
    """Sells some seats and returns the tickets."""
    tickets = []
    for number in range(rounds):
        category = ["VIP", "R", "S", "A"][number % 4]
        wanted = {"best": {"category": category, "quantity": 4}}
        if number % 5 == 4:
            wanted = {"area": "Standing", "quantity": 4}
        tickets += server.buy(f"buyer{number}@example.com", event, wanted)[1]["tickets"]
    return tickets


def settle(page):
    """Waits for animations to finish."""
    page.wait_for_timeout(350)


def map_is_drawn(page):
    # Playwright's wait_for_function needs `eval`, which the pages' policy forbids.
    wait_until(lambda: page.evaluate("performance.getEntriesByName('onsale.map.first').length") > 0)
    settle(page)


def enter(page, url, event, email):
    """Opens an event and enters as far as possible."""
    page.goto(f"{url}/events/{event}")
    page.locator("#email, main .card button.primary").first.wait_for()
    field = page.locator("#email")
    if field.count():
        field.fill(email)
        field.press("Enter")
    else:
        page.locator("main .card button.primary").first.click()


def fan(page, url, email, last_in_line):
    """Takes the page through the fan's states, yielding the name of each."""
    page.goto(url + "/")
    page.locator("main a[href^='/events/']").first.wait_for()
    yield "home"
    page.goto(url + "/events/soon")
    page.locator("main .countdown, main [role=timer], main h1").first.wait_for()
    settle(page)
    yield "countdown"
    page.goto(url + "/events/lobby")
    page.locator("#email").wait_for()
    yield "enter"
    enter(page, url, "lobby", last_in_line)
    page.locator("#email").wait_for(state="detached")
    settle(page)
    yield "lobby"
    enter(page, url, "line", last_in_line)
    page.locator("main progress").first.wait_for()
    page.wait_for_timeout(1200)
    yield "line"
    # Sign out: the shop is for another fan than the one in line.
    page.evaluate("localStorage.clear()")
    enter(page, url, "arena", email)
    map_is_drawn(page)
    yield "shop"
    page.locator(".chip").nth(1).click()
    settle(page)
    yield "shop-category"
    page.locator(".shop-switch").click()
    settle(page)
    yield "shop-list"
    page.locator(".choice-panel button.primary").click()
    page.locator("#pm_card_visa").check()
    settle(page)
    yield "checkout"
    page.locator("#pm_card_chargeDeclined").check()
    page.locator("form button[type=submit].primary").click()
    page.locator("main .notice.bad").wait_for()
    settle(page)
    yield "declined"
    page.locator("#pm_card_visa").check()
    page.locator("form button[type=submit].primary").click()
    page.locator(".tickets img").first.wait_for()
    settle(page)
    yield "tickets"
    page.locator(".ticket button").first.click()
    page.locator("dialog img").first.wait_for()
    settle(page)
    yield "ticket-screen"
    page.locator("dialog button").first.click()
    page.goto(url + "/orders")
    page.locator("main a[href^='/orders/']").first.wait_for()
    yield "orders"


def code(page, server, email):
    """Takes the page through signing in by mailed code, yielding the name of each state."""
    page.goto(server.url + "/orders")
    page.locator("#email").fill(email)
    page.locator("#email").press("Enter")
    page.locator("#code").wait_for()
    yield "code"
    right, link = server.newest_code(), server.newest_link()
    page.locator("#code").fill("000000" if right != "000000" else "000001")
    page.locator("#code-error:not(:empty)").wait_for()
    yield "code-wrong"
    page.goto(link)
    page.locator("main button.primary").wait_for()
    yield "link"


def organizer_signs_in(page, token=ADMIN, name="Minji"):
    """Signs an organizer in on the page that asks for it. The shared token needs a name too."""
    page.locator("input[name=token]").fill(token)
    page.locator("input[name=token]").press("Enter")
    if token == ADMIN:
        page.locator("input[name=name]").fill(name)
        page.locator("input[name=name]").press("Enter")


def organizer(page, url):
    """Takes the page through the organizer's states, yielding the name of each."""
    page.goto(url + "/organizer")
    page.locator("input[name=token]").wait_for()
    yield "sign-in"
    page.locator("input[name=token]").fill(ADMIN)
    page.locator("input[name=token]").press("Enter")
    page.locator("input[name=name]").wait_for()
    yield "sign-in-name"
    page.locator("input[name=name]").fill("Minji")
    page.locator("input[name=name]").press("Enter")
    page.locator(".org-events").wait_for()
    yield "events"
    page.goto(url + "/organizer/new")
    page.locator("input[type=file]").set_input_files(str(EXAMPLES / "theatre.json"))
    page.locator(".org-plan-counts").wait_for()
    map_is_drawn(page)
    yield "create"
    page.locator("form button[type=submit].primary").click()
    page.locator("main .notice.bad").first.wait_for()
    yield "create-faults"
    page.goto(url + "/organizer/events/arena")
    map_is_drawn(page)
    page.wait_for_timeout(2500)
    yield "dashboard"
    page.goto(url + "/organizer/events/arena/seats")
    map_is_drawn(page)
    yield "seats"
    page.goto(url + "/organizer/events/arena/orders")
    page.locator("main table tbody tr").first.wait_for()
    yield "orders"
    page.locator(".org-order-id").first.click()
    page.locator("dialog .org-story li").first.wait_for()
    yield "order"
    page.goto(url + "/organizer/events/arena/settlement")
    page.locator("main table tbody tr").first.wait_for()
    settle(page)
    yield "settlement"
    page.goto(url + "/organizer/webhooks")
    page.locator("main fieldset").wait_for()
    page.locator("main fieldset input").first.uncheck()
    page.locator("input[name=url]").fill("http://127.0.0.1/")
    page.locator("main form button[type=submit]").click()
    page.locator("main .field-error:not([hidden])").first.wait_for()
    yield "webhooks"
    page.locator("main fieldset input").nth(1).check()
    page.locator("input[name=url]").fill("https://example.com/onsale")
    page.locator("main form button[type=submit]").click()
    page.locator("dialog .org-secret").wait_for()
    yield "webhook-secret"
    page.locator("dialog button.primary").click()
    page.goto(url + "/organizer/accounts")
    page.locator("main li.card, main p.card").first.wait_for()
    # Others have made theirs before.
    name = f"Kim Minji {page.locator('main li.card').count() + 1}"
    page.locator("main button.primary").click()
    page.locator("dialog input[name=name]").wait_for()
    yield "account-form"
    page.locator("dialog input[name=name]").fill(name)
    page.locator("dialog button[type=submit]").click()
    page.locator("dialog .org-secret").wait_for()
    yield "account-token"
    page.locator("dialog button.primary").click()
    page.locator("main li.card").first.wait_for()
    yield "accounts"
    page.goto(url + "/organizer/events/arena/audit")
    page.locator("main table tbody tr").first.wait_for()
    yield "audit"


def viewer(page, server):
    """Takes the page through what a viewer sees otherwise, yielding the name of each state."""
    made = {"name": f"Auditor {time.time_ns()}", "role": "viewer"}
    _, account = server.call("POST", "/v1/accounts", made, ADMIN)
    page.goto(server.url + "/organizer")
    organizer_signs_in(page, account["token"])
    page.locator(".org-events").wait_for()
    yield "events"
    page.goto(server.url + "/organizer/accounts")
    page.locator("main a[href='/organizer']").wait_for()
    yield "owners-only"
    page.goto(server.url + "/organizer/events/arena")
    map_is_drawn(page)
    page.wait_for_timeout(1500)
    yield "dashboard"
    page.goto(server.url + "/organizer/events/arena/seats")
    map_is_drawn(page)
    yield "seats"
    page.goto(server.url + "/organizer/events/arena/orders")
    page.locator(".org-order-id").first.click()
    page.locator("dialog .org-story li").first.wait_for()
    yield "order"


def place_of(barcode):
    """The place that a barcode names."""
    payload = barcode.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["plc"]


def door(page, url, ticket):
    """Takes the page through the door's states, yielding the name of each. The ticket must be unused."""
    page.goto(url + "/door")
    page.locator("#event option[value=arena]").wait_for(state="attached")
    yield "sign-in"
    page.locator("#event").select_option("arena")
    page.locator("#token").fill(DOOR)
    page.locator("#token").press("Enter")
    page.locator("#code").wait_for()
    page.wait_for_timeout(800)
    yield "ready"
    for name, kind, code in [("green", "admitted", ticket), ("amber", "used", ticket), ("red", "refused", "no-ticket")]:
        page.locator("#code").fill(code)
        page.locator("#code").press("Enter")
        page.locator(f".door-verdict.{kind}:not([hidden])").wait_for()
        yield name
        if page.locator(".door-next").is_visible():
            page.locator(".door-next").click()
        page.locator(".door-verdict").wait_for(state="hidden")
        # Repeating a code at once would count as the same scan.
        page.wait_for_timeout(3200 if name == "green" else 0)
    yield "after"
    page.locator(".door-find summary").click()
    page.locator("#wanted").fill(place_of(ticket))
    page.locator("#wanted").press("Enter")
    page.locator(".door-found li, .door-find .notice").first.wait_for()
    yield "found"
    # None of these is in yet.
    page.locator("#wanted").fill("buyer1@example.com")
    page.locator("#wanted").press("Enter")
    page.locator(".door-found li button").nth(3).wait_for()
    page.locator(".door-found li button").first.click()
    page.locator("dialog").wait_for()
    yield "let-in"
