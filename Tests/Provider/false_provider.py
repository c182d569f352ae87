"""A payment provider that keeps Stripe's published PaymentIntents protocol and, while it is hostile, misbehaves.

It lives in the test's own process on a loopback socket, so it outlives the server under test and can say afterwards
whose money it holds. Its mischief is either scripted (a `Card` carries the deeds that its calls meet) or drawn from a
seed. `become_honest` ends all mischief for good; what has begun stays as it is.

The protocol: <https://docs.stripe.com/api/payment_intents>, <https://docs.stripe.com/api/refunds>,
<https://docs.stripe.com/api/idempotent_requests>, <https://docs.stripe.com/webhooks>.
"""

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import queue
import random
import re
import socket
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

API_VERSION = "2025-03-31.basil"
FOREVER = 1 << 30

# Never left out, because without these no answer means anything.
OPTIONAL_FIELDS = (
    "amount_capturable", "capture_method", "payment_method", "created", "client_secret", "cancellation_reason",
    "canceled_at", "livemode", "next_action", "last_payment_error", "payment_method_types", "latest_charge",
)
RESERVED = ("requires_capture", "requires_action", "processing", "requires_confirmation")


@dataclass(frozen=True)
class Deed:
    """One thing done wrong to one call.

    Before the effect: first (`act` is done to the intent), close_before, delay_before, conflict, rate_limit,
    lock_timeout, unavailable, saved_500_before, missing. With it: forget_key, lose, alter (the intent itself is wrong
    from then on), capture_short, capture_refused, capture_expired, refund_short, refund_pending,
    refund_pending_fails, refund_fails, refund_fails_later. After it: close_after, delay_after, saved_500_after, torn, huge, wrong_types,
    truncated, not_json, lie, without, cut.
    """

    kind: str
    seconds: float = 0
    amount: int = 0
    fields: tuple = ()
    change: tuple = ()
    act: object = None

    def __str__(self):
        told = [self.kind]
        if self.seconds:
            told.append(f"{self.seconds:.1f}s")
        if self.amount:
            told.append(str(self.amount))
        told += [str(part) for part in (self.fields, self.change) if part]
        return " ".join(told)


@dataclass
class Card:
    """A payment method: how it pays, and the deeds that calls about it meet, by operation.

    `pays` is one of visa, declined, authentication, processing, processing_fails, capture_fails.
    """

    name: str
    pays: str = "visa"
    script: dict = field(default_factory=dict)
    without: tuple = ()
    webhooks: bool = True
    search_lag_seconds: float = 0
    processing_seconds: float = 3
    is_hostile: bool = False
    calls: dict = field(default_factory=dict)
    has_lied: bool = False

    def next_deeds(self, operation):
        """Takes this call's deeds from the script: a list of deeds, or of (deed, times)."""
        steps = self.script.get(operation)
        if not steps:
            return []
        step = steps[0]
        deed, times = step if isinstance(step, tuple) else (step, 1)
        if times > 1:
            steps[0] = (deed, times - 1)
        else:
            steps.pop(0)
        return list(deed) if isinstance(deed, list) else [deed]


@dataclass
class Refund:
    id: str
    amount: int
    status: str
    metadata: dict
    created: int
    by_provider: bool = False
    failure_reason: str = ""


@dataclass
class Intent:
    id: str
    number: int
    amount: int
    currency: str
    card: Card
    metadata: dict
    created: int
    searchable_at: float
    return_url: str = ""
    status: str = "requires_confirmation"
    amount_received: int = 0
    charge: str = ""
    refunds: list = field(default_factory=list)
    disputes: list = field(default_factory=list)
    error: dict = None
    canceled_at: int = None
    is_lost: bool = False

    @property
    def order(self):
        return self.metadata.get("order", "")

    @property
    def refunded(self):
        return sum(refund.amount for refund in self.refunds if refund.status == "succeeded")

    @property
    def refund_pending(self):
        return sum(refund.amount for refund in self.refunds if refund.status == "pending")

    @property
    def left(self):
        """What may still be refunded. Pending refunds count as done, as at Stripe."""
        return self.amount_received - self.refunded - self.refund_pending


@dataclass
class Account:
    """What the provider holds for one intent."""

    intent: str
    status: str
    amount: int
    currency: str
    captured: int
    refunded: int
    refund_pending: int
    reserved: bool
    disputed: bool
    refunded_by_provider: int


@dataclass
class Call:
    """One request and its outcome."""

    at: float
    method: str
    path: str
    key: str
    headers: dict
    parameters: dict
    operation: str = ""
    intent: str = ""
    order: str = ""
    card: str = ""
    done: list = field(default_factory=list)
    answered: str = ""

    def __str__(self):
        return (f"{self.at:8.2f}  {self.method} {self.path}  key={self.key or '-'}  "
                f"done: {', '.join(self.done) or 'nothing'}  answered: {self.answered or 'nothing'}")


@dataclass
class Delivery:
    """A webhook on its way to the server."""

    type: str
    order: str
    body: bytes
    signature: str = None  # None: signed when it is sent
    is_forged: bool = False
    tries: int = 0
    answers: list = field(default_factory=list)


class Problem(Exception):
    """An error object of the protocol. Refused parameters are not saved under the key, as at Stripe."""

    def __init__(self, status, type, message, code=None, is_saved=True, **more):
        super().__init__(message)
        self.status = status
        error = {"type": type, "message": message}
        if code:
            error["code"] = code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        error.update({name: value for name, value in more.items() if value is not None})
        self.body = {"error": error}
        self.is_saved = is_saved


class FalseProvider:
    """The provider. Everything public may be called from any thread."""

    def __init__(self, seed=0, secret_key="sk_test_false", webhook_secret="whsec_false", is_hostile=False):
        self.seed = seed
        self.secret_key = secret_key
        self.webhook_secret = webhook_secret
        self.webhook_url = ""
        self.is_hostile = is_hostile
        self.keys_forgotten = 0
        self.calls = []
        self.deliveries = []
        self.problems = []  # keys that were used with other parameters: a client's mistake
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._cards = {}
        self._intents = {}
        self._keys = {}
        self._began = time.monotonic()
        self._honest = threading.Event()
        self._stopped = threading.Event()
        self._back = threading.Event()
        self._back.set()
        self._outage = ""
        self._connections = set()
        self._agenda = []
        self._agenda_changed = threading.Condition(self._lock)
        self._outbox = queue.Queue()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._listener.listen(1024)
        for name, pays in (
            ("pm_card_visa", "visa"), ("pm_card_chargeDeclined", "declined"),
            ("pm_card_authenticationRequired", "authentication"), ("pm_false_processing", "processing"),
            ("pm_false_captureFails", "capture_fails"),
        ):
            self._cards[name] = Card(name, pays, is_hostile=is_hostile)
        self._start(self._accept, self._listener)
        self._start(self._keep_agenda)
        for _ in range(4):
            self._start(self._deliver)
        if is_hostile:
            self._plan_outages()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def now(self):
        """Seconds since it opened, as in its log."""
        return time.monotonic() - self._began

    # Setting up a test

    def card(self, pays="visa", **more):
        """A payment method of the test's own, so that its deeds meet only its own order."""
        with self._lock:
            name = more.pop("name", None) or f"pm_false_{pays}_{next(self._numbers)}"
            card = Card(name, pays, is_hostile=self.is_hostile, **more)
            self._cards[name] = card
            return card

    def become_honest(self):
        """Ends all mischief for good. Pending refunds settle within two seconds, and processing intents finish."""
        with self._lock:
            self._honest.set()
            self.is_hostile = False
            for card in self._cards.values():
                card.is_hostile = False
                card.script.clear()
                card.without = ()
            now = time.monotonic()
            self._agenda = [
                (min(at, now + (0.3 + number % 17 / 10 if kind == "settle" else 0.2)), number, kind, deed)
                for at, number, kind, deed in self._agenda if kind != "mischief"
            ]
            heapq.heapify(self._agenda)
            self._agenda_changed.notify_all()
        self.come_back()

    def stop(self):
        self._stopped.set()
        self._honest.set()
        self._back.set()
        with self._lock:
            self._agenda_changed.notify_all()
        _shut(self._listener)
        self._drop_connections()
        for _ in range(4):
            self._outbox.put(None)

    def go_away(self, kind="refuse"):
        """Begins an outage: connections are refused, or (`silence`) accepted and never answered."""
        with self._lock:
            if self._outage or self._stopped.is_set():
                return
            self._outage = kind
            self._back.clear()
            if kind == "refuse":
                _shut(self._listener)
                # Bound but not listening: connections are refused, and nobody else takes the port meanwhile.
                self._listener = socket.socket()
                self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                while True:
                    try:
                        self._listener.bind(("127.0.0.1", self.port))
                        break
                    except OSError:
                        time.sleep(0.02)
        if kind == "refuse":
            self._drop_connections()

    def come_back(self):
        with self._lock:
            if not self._outage:
                return
            kind, self._outage = self._outage, ""
            if kind == "refuse":
                self._listener.listen(1024)
                self._start(self._accept, self._listener)
            self._back.set()

    # What it reports

    def accounts(self):
        """All intents by order reference, with what was captured, refunded and is still reserved."""
        with self._lock:
            found = {}
            for intent in self._intents.values():
                found.setdefault(intent.order, []).append(Account(
                    intent.id, "lost" if intent.is_lost else intent.status, intent.amount, intent.currency,
                    intent.amount_received, intent.refunded, intent.refund_pending,
                    intent.status in RESERVED and not intent.is_lost, bool(intent.disputes),
                    sum(refund.amount for refund in intent.refunds
                        if refund.by_provider and refund.status == "succeeded")))
            return found

    def intents(self, order):
        with self._lock:
            return [intent for intent in self._intents.values() if intent.order == order]

    def intents_of(self, card):
        with self._lock:
            return [intent for intent in self._intents.values() if intent.card is card]

    def log(self, order):
        """The calls about an order."""
        with self._lock:
            cards = {call.card for call in self.calls if call.order == order and call.operation == "create"}
            ids = {intent.id for intent in self._intents.values()
                   if intent.order == order or intent.card.name in cards and intent.card.name.startswith("pm_false_")}
            return [call for call in self.calls if call.order == order or call.intent in ids]

    def told(self, order):
        """The webhooks about an order, for a failure's message."""
        with self._lock:
            return [
                f"webhook {delivery.type}{' (forged)' if delivery.is_forged else ''}: {delivery.answers}"
                for delivery in self.deliveries if delivery.order == order
            ]

    def is_quiet(self):
        """Whether nothing is under way: no webhook undelivered, no refund or payment undecided."""
        with self._lock:
            return (not any(kind in ("settle", "webhook") for _, _, kind, _ in self._agenda)
                    and self._outbox.empty()
                    and not any(intent.refund_pending for intent in self._intents.values()))

    def undelivered(self):
        with self._lock:
            return [f"{delivery.type} for {delivery.order}: {delivery.answers[-5:]}" for delivery in self.deliveries
                    if not delivery.is_forged and not any(200 <= status < 300 for status in delivery.answers)]

    # What it does unprompted

    def capture_by_itself(self, intent, amount=None):
        with self._lock:
            if intent.status == "requires_capture":
                self._capture(intent, amount or intent.amount)
                self._note(intent, f"captured {intent.amount_received} of its own accord")

    def cancel_by_itself(self, intent):
        with self._lock:
            if intent.status in RESERVED:
                self._cancel(intent)
                self._note(intent, "canceled of its own accord")

    def lose(self, intent):
        """Forgets the intent; the reservation goes with it."""
        with self._lock:
            intent.is_lost = True
            self._note(intent, "lost")

    def refund_by_itself(self, intent, amount=None, outcome="succeeded", seconds=0.5, webhooks=True):
        with self._lock:
            if intent.status != "succeeded" or intent.left <= 0 or intent.disputes:
                return None
            amount = min(amount or intent.left, intent.left)
            refund = self._refund(intent, amount, {}, outcome, seconds, by_provider=True, webhooks=webhooks)
            self._note(intent, f"refunded {amount} of its own accord ({outcome})")
            return refund

    def dispute(self, intent, webhooks=True):
        with self._lock:
            if intent.status != "succeeded" or intent.disputes or intent.left <= 0:
                return
            dispute = {
                "id": f"du_false{next(self._numbers)}", "object": "dispute", "amount": intent.left,
                "charge": intent.charge, "created": int(time.time()), "currency": intent.currency,
                "is_charge_refundable": False, "livemode": False, "metadata": {}, "payment_intent": intent.id,
                "reason": "fraudulent", "status": "needs_response",
            }
            intent.disputes.append(dispute)
            self._note(intent, "disputed by the card's holder")
            if webhooks:
                self._tell("charge.dispute.created", dict(dispute), intent)

    def decide(self, intent, is_agreed):
        """What the card's holder tells the bank."""
        with self._lock:
            if intent.status != "requires_action" or intent.is_lost:
                return False
            if is_agreed:
                self._note(intent, "agreed to by the holder")
                self._authorize(intent)
            else:
                self._note(intent, "refused by the holder")
                self._decline(intent, "payment_intent_authentication_failure",
                              "The provided PaymentMethod has failed authentication.")
            return True

    def send_webhook(self, type, object, signature=None, order="", secret=None, seconds=None, is_forged=True):
        """Sends one now and returns the status of the server's answer."""
        delivery = Delivery(type, order, self._event(type, object), signature, is_forged)
        if signature is None and (secret or seconds is not None):
            delivery.signature = self._sign(delivery.body, secret or self.webhook_secret, seconds)
        self.deliveries.append(delivery)
        return self._post(delivery)

    # The HTTP server

    def _start(self, body, *arguments):
        threading.Thread(target=body, args=arguments, daemon=True).start()

    def _accept(self, listener):
        while not self._stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                if self._outage == "refuse" or self._stopped.is_set():
                    connection.close()
                    continue
                self._connections.add(connection)
            self._start(self._serve, connection)

    def _drop_connections(self):
        with self._lock:
            connections = list(self._connections)
            self._connections.clear()
        for connection in connections:
            _shut(connection)

    def _serve(self, connection):
        reader = connection.makefile("rb")
        try:
            while not self._stopped.is_set():
                line = reader.readline(8192)
                if not line.strip():
                    return
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = {}
                while (line := reader.readline(8192)) not in (b"\r\n", b"\n", b""):
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.strip().lower()] = value.strip()
                body = _body(reader, headers)
                if self._outage:
                    self._back.wait()
                    return
                if not self._exchange(connection, method, target, headers, body):
                    return
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)
            _shut(connection)

    def _exchange(self, connection, method, target, headers, body):
        """One request. Returns whether the connection stays open."""
        url = urllib.parse.urlsplit(target)
        if url.path.startswith("/authenticate/"):
            return self._ask_holder(connection, method, url.path, body)
        parameters = urllib.parse.parse_qsl(body.decode() if method == "POST" else url.query, keep_blank_values=True)
        call = Call(self.now(), method, url.path, headers.get("idempotency-key", ""), headers, dict(parameters))
        if method == "GET" and url.query:
            call.path += "?" + urllib.parse.unquote(url.query)
        with self._lock:
            self.calls.append(call)
        if headers.get("authorization") != f"Bearer {self.secret_key}":
            problem = Problem(401, "invalid_request_error", "Invalid API Key provided: sk_****", is_saved=False)
            call.answered = "401"
            return self._send(connection, 401, problem.body, {})
        try:
            act, intent, card = self._route(call, method, url.path, parameters)
        except Problem as problem:
            call.answered = f"{problem.status} {problem.body['error'].get('code', '')}"
            return self._send(connection, problem.status, problem.body, {})
        deeds = self._deeds(call, card)
        call.done += [str(deed) for deed in deeds]
        by_kind = {deed.kind: deed for deed in deeds}
        if early := self._before(call, by_kind):
            if early == "close":
                call.answered = "connection closed"
                return False
            status, answer, more = early
            call.answered = f"{status} {answer['error'].get('code', '')}"
            return self._send(connection, status, answer, more)
        status, answer, more = self._keyed(call, parameters, by_kind, act)
        if intent := self._intents.get(call.intent):
            call.order = intent.order
        return self._after(connection, call, by_kind, status, answer, more)

    def _send(self, connection, status, answer, more, mangled=None):
        body = json.dumps(answer).encode() if mangled is None else mangled
        connection.sendall(_head(status, len(body), more) + body)
        return True

    def _ask_holder(self, connection, method, path, body):
        intent = self._intents.get(path.rsplit("/", 1)[1])
        if method == "GET" or intent is None:
            page = {"intent": intent.id if intent else None, "outcome": "agree or refuse"}
            return self._send(connection, 200 if intent else 404, page, {})
        try:
            outcome = json.loads(body)["outcome"]
        except (ValueError, KeyError, TypeError):
            outcome = dict(urllib.parse.parse_qsl(body.decode("latin-1"))).get("outcome")
        is_taken = self.decide(intent, outcome == "agree")
        return self._send(connection, 200 if is_taken else 409, {"status": intent.status}, {})

    # Deeds

    def _deeds(self, call, card):
        if card is None:
            return []
        with self._lock:
            call.card = card.name
            deeds = card.next_deeds(call.operation)
            if card.is_hostile and not self._honest.is_set():
                number = card.calls[call.operation] = card.calls.get(call.operation, 0) + 1
                if deed := _drawn(random.Random(f"{self.seed}/{card.name}/{call.operation}/{number}"), call, card):
                    deeds.append(deed)
            if card.without:
                deeds.append(Deed("without", fields=card.without))
            return deeds

    def _before(self, call, deeds):
        if "first" in deeds:
            deeds["first"].act(self._intents[call.intent])
        if "close_before" in deeds:
            return "close"
        if "delay_before" in deeds:
            self._honest.wait(deeds["delay_before"].seconds)
        if "conflict" in deeds:
            return _refusal(409, "idempotency_error", "idempotency_key_in_use",
                            "There is currently another in-progress request using this Idempotent Key.")
        if "rate_limit" in deeds:
            seconds = int(deeds["rate_limit"].seconds)
            return _refusal(429, "invalid_request_error", "rate_limit", "Too many requests.",
                            {"Retry-After": str(seconds)} if seconds else {})
        if "lock_timeout" in deeds:
            return _refusal(429, "invalid_request_error", "lock_timeout", "This object cannot be accessed right now.")
        if "unavailable" in deeds:
            return _refusal(503, "api_error", None, "The service is briefly unavailable.")
        if "missing" in deeds:
            return _refusal(404, "invalid_request_error", "resource_missing", "No such payment_intent.")
        return None

    def _keyed(self, call, parameters, deeds, act):
        """Performs each key's request once, and repeats its answer, even a 500."""
        if call.method != "POST":
            if "delay_after" in deeds:
                self._honest.wait(deeds["delay_after"].seconds)
            return self._attempt(call, deeds, act)[:3]
        fingerprint = (call.path, tuple(sorted(parameters)))
        with self._lock:
            saved = self._keys.get(call.key) if call.key else None
            if saved is not None:
                if saved["fingerprint"] != fingerprint:
                    self.problems.append(f"{call.key}: {saved['fingerprint']} and then {fingerprint}")
                    return _refusal(400, "idempotency_error", None,
                                    "Keys for idempotent requests can only be used with the same parameters.")
                if saved["answer"] is None:
                    return _refusal(409, "idempotency_error", "idempotency_key_in_use",
                                    "There is currently another in-progress request using this Idempotent Key.")
                call.done.append("replayed")
                call.intent = call.intent or saved["intent"]
                status, answer, more = saved["answer"]
                return status, json.loads(json.dumps(answer)), {**more, "Idempotent-Replayed": "true"}
            entry = {"fingerprint": fingerprint, "answer": None, "intent": ""}
            if call.key:
                self._keys[call.key] = entry
        outage = (500, {"error": {"type": "api_error", "message": "An unexpected error occurred."}}, {})
        if "saved_500_before" in deeds:
            result = (*outage, True)
        else:
            result = self._attempt(call, deeds, act)
            if "saved_500_after" in deeds:
                result = (*outage, True)
            if "delay_after" in deeds:
                self._honest.wait(deeds["delay_after"].seconds)
        with self._lock:
            if result[3] and "forget_key" not in deeds:
                entry["answer"] = result[:3]
                entry["intent"] = call.intent
            else:
                self._keys.pop(call.key, None)
                if "forget_key" in deeds:
                    self.keys_forgotten += 1
            if "alter" in deeds and call.intent in self._intents:
                for name, value in deeds["alter"].change:
                    setattr(self._intents[call.intent], name, value)
                result = (200, self._shown(self._intents[call.intent], parameters), {}, True)
            if "lose" in deeds and call.intent in self._intents:
                self.lose(self._intents[call.intent])
        # Later changes of the object must not reach the saved answer.
        return result[0], json.loads(json.dumps(result[1])), result[2]

    def _attempt(self, call, deeds, act):
        with self._lock:
            try:
                status, answer = act(deeds)
                return status, json.loads(json.dumps(answer)), {}, True
            except Problem as problem:
                return problem.status, json.loads(json.dumps(problem.body)), {}, problem.is_saved

    def _after(self, connection, call, deeds, status, answer, more):
        call.answered = f"{status} {(answer.get('error') or {}).get('code') or answer.get('status') or ''}".strip()
        if "close_after" in deeds or "forget_key" in deeds:
            call.answered = "connection closed"
            return False
        if status < 300:
            for deed in deeds.values():
                if deed.kind == "lie":
                    answer.update({name: value for name, value in deed.change})
                if deed.kind == "without":
                    _leave_out(answer, deed.fields)
                if deed.kind == "wrong_types":
                    answer = _with_wrong_types(answer)
        body = json.dumps(answer).encode()
        if "truncated" in deeds:
            return self._send(connection, status, None, more, body[:len(body) // 2])
        if "not_json" in deeds:
            return self._send(connection, status, None, {**more, "Content-Type": "text/html"}, b"<html>Bad gateway")
        if "torn" in deeds:
            connection.sendall(_head(status, len(body), more) + body[:len(body) // 2])
            return False
        if "huge" in deeds:
            padded = body[:-1] + b', "description": "'
            connection.sendall(_head(status, len(padded) + (50 << 20) + 2, more) + padded)
            for _ in range(800):
                connection.sendall(b"x" * (1 << 16))
            connection.sendall(b'"}')
            return False
        self._send(connection, status, None, more, body)
        # `cut` closes a connection that was promised to stay open.
        return "cut" not in deeds

    # The protocol

    def _route(self, call, method, path, parameters):
        """The call's effect, its subject, and the card whose deeds it meets."""
        parts = path.strip("/").split("/")
        named = dict(parameters)
        if parts[:1] != ["v1"] or len(parts) < 2 or method not in ("GET", "POST"):
            raise _unknown_url(method, path)
        kind, rest = parts[1], parts[2:]
        if kind == "payment_intents" and method == "POST":
            if not rest:
                call.operation = "create"
                call.order = named.get("metadata[order]", "")
                card = self._cards.get(named.get("payment_method", ""))
                return lambda deeds: self._do_create(call, named, parameters), None, card
            intent = self._about(call, rest[0])
            if rest[1:] == ["capture"]:
                call.operation = "capture"
                return lambda deeds: self._do_capture(intent, named, deeds, parameters), intent, intent.card
            if rest[1:] == ["cancel"]:
                call.operation = "cancel"
                return lambda deeds: self._do_cancel(intent, parameters), intent, intent.card
            raise _unknown_url(method, path)
        if kind == "payment_intents" and rest == ["search"]:
            call.operation = "search"
            found = re.search(r"metadata\[['\"]order['\"]\]:['\"]([^'\"]*)['\"]", named.get("query", ""))
            if not found:
                raise Problem(400, "invalid_request_error", "We were unable to parse your search query.")
            call.order = found.group(1)
            known = self.intents(call.order)
            return (lambda deeds: self._search(call.order, named, parameters), None,
                    known[0].card if known else None)
        if kind == "payment_intents" and not rest:
            call.operation = "list"
            return lambda deeds: self._list(named, parameters), None, self._listing_card(named)
        if kind == "payment_intents" and len(rest) == 1:
            intent = self._about(call, rest[0])
            call.operation = "retrieve"
            return lambda deeds: (200, self._shown(intent, parameters)), intent, intent.card
        if kind == "refunds" and method == "POST" and not rest:
            intent = self._about(call, named.get("payment_intent", ""), status=400)
            call.operation = "refund"
            return lambda deeds: self._do_refund(intent, named, parameters, deeds), intent, intent.card
        if kind == "refunds" and method == "GET" and not rest:
            intent = self._about(call, named.get("payment_intent", ""), status=400)
            call.operation = "refunds"
            return lambda deeds: self._refunds(intent, named), intent, intent.card
        if kind == "refunds" and method == "GET" and len(rest) == 1:
            call.operation = "retrieve_refund"
            for intent in list(self._intents.values()):
                for refund in intent.refunds:
                    if refund.id == rest[0]:
                        call.intent = intent.id
                        return lambda deeds: (200, _shown_refund(refund, intent)), intent, intent.card
            raise _missing("refund", rest[0])
        if kind == "disputes" and method == "GET" and not rest:
            intent = self._about(call, named.get("payment_intent", ""), status=400)
            call.operation = "disputes"
            return lambda deeds: (200, _page("/v1/disputes", list(intent.disputes))), intent, intent.card
        if kind == "charges" and method == "GET" and len(rest) == 1:
            call.operation = "retrieve_charge"
            for intent in list(self._intents.values()):
                if intent.charge == rest[0] and not intent.is_lost:
                    call.intent = intent.id
                    return lambda deeds: (200, _shown_charge(intent)), intent, intent.card
            raise _missing("charge", rest[0])
        raise _unknown_url(method, path)

    def _about(self, call, id, status=404):
        intent = self._intents.get(id)
        call.intent = id
        if intent is None or intent.is_lost:
            raise _missing("payment_intent", id, status)
        call.order = intent.order
        return intent

    def _listing_card(self, named):
        """A list concerns no single order; in hostile times it has a card of its own."""
        return self._cards["pm_card_visa"] if self.is_hostile else None

    def _do_create(self, call, named, parameters):
        try:
            amount = int(named["amount"])
            currency = named["currency"]
        except (KeyError, ValueError):
            raise Problem(400, "invalid_request_error", "Missing required param: amount.", "parameter_missing",
                          is_saved=False, param="amount")
        if amount < 1:
            raise Problem(400, "invalid_request_error", "This value must be greater than or equal to 1.",
                          "parameter_invalid_integer", is_saved=False, param="amount")
        card = self._cards.get(named.get("payment_method", ""))
        if card is None:
            raise Problem(400, "invalid_request_error", "No such PaymentMethod.", "resource_missing",
                          param="payment_method")
        number = next(self._numbers)
        lag = card.search_lag_seconds
        if card.is_hostile:
            lag = random.Random(f"{self.seed}/{card.name}/lag/{number}").uniform(0, 5)
        metadata = {name[9:-1]: value for name, value in parameters if re.fullmatch(r"metadata\[\w+\]", name)}
        intent = Intent(
            f"pi_false{number:06d}", number, amount, currency, card, metadata, int(time.time()),
            time.monotonic() + lag, named.get("return_url", ""))
        self._intents[intent.id] = intent
        call.intent = intent.id
        if named.get("confirm") != "true":
            return 200, self._shown(intent, parameters)
        if card.pays == "declined":
            self._decline(intent, "card_declined", "Your card was declined.", "generic_decline")
            raise Problem(402, "card_error", "Your card was declined.", "card_declined",
                          decline_code="generic_decline", charge=intent.charge,
                          payment_intent=self._shown(intent, parameters))
        if card.pays == "authentication":
            intent.status = "requires_action"
            self._tell("payment_intent.requires_action", self._shown(intent), intent)
        elif card.pays.startswith("processing"):
            intent.status = "processing"
            self._tell("payment_intent.processing", self._shown(intent), intent)
            self._later(card.processing_seconds, "settle", lambda: self._finish_processing(intent))
        else:
            self._authorize(intent)
        return 200, self._shown(intent, parameters)

    def _finish_processing(self, intent):
        with self._lock:
            if intent.status != "processing":
                return
            if intent.card.pays == "processing_fails":
                self._note(intent, "processed: declined")
                self._decline(intent, "card_declined", "Your card was declined.", "do_not_honor")
            else:
                self._note(intent, "processed: authorized")
                self._authorize(intent)

    def _authorize(self, intent):
        intent.charge = f"ch_false{intent.number:06d}"
        intent.status = "requires_capture"
        self._tell("payment_intent.amount_capturable_updated", self._shown(intent), intent)
        if intent.card.is_hostile:
            dice = random.Random(f"{self.seed}/{intent.card.name}/accord/{intent.number}")
            if dice.random() < 0.08:
                self._later(dice.uniform(0.1, 1.5), "mischief", lambda: self.capture_by_itself(intent))

    def _decline(self, intent, code, message, decline_code=None):
        intent.charge = f"ch_false{intent.number:06d}"
        intent.status = "requires_payment_method"
        intent.error = {"type": "card_error", "code": code, "message": message}
        if decline_code:
            intent.error["decline_code"] = decline_code
        self._tell("payment_intent.payment_failed", self._shown(intent), intent)

    def _do_capture(self, intent, named, deeds, parameters):
        if intent.status != "requires_capture":
            raise self._unexpected(intent, "captured")
        if intent.card.pays == "capture_fails" or "capture_refused" in deeds:
            raise Problem(402, "card_error", "The issuer refuses this capture.", "card_declined",
                          decline_code="do_not_honor", charge=intent.charge, payment_intent=self._shown(intent))
        if "capture_expired" in deeds:
            self._cancel(intent)
            raise Problem(400, "invalid_request_error", "The authorization has expired.",
                          "charge_expired_for_capture", payment_intent=self._shown(intent))
        amount = int(named.get("amount_to_capture", intent.amount))
        if "capture_short" in deeds:
            amount = min(amount, deeds["capture_short"].amount or max(1, intent.amount // 10))
        self._capture(intent, amount)
        return 200, self._shown(intent, parameters)

    def _capture(self, intent, amount):
        intent.status = "succeeded"
        intent.amount_received = amount
        self._tell("payment_intent.succeeded", self._shown(intent), intent)
        if intent.card.is_hostile:
            dice = random.Random(f"{self.seed}/{intent.card.name}/gift/{intent.number}")
            seconds, lot = dice.uniform(0.3, 3), dice.random()
            if lot < 0.07:
                self._later(seconds, "mischief", lambda: self.refund_by_itself(intent))
            elif lot < 0.14:
                part = dice.randint(1, max(1, amount - 1))
                self._later(seconds, "mischief", lambda: self.refund_by_itself(intent, part))
            elif lot < 0.17:
                self._later(seconds, "mischief", lambda: self.refund_by_itself(intent, None, "failed"))
            elif lot < 0.20:
                self._later(seconds, "mischief", lambda: self.dispute(intent))

    def _do_cancel(self, intent, parameters):
        if intent.status not in RESERVED + ("requires_payment_method",):
            raise self._unexpected(intent, "canceled")
        self._cancel(intent)
        return 200, self._shown(intent, parameters)

    def _cancel(self, intent):
        intent.status = "canceled"
        intent.canceled_at = int(time.time())
        self._tell("payment_intent.canceled", self._shown(intent), intent)

    def _unexpected(self, intent, what):
        return Problem(
            400, "invalid_request_error",
            f"This PaymentIntent could not be {what} because it has a status of {intent.status}.",
            "payment_intent_unexpected_state", payment_intent=self._shown(intent))

    def _do_refund(self, intent, named, parameters, deeds):
        if intent.status != "succeeded":
            raise Problem(400, "invalid_request_error",
                          "This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
        if intent.disputes:
            raise Problem(400, "invalid_request_error", "The charge has been charged back.", "charge_disputed")
        if intent.left <= 0:
            raise Problem(400, "invalid_request_error", f"Charge {intent.charge} has already been refunded.",
                          "charge_already_refunded")
        try:
            amount = int(named.get("amount", intent.left))
        except ValueError:
            raise Problem(400, "invalid_request_error", "Invalid integer.", "parameter_invalid_integer",
                          is_saved=False, param="amount")
        if not 0 < amount <= intent.left:
            raise Problem(400, "invalid_request_error",
                          f"Refund amount ({amount}) is greater than unrefunded amount on charge ({intent.left}).",
                          param="amount")
        if "refund_short" in deeds:
            amount = deeds["refund_short"].amount or max(1, amount // 2)
        metadata = {name[9:-1]: value for name, value in parameters if re.fullmatch(r"metadata\[\w+\]", name)}
        outcome, seconds = "succeeded", 1.5
        for kind, result in (
            ("refund_pending", "pending"), ("refund_pending_fails", "failed"), ("refund_fails", "failed_at_once"),
            ("refund_fails_later", "fails_later"),
        ):
            if kind in deeds:
                outcome, seconds = result, deeds[kind].seconds or 1.5
        refund = self._refund(intent, amount, metadata, outcome, seconds)
        return 200, _shown_refund(refund, intent)

    def _refund(self, intent, amount, metadata, outcome, seconds, by_provider=False, webhooks=True):
        """`outcome`: succeeded, pending (succeeds later), failed (pending, then fails), failed_at_once, fails_later."""
        status = {"pending": "pending", "failed": "pending", "failed_at_once": "failed"}.get(outcome, "succeeded")
        refund = Refund(f"re_false{next(self._numbers):06d}", amount, status, metadata, int(time.time()), by_provider)
        intent.refunds.insert(0, refund)
        if webhooks:
            self._tell("charge.refunded", _shown_charge(intent), intent)
        if status == "failed":
            refund.failure_reason = "unknown"
            self._tell("refund.failed", _shown_refund(refund, intent), intent)
        elif outcome != "succeeded":
            end = "succeeded" if outcome == "pending" else "failed"
            self._later(seconds, "settle", lambda: self._settle_refund(intent, refund, end, webhooks))
        return refund

    def _settle_refund(self, intent, refund, end, webhooks):
        with self._lock:
            was, refund.status = refund.status, end
            self._note(intent, f"refund {refund.id} of {refund.amount} went from {was} to {end}")
            if end == "failed":
                refund.failure_reason = "lost_or_stolen_card"
            if webhooks:
                self._tell("refund.updated", _shown_refund(refund, intent), intent)
                if end == "failed":
                    self._tell("refund.failed", _shown_refund(refund, intent), intent)

    # Reading

    def _shown(self, intent, parameters=()):
        expanded = {value for name, value in parameters if name.startswith("expand")}
        charge = intent.charge or None
        if charge and expanded & {"latest_charge", "data.latest_charge"}:
            charge = _shown_charge(intent)
        shown = {
            "id": intent.id, "object": "payment_intent", "amount": intent.amount,
            "amount_capturable": intent.amount if intent.status == "requires_capture" else 0,
            "amount_received": intent.amount_received, "canceled_at": intent.canceled_at,
            "cancellation_reason": None, "capture_method": "manual",
            "client_secret": f"{intent.id}_secret_false", "confirmation_method": "automatic",
            "created": intent.created, "currency": intent.currency, "customer": None, "description": None,
            "last_payment_error": intent.error, "latest_charge": charge, "livemode": False,
            "metadata": dict(intent.metadata), "next_action": None, "payment_method": intent.card.name,
            "payment_method_types": ["card"], "receipt_email": None, "setup_future_usage": None, "shipping": None,
            "status": intent.status,
        }
        if intent.status == "requires_payment_method":
            shown["payment_method"] = None
        if intent.status == "requires_action":
            # Without a return_url Stripe leaves the confirmation to its own script in the page.
            shown["next_action"] = {
                "type": "redirect_to_url",
                "redirect_to_url": {"return_url": intent.return_url, "url": f"{self.url}/authenticate/{intent.id}"},
            } if intent.return_url else {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        return shown

    def _search(self, order, named, parameters):
        now = time.monotonic()
        found = [self._shown(intent, parameters) for intent in reversed(self.intents(order))
                 if intent.searchable_at <= now and not intent.is_lost]
        limit = int(named.get("limit", 10))
        return 200, {"object": "search_result", "url": "/v1/payment_intents/search", "has_more": len(found) > limit,
                     "next_page": None, "data": found[:limit]}

    def _list(self, named, parameters):
        found = [intent for intent in reversed(self._intents.values()) if not intent.is_lost]
        for name, fits in (
            ("gte", lambda created, bound: created >= bound), ("gt", lambda created, bound: created > bound),
            ("lte", lambda created, bound: created <= bound), ("lt", lambda created, bound: created < bound),
        ):
            if f"created[{name}]" in named:
                bound = int(named[f"created[{name}]"])
                found = [intent for intent in found if fits(intent.created, bound)]
        if "starting_after" in named:
            after = self._intents.get(named["starting_after"])
            if after is None:
                raise _missing("payment_intent", named["starting_after"], 400)
            found = [intent for intent in found if intent.number < after.number]
        limit = int(named.get("limit", 10))
        if not 1 <= limit <= 100:
            raise Problem(400, "invalid_request_error", "Invalid limit.", param="limit")
        page = [self._shown(intent, parameters) for intent in found[:limit]]
        return 200, _page("/v1/payment_intents", page, len(found) > limit)

    def _refunds(self, intent, named):
        refunds = intent.refunds
        if "starting_after" in named:
            ids = [refund.id for refund in refunds]
            if named["starting_after"] not in ids:
                raise _missing("refund", named["starting_after"], 400)
            refunds = refunds[ids.index(named["starting_after"]) + 1:]
        limit = int(named.get("limit", 10))
        page = [_shown_refund(refund, intent) for refund in refunds[:limit]]
        return 200, _page("/v1/refunds", page, len(refunds) > limit)

    # Later

    def _later(self, seconds, kind, deed):
        with self._lock:
            if self._honest.is_set() and kind != "settle":
                seconds = min(seconds, 0.2 if kind == "webhook" else seconds)
            heapq.heappush(self._agenda, (time.monotonic() + seconds, next(self._numbers), kind, deed))
            self._agenda_changed.notify_all()

    def _keep_agenda(self):
        while not self._stopped.is_set():
            with self._lock:
                now = time.monotonic()
                if not self._agenda or self._agenda[0][0] > now:
                    self._agenda_changed.wait(min(0.5, self._agenda[0][0] - now) if self._agenda else 0.5)
                    continue
                deed = heapq.heappop(self._agenda)[3]
            deed()

    def _plan_outages(self):
        dice = random.Random(f"{self.seed}/outages")
        at = dice.uniform(1, 3)
        for _ in range(dice.randint(1, 2)):
            lasts, kind = dice.uniform(0.5, 2.5), dice.choice(["refuse", "silence"])
            self._later(at, "mischief", lambda kind=kind: self.go_away(kind))
            # Not mischief: whatever went away comes back in any case.
            self._later(at + lasts, "return", self.come_back)
            at += lasts + dice.uniform(0.5, 2)

    def _note(self, intent, what):
        self.calls.append(Call(self.now(), "-", what, "", {}, {}, "accord", intent.id, intent.order, intent.card.name))

    # Webhooks

    def _tell(self, type, object, intent):
        if not intent.card.webhooks:
            return
        body = self._event(type, object)
        dice = random.Random(f"{self.seed}/{intent.card.name}/{type}/{intent.number}")
        if not intent.card.is_hostile:
            self._deliver_later(0.01, Delivery(type, intent.order, body))
            return
        for _ in range(dice.choice([1, 1, 2, 3])):
            self._deliver_later(dice.choice([0, dice.uniform(0, 4)]), Delivery(type, intent.order, body))
        if dice.random() < 0.15:
            now = int(time.time())
            seconds = dice.choice(["-9223372036854775808", "99999999999999999999", str(now), str(now - 86400), "", "x"])
            signature = f"t={seconds},v1={dice.getrandbits(256):064x}"
            self._deliver_later(dice.uniform(0, 4), Delivery(type, intent.order, body, signature, is_forged=True))

    def _event(self, type, object):
        return json.dumps({
            "id": f"evt_false{next(self._numbers):06d}", "object": "event", "api_version": API_VERSION,
            "created": int(time.time()), "data": {"object": object}, "livemode": False, "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None}, "type": type,
        }).encode()

    def _deliver_later(self, seconds, delivery):
        if not delivery.tries:
            self.deliveries.append(delivery)
        self._later(seconds, "webhook", lambda: self._outbox.put(delivery))

    def _deliver(self):
        while (delivery := self._outbox.get()) is not None:
            if self._stopped.is_set():
                return
            delivery.tries += 1
            status = self._post(delivery)
            if not delivery.is_forged and not 200 <= status < 300 and delivery.tries < 60:
                self._deliver_later(min(3, 0.25 * 2 ** min(delivery.tries, 4)), delivery)

    def _post(self, delivery):
        """Returns the status of the server's answer, or 0 if there was none."""
        url = urllib.parse.urlsplit(self.webhook_url)
        if not url.hostname:
            return 0
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
        try:
            signature = delivery.signature
            if signature is None:
                signature = self._sign(delivery.body, self.webhook_secret, None)
            connection.request("POST", url.path, delivery.body, {
                "Content-Type": "application/json", "Stripe-Signature": signature, "Connection": "close"})
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            status = 0
        finally:
            connection.close()
        delivery.answers.append(status)
        return status

    @staticmethod
    def _sign(body, secret, seconds):
        seconds = str(int(time.time()) if seconds is None else seconds)
        code = hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
        return f"t={seconds},v1={code}"


# Shapes

def _shown_charge(intent):
    # An amount authorized but not captured counts as given back, as at Stripe ("automatically refunded").
    released = intent.amount - intent.amount_received if intent.status in ("succeeded", "canceled") else 0
    refunded = released + intent.refunded + intent.refund_pending
    return {
        "id": intent.charge, "object": "charge", "amount": intent.amount, "amount_captured": intent.amount_received,
        "amount_refunded": refunded, "captured": intent.status == "succeeded", "created": intent.created,
        "currency": intent.currency, "customer": None, "disputed": bool(intent.disputes), "failure_code": None,
        "failure_message": None, "livemode": False, "metadata": dict(intent.metadata),
        "paid": intent.status in ("succeeded", "requires_capture"), "payment_intent": intent.id,
        "payment_method": intent.card.name, "refunded": refunded == intent.amount,
        "status": "failed" if intent.status == "requires_payment_method" else "succeeded",
    }


def _shown_refund(refund, intent):
    shown = {
        "id": refund.id, "object": "refund", "amount": refund.amount, "balance_transaction": None,
        "charge": intent.charge, "created": refund.created, "currency": intent.currency,
        "metadata": dict(refund.metadata), "payment_intent": intent.id, "reason": None, "receipt_number": None,
        "source_transfer_reversal": None, "status": refund.status, "transfer_reversal": None,
    }
    if refund.failure_reason:
        shown["failure_reason"] = refund.failure_reason
    return shown


def _page(url, data, has_more=False):
    return {"object": "list", "url": url, "has_more": has_more, "data": data}


def _missing(what, id, status=404):
    return Problem(status, "invalid_request_error", f"No such {what}: '{id}'", "resource_missing", is_saved=False,
                   param="intent" if what == "payment_intent" else "id")


def _unknown_url(method, path):
    return Problem(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).", is_saved=False)


def _refusal(status, type, code, message, more=None):
    return status, Problem(status, type, message, code).body, more or {}


def _leave_out(answer, fields):
    listed = answer.get("data")
    for shown in listed if isinstance(listed, list) else [answer]:
        for name in fields:
            # An expanded charge was requested; everything else may be missing.
            if not isinstance(shown.get(name), dict):
                shown.pop(name, None)


def _with_wrong_types(answer):
    wrong = dict(answer)
    for name, value in answer.items():
        if name in ("amount", "amount_received", "has_more"):
            wrong[name] = str(value)
        elif name in ("status", "id"):
            wrong[name] = 17
        elif name == "metadata":
            wrong[name] = ["order"]
        elif name == "data":
            wrong[name] = {"0": value}
    return wrong


def _drawn(dice, call, card):
    """What a seed does to a call: mostly nothing."""
    is_post = call.method == "POST"
    deeds = [
        (6, Deed("close_before")), (7, Deed("close_after")), (3, Deed("delay_before", dice.uniform(0, 8))),
        (4, Deed("delay_after", dice.uniform(0, 8))), (4, Deed("rate_limit", dice.randint(1, 3))),
        (2, Deed("lock_timeout")), (4, Deed("unavailable")), (3, Deed("torn")), (1, Deed("huge")),
        (3, Deed("wrong_types")), (3, Deed("truncated")), (1, Deed("not_json")), (5, Deed("cut")),
        (6, Deed("without", fields=tuple(dice.sample(OPTIONAL_FIELDS, 4)))),
    ]
    if is_post:
        deeds += [(4, Deed("conflict")), (5, Deed("saved_500_before")), (5, Deed("saved_500_after"))]
    if call.operation == "create":
        deeds.append((4, Deed("forget_key")))
    if call.operation in ("retrieve", "capture", "cancel"):
        deeds.append((3, Deed("missing")))
    if call.operation == "capture":
        deeds.append((5, Deed("capture_short")))
        deeds.append((2, Deed("capture_refused")))
    if call.operation == "refund":
        deeds += [(12, Deed("refund_pending", dice.uniform(1, 4))), (4, Deed("refund_fails")),
                  (4, Deed("refund_short")), (4, Deed("forget_key")),
                  (6, Deed("refund_pending_fails", dice.uniform(1, 4))),
                  (6, Deed("refund_fails_later", dice.uniform(1, 4)))]
    # Only a POST's answer lies, and only once: whoever asks again learns the truth. Nobody can defend against a
    # provider that tells the same lie every time.
    if call.operation in ("create", "capture") and not card.has_lied:
        lie = dice.choice([
            (("amount", 1), ("amount_received", 1)), (("currency", "xts"),),
            (("metadata", {"order": "ord_somebody"}),)])
        deeds.append((4, Deed("lie", change=lie)))
    if dice.random() > 0.55:
        return None
    deed = dice.choices([deed for _, deed in deeds], [weight for weight, _ in deeds])[0]
    if deed.kind == "lie":
        card.has_lied = True
    return deed


# The wire

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 404: "Not Found",
           409: "Conflict", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


def _head(status, length, more):
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
    headers = {"Content-Type": "application/json", "Request-Id": "req_false", "Stripe-Version": API_VERSION, **more}
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + f"\r\nContent-Length: {length}\r\n\r\n").encode()


def _body(reader, headers):
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while size := int(reader.readline(64).split(b";")[0], 16):
            body += reader.read(size)
            reader.readline(8)
        reader.readline(8)
        return body
    return reader.read(int(headers.get("content-length", 0)))


def _shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
