import OnsaleEngine
import OnsaleValues
import Synchronization

/// A provider in memory that can be told to fail in every way a network can.
final class FakeGateway: PaymentGateway {
    struct Account: Sendable {
        var intent: String
        var amount: Int64
        var status: PaymentStatus
    }

    struct State: Sendable {
        var accounts: [String: Account] = [:]
        var authorizeCalls = 0
        var captureCalls = 0
        /// Faults to come, taken one a call; nil is none.
        var faults: [Fault?] = []
        var refusesCapture = false
        var declines = false
        var isDown = false
    }

    enum Fault: Sendable {
        /// The call does nothing and gives no answer.
        case lostRequest
        /// The call does its work and gives no answer.
        case lostAnswer
    }

    let state = Mutex(State())

    private func answer<Value>(_ body: (inout State) -> Value) throws -> Value {
        try state.withLock { state in
            if state.isDown { throw PaymentGatewayError.unanswered("down") }
            let fault = state.faults.isEmpty ? nil : state.faults.removeFirst()
            if fault == .lostRequest { throw PaymentGatewayError.unanswered("lost request") }
            let value = body(&state)
            if fault == .lostAnswer { throw PaymentGatewayError.unanswered("lost answer") }
            return value
        }
    }

    func authorize(_ order: PaymentOrder) async throws -> Payment {
        try answer { state in
            state.authorizeCalls += 1
            if let known = state.accounts[order.reference] {
                return Payment(intent: known.intent, status: known.status)
            }
            if state.declines || order.paymentMethod == "declined" {
                return Payment(intent: "", status: .declined(code: "card_declined"))
            }
            let account = Account(intent: "pi_" + order.reference, amount: order.amount, status: .authorized)
            state.accounts[order.reference] = account
            return Payment(intent: account.intent, status: account.status)
        }
    }

    private func change(_ intent: String, _ body: (inout Account, State) -> Void) throws -> Payment {
        let payment: Payment? = try answer { state in
            guard let key = state.accounts.first(where: { $0.value.intent == intent })?.key,
                var account = state.accounts[key]
            else { return nil }
            body(&account, state)
            state.accounts[key] = account
            return Payment(intent: intent, status: account.status)
        }
        guard let payment else { throw PaymentGatewayError.unknownPayment }
        return payment
    }

    func capture(_ intent: String, for order: PaymentOrder) async throws -> Payment {
        state.withLock { $0.captureCalls += 1 }
        if state.withLock({ $0.refusesCapture }) {
            return Payment(intent: intent, status: .declined(code: "refused"))
        }
        return try change(intent) { account, _ in
            if account.status == .authorized { account.status = .captured(amount: account.amount, refunded: 0) }
        }
    }

    func void(_ intent: String, for order: PaymentOrder) async throws -> Payment {
        try change(intent) { account, _ in
            if account.status == .authorized { account.status = .canceled }
        }
    }

    func refund(_ intent: String, amount: Int64, for order: PaymentOrder) async throws -> Int64 {
        let payment = try change(intent) { account, _ in
            if case .captured(let captured, _) = account.status {
                account.status = .captured(amount: captured, refunded: amount)
            }
        }
        if case .captured(_, let refunded) = payment.status { return refunded }
        return 0
    }

    func payment(_ intent: String) async throws -> Payment { try change(intent) { _, _ in } }

    func payments(for reference: String) async throws -> [Payment] {
        try answer { state in
            state.accounts[reference].map { [Payment(intent: $0.intent, status: $0.status)] } ?? []
        }
    }
}
