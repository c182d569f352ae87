package import OnsaleEngine
package import Synchronization

/// An in-memory payment provider that can fail in every way a network can.
package final class FakeGateway: PaymentGateway {
    package struct Account: Sendable {
        package var intent: String
        package var order: PaymentOrder
        package var status: PaymentStatus
        package var refunds: [Refund] = []
        package var isDisputed = false
    }

    package struct State: Sendable {
        /// One per intent, in order of creation.
        package var accounts: [Account] = []
        /// Intents by the key that made them.
        package var keys: [String: String] = [:]
        package var authorizeCalls = 0
        package var captureCalls = 0
        package var calls: [String] = []
        /// Faults to come, one per call; nil means none.
        package var faults: [Fault?] = []
        package var refusesCapture = false
        package var isDown = false
        package var refusesKey = false
        /// So many reads of a payment are answered as if it did not exist.
        package var forgets = 0
        /// The URL where the payer must confirm the next authorization; nil if no confirmation is needed.
        package var action: String?
        /// The amount a capture takes; nil for the whole amount.
        package var capturesOnly: Int64?
        /// The initial status of refunds.
        package var refundStatus = Refund.Status.succeeded

        package subscript(intent: String) -> Account? {
            get { accounts.first { $0.intent == intent } }
            set {
                guard let index = accounts.firstIndex(where: { $0.intent == intent }) else { return }
                if let newValue { accounts[index] = newValue } else { accounts.remove(at: index) }
            }
        }
    }

    package enum Fault: Sendable {
        /// The call has no effect and gets no answer.
        case lostRequest
        /// The call takes effect but gets no answer.
        case lostAnswer
        /// The call has no effect, and the provider answers that it failed.
        case failure
        /// The call takes effect, but the provider answers that it failed.
        case lateFailure
    }

    package let state = Mutex(State())

    package init() {}

    private func answer<Value>(_ call: String, _ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            state.calls.append(call)
            if state.isDown { throw PaymentGatewayError.unanswered("down") }
            if state.refusesKey { throw PaymentGatewayError.unauthorized }
            let fault = state.faults.isEmpty ? nil : state.faults.removeFirst()
            if fault == .lostRequest { throw PaymentGatewayError.unanswered("lost request") }
            if fault == .failure { throw PaymentGatewayError.failed(status: 500, intent: nil) }
            let value = try body(&state)
            if fault == .lostAnswer { throw PaymentGatewayError.unanswered("lost answer") }
            if fault == .lateFailure { throw PaymentGatewayError.failed(status: 500, intent: nil) }
            return value
        }
    }

    private func payment(_ account: Account) -> Payment {
        Payment(
            intent: account.intent, status: account.status, amount: account.order.amount,
            currency: account.order.currency, reference: account.order.reference,
            chargeRefunded: account.refunds.filter { $0.status != .failed }.reduce(0) { $0 + $1.amount },
            isDisputed: account.isDisputed)
    }

    package func authorize(_ order: PaymentOrder, attempt: Int) async throws -> Payment {
        try answer("authorize \(attempt)") { state in
            state.authorizeCalls += 1
            let key = "\(order.reference) \(attempt)"
            if let known = state.keys[key], let account = state[known] { return payment(account) }
            if order.paymentMethod == "declined" {
                return payment(Account(intent: "", order: order, status: .declined(code: "card_declined")))
            }
            let intent = "pi_\(order.reference)" + (attempt == 0 ? "" : "_\(attempt)")
            let account = Account(
                intent: intent, order: order, status: state.action.map { .requiresAction(url: $0) } ?? .authorized)
            state.accounts.append(account)
            state.keys[key] = intent
            return payment(account)
        }
    }

    private func change(
        _ call: String, _ intent: String, _ body: (inout Account, State) -> Void
    ) throws -> Payment {
        try answer(call) { state in
            guard var account = state[intent] else { throw PaymentGatewayError.unknownPayment }
            body(&account, state)
            state[intent] = account
            return payment(account)
        }
    }

    package func capture(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment {
        state.withLock { $0.captureCalls += 1 }
        if state.withLock({ $0.refusesCapture }) {
            return payment(Account(intent: intent, order: order, status: .declined(code: "refused")))
        }
        return try change("capture \(attempt)", intent) { account, state in
            guard account.status == .authorized else { return }
            account.status = .captured(amount: state.capturesOnly ?? account.order.amount)
        }
    }

    package func void(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment {
        try change("void \(attempt)", intent) { account, _ in
            if case .captured = account.status { return }
            account.status = .canceled
        }
    }

    package func refund(_ intent: String, amount: Int64, for order: PaymentOrder, key: String) async throws -> Refund {
        try answer("refund \(key)") { state in
            guard var account = state[intent], case .captured(let captured) = account.status else {
                throw PaymentGatewayError.unknownPayment
            }
            if let known = account.refunds.first(where: { $0.id == key }) { return known }
            let left = captured - account.refunds.filter { $0.status != .failed }.reduce(0) { $0 + $1.amount }
            guard amount <= left else { throw PaymentGatewayError.rejected(status: 400, "more than is left") }
            let refund = Refund(id: key, amount: amount, status: state.refundStatus)
            account.refunds.append(refund)
            state[intent] = account
            return refund
        }
    }

    package func payment(_ intent: String, currency: String) async throws -> Payment {
        let isForgotten = state.withLock { state in
            guard state.forgets > 0 else { return false }
            state.forgets -= 1
            return true
        }
        if isForgotten { throw PaymentGatewayError.unknownPayment }
        return try change("get", intent) { _, _ in }
    }

    package func payments(for order: PaymentOrder, placedAt: Int64, isRecent: Bool) async throws -> [Payment] {
        try answer("find") { state in
            state.accounts.filter { $0.order.reference == order.reference }.map(payment)
        }
    }

    package func refunds(of intent: String, currency: String) async throws -> [Refund] {
        try answer("refunds") { $0[intent]?.refunds ?? [] }
    }

    package func isDisputed(_ intent: String) async throws -> Bool {
        try answer("disputes") { $0[intent]?.isDisputed ?? false }
    }

    package func reference(of intent: String) async throws -> String? {
        try answer("reference") { $0[intent]?.order.reference }
    }

    /// Uses up none of the faults, which are meant for orders.
    package func probe() async throws {
        try state.withLock { state in
            state.calls.append("probe")
            if state.isDown { throw PaymentGatewayError.unanswered("down") }
            if state.refusesKey { throw PaymentGatewayError.unauthorized }
        }
    }
}
