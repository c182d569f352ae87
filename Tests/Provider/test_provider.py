"""A sale with a provider that misbehaves by a seed, and kills of the server; then the provider turns honest.

Within ninety seconds every captured won must belong to a confirmed order or be refunded, and nothing may stay reserved.
Of some orders the organizer takes tickets back: exactly their price must have gone back.
Each seed runs in its own process: `test_provider.py SEED` runs one and reports what it found.

ONSALE_PROVIDER_SEEDS (10) seeds from ONSALE_PROVIDER_FIRST_SEED (1) on, ONSALE_PROVIDER_AT_ONCE (4) at a time.
"""

import concurrent.futures
import os
import pathlib
import random
import subprocess
import sys
import threading
import time
import unittest

from false_provider import FalseProvider
from program import FINAL, NoAnswer, Program, follow

SEEDS = int(os.environ.get("ONSALE_PROVIDER_SEEDS", "10"))
FIRST_SEED = int(os.environ.get("ONSALE_PROVIDER_FIRST_SEED", "1"))
AT_ONCE = int(os.environ.get("ONSALE_PROVIDER_AT_ONCE", "4"))

EVENT = "rush"
PRICES = {"Floor": 50_000, "Balcony": 33_000, "Box": 198_000, "Steps": 9_900}
SALE_SECONDS = 6
SETTLE_SECONDS = 90
# The limit for one seed as a whole: starts, the sale, settling, verifying.
SEED_SECONDS = 240


class Purchase:
    """One buyer's order: what they want, and what they were told."""

    def __init__(self, number, dice):
        self.number = number
        self.at = dice.uniform(0, SALE_SECONDS)
        self.pays = dice.choices(
            ["visa", "declined", "authentication", "processing", "processing_fails", "capture_fails"],
            [60, 8, 14, 8, 3, 7])[0]
        self.area = dice.choice(list(PRICES))
        self.quantity = dice.randint(1, 4)
        self.holder = dice.choice(["agree", "agree", "refuse", "ignore"]) if self.pays == "authentication" else None
        self.price = PRICES[self.area]
        self.turns = self.draw_turns(dice)
        self.thinks_seconds = dice.uniform(0.2, 1.5)
        self.key = f"key-{number}"
        self.card = None
        self.order = None
        self.tickets = set()
        self.returned = set()
        self.is_refused = False
        self.is_over = False
        self.error = None

    def draw_turns(self, dice):
        """What happens to the order once it is confirmed, and how soon after what came before."""
        turns = []
        if dice.random() < 0.5:
            for _ in range(dice.randint(1, 2)):
                turns.append((dice.uniform(0, 1.5), "take back", dice.randint(1, 2)))
                if dice.random() < 0.3:
                    turns.append((dice.uniform(0, 1), "refund", dice.randint(1, 2 * self.price)))
                if dice.random() < 0.05:
                    turns.append((dice.uniform(0, 1), "dispute", None))
        if dice.random() < 0.3:
            turns.append((dice.uniform(0, 1.5), "cancel", None))
        return turns

    @property
    def is_ignored(self):
        return self.holder == "ignore"


class Rehearsal:
    """One seed, from an empty folder to the verdict."""

    def __init__(self, seed):
        dice = random.Random(f"{seed}/sale")
        self.seed = seed
        self.provider = FalseProvider(seed, is_hostile=True)
        self.program = Program(self.provider)
        self.purchases = [Purchase(number, dice) for number in range(dice.randint(30, 40))]
        for purchase in self.purchases:
            purchase.card = self.provider.card(purchase.pays, name=f"pm_false_{purchase.pays}_{purchase.number}")
        self.kills = sorted(dice.uniform(1, SALE_SECONDS + 1) for _ in range(dice.randint(1, 3)))
        self.began = 0
        self.is_over = threading.Event()

    def run(self):
        """Returns what is wrong; empty if all is well."""
        try:
            self.program.start()
            self.program.create_event(EVENT, PRICES, capacity=200)
            self.began = time.monotonic()
            buyers = [threading.Thread(target=self.buy, args=(purchase,), daemon=True) for purchase in self.purchases]
            for buyer in buyers:
                buyer.start()
            for at in self.kills:
                time.sleep(max(0, self.began + at - time.monotonic()))
                if not self.program.is_running():
                    return self.ended_by_itself()
                self.program.kill()
                self.program.start()
            time.sleep(max(0, self.began + SALE_SECONDS + 1.5 - time.monotonic()))
            self.provider.become_honest()
            return self.settle(time.monotonic()) or self.end()
        finally:
            self.is_over.set()
            self.program.__exit__()
            self.provider.stop()

    # A buyer

    def buy(self, purchase):
        try:
            self.place(purchase)
            self.attend(purchase)
        except Exception as error:
            purchase.error = purchase.error or f"{type(error).__name__}: {error}"
        purchase.is_over = True

    def place(self, purchase):
        time.sleep(max(0, self.began + purchase.at - time.monotonic()))
        name = f"fan{self.seed}-{purchase.number}"
        _, pass_ = self.program.buyer(name, EVENT)
        hold = self.program.hold(EVENT, pass_, purchase.area, purchase.quantity, purchase.key + "-hold")
        purchase.order = self.program.place(EVENT, pass_, hold, purchase.card.name, purchase.key)["order"]

    def attend(self, purchase):
        """Answers the bank as the holder would; what is planned for a confirmed order follows."""
        while not self.is_over.is_set():
            time.sleep(0.5)
            try:
                shown = self.program.order(EVENT, purchase.order)
                if shown.get("state") == "requires_action" and not purchase.is_ignored:
                    time.sleep(purchase.thinks_seconds)
                    follow(shown["action"], purchase.holder or "agree")
                elif shown.get("state") == "confirmed":
                    # A disputed order shows none.
                    purchase.tickets = {ticket["ticket"] for ticket in shown["tickets"]}
                    break
                elif shown.get("state") in FINAL:
                    return
            except (NoAnswer, AssertionError):
                continue
        self.follow_turns(purchase)

    def follow_turns(self, purchase):
        for number, (seconds, turn, what) in enumerate(purchase.turns):
            time.sleep(seconds)
            key = f"{purchase.key}-{number}"
            if turn == "take back":
                self.take_back(purchase, sorted(purchase.tickets - purchase.returned)[:what], key)
            elif turn == "cancel":
                self.program.cancel(EVENT, purchase.order, key)
            for intent in self.provider.intents(purchase.order):
                if turn == "refund":
                    self.provider.refund_by_itself(intent, what)
                elif turn == "dispute":
                    self.provider.dispute(intent)

    def take_back(self, purchase, tickets, key):
        """Sends it twice under one key, as whoever was not answered does, and beside it as another client: one effect."""
        if not tickets:
            return
        keys = [key, key, key + "-other"]
        with concurrent.futures.ThreadPoolExecutor(len(keys)) as pool:
            answers = list(pool.map(
                lambda key: self.program.take_back(EVENT, purchase.order, tickets, key), keys))
        statuses = [answer.status for answer in answers]
        if statuses in ([202, 202, 409], [409, 409, 202]):
            purchase.returned |= set(tickets)
        elif statuses == [409, 409, 409]:
            purchase.is_refused = True
        else:
            purchase.error = f"{len(tickets)} tickets taken back: {', '.join(map(str, answers))}"

    # The verdict

    def settle(self, honest_since):
        """Waits until all is well and stays so; returns what is wrong once time is up."""
        wrong = ["not judged yet"]
        well_since = None
        while time.monotonic() < honest_since + SETTLE_SECONDS or (well_since and not wrong):
            time.sleep(1)
            if not self.program.is_running():
                return self.ended_by_itself()
            try:
                wrong = self.judge()
            except (NoAnswer, AssertionError, KeyError) as error:
                wrong = [f"the server does not answer: {error}"]
            if wrong or not self.provider.is_quiet():
                well_since = None
            elif well_since is None:
                well_since = time.monotonic()
            # What the provider began while hostile may still arrive.
            elif time.monotonic() > well_since + 3:
                self.settled_seconds = time.monotonic() - honest_since - 3
                return []
        return wrong or [f"webhooks are not accepted: {self.provider.undelivered()}"]

    def ended_by_itself(self):
        return [f"the server ended by itself\n{self.program.errors()}"]

    def judge(self):
        orders = self.program.orders(EVENT)
        accounts = self.provider.accounts()
        void = self.program.void_tickets(EVENT)
        by_order = {purchase.order: purchase for purchase in self.purchases if purchase.order}
        wrong = []
        for order in set(orders) | set(accounts):
            shown = orders.get(order)
            if shown and shown["state"] == "confirmed":
                shown = self.program.order(EVENT, order)
            wrong += [f"{complaint}\n{self.program.explain(EVENT, order)}"
                      for complaint in self.complaints(shown, accounts.get(order, []), by_order.get(order), void)]
        for purchase in self.purchases:
            if purchase.order and purchase.order not in orders:
                wrong.append(f"order {purchase.order} was promised and no longer exists")
            if purchase.error:
                wrong.append(f"purchase {purchase.number} went wrong: {purchase.error}")
            elif not purchase.is_over and not (purchase.order and purchase.is_ignored):
                wrong.append(f"purchase {purchase.number} is still under way")
        report = self.program.report(EVENT)
        if report["free"] + report["held"] + report["sold"] + report["blocked"] != report["capacity"]:
            wrong.append(f"the places do not add up: {report}")
        if not wrong:
            wrong += self.sums(report, orders, accounts, by_order)
        if not wrong and not report["orders"].get("confirmed"):
            wrong.append(f"nothing was sold: {report}")
        return wrong

    def complaints(self, shown, accounts, purchase, void):
        """What is wrong with one order."""
        if shown is None:
            if any(account.captured != account.refunded or account.reserved for account in accounts):
                yield "money for an order the server does not know"
            return
        state = shown["state"]
        is_waiting = state == "requires_action" and purchase is not None and purchase.is_ignored
        is_disputed = any(account.disputed for account in accounts)
        if not is_disputed and (state in ("authorizing", "refunding") or state == "requires_action" and not is_waiting):
            yield f"it is stuck in {state}"
        if not is_waiting and any(account.reserved for account in accounts):
            yield "money is still reserved"
        if purchase is not None and purchase.tickets:
            yield from self.complaints_of_tickets(shown, purchase, void, is_disputed)
        kept = [account for account in accounts if account.captured > account.refunded and not account.disputed]
        if state != "confirmed":
            if kept:
                yield f"{state}, but money is kept"
        elif not is_disputed:
            if purchase is not None and purchase.is_refused:
                yield "confirmed, but its tickets could not be taken back"
            if not kept and purchase is not None and purchase.returned:
                # All of the money may be back, though not all tickets: the provider gave back the price of the others.
                kept = [account for account in accounts if account.refunded_by_provider]
            if len(kept) != 1:
                yield f"confirmed, but {len(kept)} intents have money"
                return
            yield from self.complaints_of_money(shown, kept[0], purchase)

    def complaints_of_tickets(self, shown, purchase, void, is_disputed):
        # The bank has the money of what is disputed back, so nobody may enter with its tickets.
        is_whole = is_disputed or shown["state"] != "confirmed"
        gone = purchase.tickets if is_whole else purchase.returned
        if purchase.tickets & void != gone:
            yield f"{len(purchase.tickets & void)} of its tickets are void, not {len(gone)}"
        if {ticket["ticket"] for ticket in shown.get("tickets", [])} != purchase.tickets - gone:
            yield f"it shows other tickets than the {len(purchase.tickets - gone)} that it has"

    def complaints_of_money(self, shown, account, purchase):
        if (account.captured, account.currency) != (shown["amount"], shown["currency"].lower()):
            yield f"confirmed, but {account.captured} {account.currency} captured"
        if account.refunded != shown.get("refundedAmount", 0):
            yield f"{account.refunded} went back, but the order says {shown.get('refundedAmount')}"
        if shown.get("refundingAmount"):
            yield f"{shown['refundingAmount']} should still go back"
        # What the provider gives back by itself counts for what is due then, but not for what is taken back later.
        returned = len(purchase.returned) * purchase.price if purchase else 0
        by_itself = account.refunded_by_provider
        if not max(returned, by_itself) <= account.refunded <= min(account.captured, returned + by_itself):
            yield f"{account.refunded} went back, for {returned} taken back and {by_itself} refunded by the provider"

    def sums(self, report, orders, accounts, by_order):
        # Once a payment is disputed, the provider gives nothing more of it back, and the server may stop asking for it.
        kept = sum(
            account.captured - (orders[order].get("refundedAmount", 0) if account.disputed else account.refunded)
            for order, some in accounts.items() for account in some)
        if report["gross"] - report["refunded"] != kept:
            yield f"the report says {report['gross']} - {report['refunded']}, but the provider keeps {kept}"
        sold = sum(line["quantity"] for order in orders.values() if order["state"] == "confirmed"
                   for line in order["lines"])
        sold -= sum(len(purchase.returned) for order, purchase in by_order.items()
                    if orders[order]["state"] == "confirmed")
        if report["sold"] != sold:
            yield f"{report['sold']} places are sold, but confirmed orders have {sold}"

    def end(self):
        """Stops the server and verifies its folder."""
        wrong = []
        forged = [(delivery.type, delivery.answers, delivery.signature) for delivery in self.provider.deliveries
                  if delivery.is_forged and any(200 <= status < 300 or status == 500 for status in delivery.answers)]
        if forged:
            wrong.append(f"forged webhooks were accepted: {forged}")
        if self.provider.problems:
            wrong.append(f"a key was used for two different requests: {self.provider.problems}")
        if (status := self.program.stop()) != 0:
            wrong.append(f"asked to stop, it ended with {status}\n{self.program.errors()}")
        status, said = self.program.verify()
        if status != 0 or "Every rule holds." not in said:
            wrong.append(f"verify ended with {status}: {said}")
        return wrong


def run_seed(seed):
    """Each in its own process, so that seeds don't wait for one another."""
    done = subprocess.run(
        [sys.executable, str(pathlib.Path(__file__).resolve()), str(seed)], capture_output=True, text=True,
        timeout=SEED_SECONDS)
    return done.returncode, done.stdout + done.stderr


_chosen = []
_futures = {}


def load_tests(loader, tests, pattern):
    def flat(suite):
        for test in suite:
            yield from flat(test) if isinstance(test, unittest.TestSuite) else [test]

    _chosen.extend(sorted(flat(tests), key=lambda test: test.seed))
    return unittest.TestSuite(_chosen)


def setUpModule():
    pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    for test in _chosen:
        _futures[test.seed] = pool.submit(run_seed, test.seed)


class FalseProviderTests(unittest.TestCase):
    @property
    def seed(self):
        return int(self._testMethodName.rsplit("_", 1)[1])

    def expect_every_won_accounted_for(self):
        future = _futures.get(self.seed)
        status, said = future.result() if future else run_seed(self.seed)
        self.assertEqual(status, 0, f"seed {self.seed} (again: test_provider.py {self.seed})\n{said}")


for _seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
    setattr(FalseProviderTests, f"test_every_won_has_its_order_or_is_back_seed_{_seed}",
            FalseProviderTests.expect_every_won_accounted_for)


def main(seed):
    rehearsal = Rehearsal(seed)
    wrong = rehearsal.run()
    misdeeds = sum(len(call.done) for call in rehearsal.provider.calls)
    print(f"seed {seed}: {len(rehearsal.purchases)} orders, {len(rehearsal.kills)} kills, "
          f"{len(rehearsal.provider.calls)} calls, {misdeeds} misdeeds, "
          f"{len(rehearsal.provider.deliveries)} webhooks, "
          f"{sum(len(purchase.returned) for purchase in rehearsal.purchases)} tickets taken back")
    if not wrong:
        print(f"all settled {rehearsal.settled_seconds:.0f} s after the provider turned honest")
    for number, complaint in enumerate(wrong, 1):
        print(f"\n{number} of {len(wrong)}, seed {seed}: {complaint}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].isdigit():
        sys.exit(main(int(sys.argv[1])))
    unittest.main()
