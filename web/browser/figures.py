"""Measures what the pages cost in Chromium with the arena's 10,884 seats. Prints a table and judges nothing."""

import itertools
import statistics
import threading
import time

from harness import ADMIN, CHROMIUM, DESKTOP, Server
from playwright.sync_api import sync_playwright
from stations import STANDING, enter, map_is_drawn

BUSY_SECONDS = 10
MESSAGES_PER_SECOND = 20
CONNECTIONS = 8

RECORD = """
() => {
  window.measured = { "onsale.map.first": [], "onsale.map.frame": [], "onsale.map.delta": [], tasks: [], frames: 0 };
  new PerformanceObserver((list) => {
    for (const { name, duration } of list.getEntries()) window.measured[name]?.push(duration);
  }).observe({ type: "measure", buffered: true });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.measured.tasks.push(duration);
  }).observe({ type: "longtask" });
}
"""


class Look:
    """One page and its measurements."""

    def __init__(self, browser, slowdown):
        self.context = browser.new_context(locale="ko-KR", **DESKTOP)
        self.page = self.context.new_page()
        self.errors = 0
        self.page.on("pageerror", self._count)
        self.page.on("console", lambda message: message.type == "error" and self._count())
        self.wire = self.context.new_cdp_session(self.page)
        self.bytes = 0
        self.requests = 0
        self.wire.send("Network.enable")
        self.wire.on("Network.loadingFinished", self._loaded)
        if slowdown > 1:
            self.wire.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        self.page.add_init_script(f"({RECORD})()")

    def _count(self, *_):
        self.errors += 1

    def _loaded(self, event):
        self.bytes += event["encodedDataLength"]
        self.requests += 1

    def measured(self):
        return self.page.evaluate("window.measured")

    def fresh(self):
        self.page.evaluate("for (const key in window.measured) if (Array.isArray(window.measured[key])) window.measured[key] = []")


def first_page(browser, url, path="/"):
    look = Look(browser, 1)
    look.page.goto(url + path, wait_until="load")
    look.page.locator("main h1").wait_for()
    look.page.wait_for_timeout(500)
    result = look.bytes, look.requests
    look.context.close()
    return result


def pan(page):
    """Zooms in until single seats are drawn, then drags the map around."""
    box = page.locator(".seat-map-viewport").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    for _ in range(6):
        page.mouse.wheel(0, -240)
        page.wait_for_timeout(60)
    page.wait_for_timeout(600)
    page.evaluate("window.measured['onsale.map.frame'] = []")
    page.mouse.down()
    for step in range(150):
        page.mouse.move(x + 220 * (abs(step % 60 - 30) / 30 - 1), y + 120 * (abs(step % 40 - 20) / 20 - 1))
        page.wait_for_timeout(12)
    page.mouse.up()
    page.wait_for_timeout(300)


def change_500(server, seats, is_blocking):
    status, answer = server.call("POST" if is_blocking else "DELETE", "/v1/events/arena/blocks", {"seats": seats}, ADMIN)
    if status not in (200, 201, 204):
        raise RuntimeError(f"blocks: {status} {answer}")


class Sales:
    """Makes and releases holds at a fixed pace; each one is a change in the stream."""

    def __init__(self, server, event, seats):
        self.server = server
        self.event = event
        self.groups = [seats[start : start + 4] for start in range(0, len(seats), 4)]
        self.ending = threading.Event()
        self.done = itertools.count()
        # Each has its own session, so that all can hold at once.
        self.passes = [server.pass_for(f"sales{number}@example.com", event)[1] for number in range(CONNECTIONS)]
        self.threads = [threading.Thread(target=self._sell, args=(number,), daemon=True) for number in range(CONNECTIONS)]

    def _sell(self, number):
        shopping = self.passes[number]
        pause = CONNECTIONS / MESSAGES_PER_SECOND
        at = time.monotonic() + pause * number / CONNECTIONS
        for turn in itertools.count():
            if self.ending.wait(max(0, at - time.monotonic())):
                return
            at += 2 * pause
            group = self.groups[(turn * CONNECTIONS + number) % len(self.groups)]
            status, hold = self.server.call("POST", f"/v1/events/{self.event}/holds", {"seats": group}, shopping)
            next(self.done)
            if self.ending.wait(pause):
                return
            if status == 201:
                self.server.call("DELETE", f"/v1/events/{self.event}/holds/{hold['hold']}", token=shopping)
                next(self.done)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()


def shop(browser, server, seats, slowdown):
    look = Look(browser, slowdown)
    enter(look.page, server.url, "arena", f"figures{slowdown}@example.com")
    map_is_drawn(look.page)
    look.page.wait_for_timeout(1500)
    first = look.measured()["onsale.map.first"][0]
    look.fresh()
    deltas = []
    for turn in range(8):
        look.fresh()
        change_500(server, seats[:500], turn % 2 == 0)
        look.page.wait_for_timeout(900)
        deltas.append(max(look.measured()["onsale.map.delta"], default=float("nan")))
    pan(look.page)
    frames = look.measured()["onsale.map.frame"]
    look.page.wait_for_timeout(500)
    with Sales(server, "arena", seats[500:2500]) as sales:
        look.page.wait_for_timeout(1000)
        look.fresh()
        before = next(sales.done)
        look.page.wait_for_timeout(BUSY_SECONDS * 1000)
        changes = next(sales.done) - before - 1
        busy = look.measured()
    errors = look.errors
    look.context.close()
    return {
        "first": first,
        "frames": frames,
        "deltas": deltas,
        "tasks": busy["tasks"],
        "messages": changes / BUSY_SECONDS,
        "drawn": len(busy["onsale.map.delta"]),
        "errors": errors,
    }


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def row(what, goal, *values):
    print(f"| {what} | {goal} | " + " | ".join(values) + " |", flush=True)


def main():
    server = Server()
    try:
        server.start()
        server.create_event("arena", plan="arena", areas=STANDING, title="Arena Night")
        _, plan = server.call("GET", "/v1/events/arena/seating-plan")
        seats = [seat["seat_guid"] for zone in plan["zones"] for line in zone["rows"] for seat in line["seats"]]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            size, requests = first_page(browser, server.url)
            event_size, event_requests = first_page(browser, server.url, "/events/arena")
            door_size, door_requests = first_page(browser, server.url, "/door")
            results = [shop(browser, server, seats, slowdown) for slowdown in (1, 4)]
            browser.close()
    finally:
        server.remove()
    print("| What | Goal | Here | CPU 4x slower |")
    print("| --- | --- | --- | --- |")
    row("First page, all of it, over the wire", "≤ 100 KB", f"{size / 1000:.1f} KB, {requests} requests", "–")
    row("An event's page, all of it", "–", f"{event_size / 1000:.1f} KB, {event_requests} requests", "–")
    row("The door's page, all of it", "–", f"{door_size / 1000:.1f} KB, {door_requests} requests", "–")
    milliseconds = lambda value: f"{value:.1f} ms"
    row("Map drawn after its data, 10,884 seats", "≤ 300 ms", *[milliseconds(r["first"]) for r in results])
    row("Script a frame while panning, median", "≤ 4 ms", *[milliseconds(statistics.median(r["frames"])) for r in results])
    row("… 95th percentile", "≤ 4 ms", *[milliseconds(percentile(r["frames"], 0.95)) for r in results])
    row("… frames seen", "–", *[str(len(r["frames"])) for r in results])
    row("A delta of 500 seats, median of 8", "≤ 8 ms", *[milliseconds(statistics.median(r["deltas"])) for r in results])
    row("… the slowest", "≤ 8 ms", *[milliseconds(max(r["deltas"])) for r in results])
    row("Changes a second in the 10 s of sales", "20", *[f"{r['messages']:.0f}" for r in results])
    row("Longest task meanwhile", "≤ 50 ms", *[milliseconds(max(r["tasks"])) if r["tasks"] else "none over 50 ms" for r in results])
    row("Errors in the console", "0", *[str(r["errors"]) for r in results])


if __name__ == "__main__":
    main()
