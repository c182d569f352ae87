import OnsaleSale
import OnsaleValues

/// How often, and since when, the provider has not known a payment that it had answered about.
struct Unknown: Sendable {
    private static let seconds: Int64 = 15
    private static let timesMin = 3

    private var since: Timestamp?
    private(set) var times = 0

    /// - Returns: whether that was often enough, for long enough, to be believed.
    mutating func note(at now: Timestamp) -> Bool {
        let since = since ?? now
        self.since = since
        times += 1
        return times >= Unknown.timesMin && now.milliseconds - since.milliseconds >= Unknown.seconds * 1000
    }
}

/// What is known of an order's calls to the provider in this process. Soft: after a crash the first call of each kind is
/// made again under the same key, whose answer then tells what became of the last.
struct PaymentCourse: Sendable {
    /// Tries without an answer, in a row.
    var tries = 0
    /// Which key is used next for each kind of call.
    var authorizeAttempt = 0
    var captureAttempt = 0
    var voidAttempt = 0
    var refundAttempt = 0
    /// The last authorization failed in a way that leaves open whether there is an intent.
    var mustLookFirst = false
    /// A capture was asked for already.
    var hasAskedForCapture = false
    /// How often the provider has said that it does not know the intent: when asked for it, and when asked to capture it.
    var unknown = Unknown()
    var unknownToCapture = Unknown()
    /// A call was repeated, so there may be two intents.
    var isDoubtful = false
    /// The process before this one may have made the call already.
    var isResumed = false

    init(isResumed: Bool = false) {
        self.isResumed = isResumed
        mustLookFirst = isResumed
        hasAskedForCapture = isResumed
        isDoubtful = isResumed
    }
}

/// One step of an order's payment: asks the provider, and says what its answer means for the order. An empty result
/// means that the provider has not decided yet.
struct PaymentSteps: Sendable {
    /// The provider keeps idempotency keys for a day; an attempt older than this is looked up, never sent again.
    private static let keySeconds: Int64 = 23 * 3600
    /// An order that has ended without a known intent is looked for so long: a call may still be under way, and the
    /// provider's search lags.
    private static let searchSeconds: Int64 = 120

    /// So long after an order was placed none of its calls is under way any more, and the provider's search knows them all.
    private static let recentSeconds = SaleTerms.authorizationSeconds + 600

    let gateway: any PaymentGateway
    let clock: any WallClock
    /// Whether an intent is another order's of ours.
    let isOthers: @Sendable (_ payment: Payment) async -> Bool
    /// Told what somebody must look at.
    let alarm: @Sendable (_ task: PaymentTask, _ reason: String) -> Void

    func results(_ task: PaymentTask, _ course: inout PaymentCourse) async throws -> [PaymentResult] {
        switch task.kind {
        case .authorize: try await authorize(task, &course)
        case .capture: try await capture(task, &course)
        case .void: try await void(task, &course)
        case .refund: try await refund(task, &course)
        case .returnStray(let intent): try await returnStray(intent, task, &course)
        }
    }

    private func isOld(_ task: PaymentTask) -> Bool {
        clock.now().milliseconds - task.placedAt.milliseconds > PaymentSteps.keySeconds * 1000
    }

    private func payments(of order: PaymentOrder, placedAt: Timestamp) async throws -> [Payment] {
        let isRecent = placedAt.adding(seconds: PaymentSteps.recentSeconds) > clock.now()
        return try await gateway.payments(for: order, placedAt: placedAt.milliseconds, isRecent: isRecent)
    }

    // MARK: Authorizing

    private func authorize(_ task: PaymentTask, _ course: inout PaymentCourse) async throws -> [PaymentResult] {
        if let intent = task.intent {
            guard let payment = try await known(intent, task, &course) else {
                return [.voided]
            }
            return await meaning(of: payment, for: task)
        }
        // The provider may have forgotten the key; the order expires at once and is looked up.
        guard !isOld(task) else { return [] }
        if course.mustLookFirst {
            let found = try await find(task)
            course.mustLookFirst = false
            if !found.isEmpty { return found }
            // A call of the process before may yet arrive: the same key makes it the same payment.
            if !course.isResumed { course.authorizeAttempt += 1 }
            course.isResumed = false
            course.isDoubtful = true
        }
        do {
            let payment = try await gateway.authorize(task.payment, attempt: course.authorizeAttempt)
            return await meaning(of: payment, for: task)
        } catch PaymentGatewayError.failed(_, let intent?) {
            return [.pending(intent: intent)]
        } catch PaymentGatewayError.failed(let status, nil) {
            course.mustLookFirst = true
            throw PaymentGatewayError.failed(status: status, intent: nil)
        } catch PaymentGatewayError.keyConflict {
            course.mustLookFirst = true
            throw PaymentGatewayError.keyConflict
        } catch PaymentGatewayError.unanswered(let reason) {
            course.isDoubtful = true
            throw PaymentGatewayError.unanswered(reason)
        }
    }

    /// What a payment means for an order that waits for it.
    private func meaning(of payment: Payment, for task: PaymentTask) async -> [PaymentResult] {
        guard payment.fits(task.payment) else { return [await mismatch(payment, task)] }
        switch payment.status {
        case .authorized: return [.authorized(intent: payment.intent)]
        case .captured(let amount):
            // What was taken is asked for once more before it is given back: the answer itself may be wrong.
            guard amount == task.payment.amount else { return [await mismatch(payment, task)] }
            return [.captured(intent: payment.intent, amount: amount)]
        case .requiresAction(let url): return [.actionRequired(intent: payment.intent, url: url)]
        case .pending: return [.pending(intent: payment.intent)]
        case .declined(let code): return [.declined(code: code)]
        case .canceled: return [.voided]
        }
    }

    private func mismatch(_ payment: Payment, _ task: PaymentTask) async -> PaymentResult {
        alarm(
            task,
            "the provider says \(payment.amount) \(payment.currency) for \(payment.reference ?? "no order"); that is not "
                + "confirmed, and goes back")
        // What belongs to another order must not be undone.
        return .mismatched(intent: await isOthers(payment) ? nil : payment.intent)
    }

    /// Looks the order's payments up: what the first that counts means, and the others as second payments.
    private func find(_ task: PaymentTask) async throws -> [PaymentResult] {
        var found = try await payments(of: task.payment, placedAt: task.placedAt)
            .filter { $0.reference == nil || $0.reference == task.payment.reference }
        guard !found.isEmpty else { return [] }
        let main = found.firstIndex { $0.isCaptured } ?? found.firstIndex { $0.isLive } ?? found.count - 1
        let results = await meaning(of: found.remove(at: main), for: task)
        return results + found.compactMap { stray($0, of: task) }
    }

    private func stray(_ payment: Payment, of task: PaymentTask? = nil) -> PaymentResult? {
        if case .captured(let amount) = payment.status {
            guard (0...SaleTerms.amountMax).contains(amount) else {
                if let task { alarm(task, "a second payment, \(payment.intent), has an amount that can't be") }
                return nil
            }
            return .stray(intent: payment.intent, captured: amount)
        }
        return payment.isLive ? .stray(intent: payment.intent, captured: 0) : nil
    }

    /// The payment of an intent; nil when the provider has said for long enough that it does not know it, and nothing else
    /// is there for the order.
    private func known(
        _ intent: String, _ task: PaymentTask, _ course: inout PaymentCourse
    ) async throws -> Payment? {
        do {
            let payment = try await gateway.payment(intent, currency: task.payment.currency)
            course.unknown = Unknown()
            return payment
        } catch PaymentGatewayError.unknownPayment {
            return try await lookForLost(task, &course)
        }
    }

    private func lookForLost(_ task: PaymentTask, _ course: inout PaymentCourse) async throws -> Payment? {
        let isLost = course.unknown.note(at: clock.now())
        let other = try await payments(of: task.payment, placedAt: task.placedAt)
            .first { $0.reference == task.payment.reference && ($0.isLive || $0.isCaptured) }
        if let other { return other }
        guard isLost else { throw PaymentGatewayError.unknownPayment }
        alarm(task, "the provider knows no payment of this order any more")
        return nil
    }

    // MARK: Capturing

    private func capture(_ task: PaymentTask, _ course: inout PaymentCourse) async throws -> [PaymentResult] {
        guard let intent = task.intent else { return [] }
        do {
            var payment: Payment?
            var intent = intent
            if course.hasAskedForCapture || isOld(task) {
                guard let known = try await known(intent, task, &course) else {
                    return [.captureRefused(code: "payment_missing")]
                }
                intent = known.intent
                if known.status != .authorized { payment = known }
            }
            if payment == nil {
                course.hasAskedForCapture = true
                payment = try await gateway.capture(intent, for: task.payment, attempt: course.captureAttempt)
            }
            guard let payment else { return [] }
            guard payment.fits(task.payment) else { return [await mismatch(payment, task)] }
            switch payment.status {
            case .captured(let amount):
                guard amount == task.payment.amount else { return [await mismatch(payment, task)] }
                return [.captured(intent: payment.intent, amount: amount)]
            case .declined(let code): return [.captureRefused(code: code)]
            case .canceled: return [.voided]
            case .authorized, .pending, .requiresAction: return []
            }
        } catch PaymentGatewayError.failed(let status, let intent) {
            course.captureAttempt += 1
            throw PaymentGatewayError.failed(status: status, intent: intent)
        } catch PaymentGatewayError.keyConflict {
            course.captureAttempt += 1
            throw PaymentGatewayError.keyConflict
        } catch PaymentGatewayError.unknownPayment where course.unknown.times == 0 {
            // It is there when asked for, and not when it is to be captured: what is reserved is let go.
            guard course.unknownToCapture.note(at: clock.now()) else { throw PaymentGatewayError.unknownPayment }
            alarm(task, "the provider does not know the payment that it is asked to capture")
            return [.captureRefused(code: "payment_missing")]
        }
    }

    // MARK: Releasing

    private func void(_ task: PaymentTask, _ course: inout PaymentCourse) async throws -> [PaymentResult] {
        guard let intent = task.intent else { return try await voidUnknown(task) }
        guard let payment = try await known(intent, task, &course) else { return [.voided] }
        switch try await released(payment, task, &course).status {
        case .captured(let amount):
            guard (0...SaleTerms.amountMax).contains(amount) else {
                alarm(task, "the provider says that an amount was taken that can't be")
                throw PaymentGatewayError.rejected(status: 0, "an amount that can't be")
            }
            return [.captured(intent: payment.intent, amount: amount)]
        case .canceled, .declined: return [.voided]
        case .authorized, .pending, .requiresAction: return []
        }
    }

    /// An order that has ended, and whose intent is not known: nothing is sent for it any more, what there is is found.
    private func voidUnknown(_ task: PaymentTask) async throws -> [PaymentResult] {
        let found = try await payments(of: task.payment, placedAt: task.placedAt)
            .filter { $0.reference == task.payment.reference }
        let live = found.filter { $0.isLive || $0.isCaptured }
        if let first = live.first {
            return [.pending(intent: first.intent)] + live.dropFirst().compactMap { stray($0, of: task) }
        }
        let isLookedForLongEnough =
            clock.now().milliseconds - (task.endedAt ?? task.placedAt).milliseconds > PaymentSteps.searchSeconds * 1000
        return isLookedForLongEnough || !found.isEmpty ? [.voided] : []
    }

    /// The payment after what can be released was.
    private func released(
        _ payment: Payment, _ task: PaymentTask, _ course: inout PaymentCourse
    ) async throws -> Payment {
        guard payment.isLive else { return payment }
        do {
            return try await gateway.void(payment.intent, for: task.payment, attempt: course.voidAttempt)
        } catch PaymentGatewayError.unknownPayment {
            alarm(task, "the provider knows the payment, and not when it is to be let go")
            throw PaymentGatewayError.rejected(status: 404, "no such payment")
        } catch PaymentGatewayError.failed(let status, let intent) {
            course.voidAttempt += 1
            throw PaymentGatewayError.failed(status: status, intent: intent)
        } catch PaymentGatewayError.keyConflict {
            course.voidAttempt += 1
            throw PaymentGatewayError.keyConflict
        }
    }

    // MARK: Giving back

    private func refund(_ task: PaymentTask, _ course: inout PaymentCourse) async throws -> [PaymentResult] {
        guard let intent = task.intent else { return [] }
        let total = try await givenBack(intent, captured: task.captured, task, &course)
        return total >= task.captured ? [.refunded(total: total)] : []
    }

    /// Asks for what is left to be given back, and says what has gone back. Only a refund that succeeded counts; one that
    /// is pending is waited for, and one that failed is asked for again.
    private func givenBack(
        _ intent: String, captured: Int64, _ task: PaymentTask, _ course: inout PaymentCourse
    ) async throws -> Int64 {
        guard (0...SaleTerms.amountMax).contains(captured) else {
            throw PaymentGatewayError.rejected(status: 0, "an amount that can't be")
        }
        let refunds = try await gateway.refunds(of: intent, currency: task.payment.currency)
        let succeeded = refunds.total(.succeeded)
        // Clamped: what a stranger says can be any size.
        let left = captured - min(captured, succeeded) - min(captured, refunds.total(.pending))
        guard left > 0 else { return succeeded }
        // The key names what is left and how many refunds there are, so a repeated try is the same and the next is not.
        let key = "\(task.payment.reference)-refund-\(intent)-\(refunds.count)-\(left)-\(course.refundAttempt)"
        do {
            let refund = try await gateway.refund(intent, amount: left, for: task.payment, key: key)
            if refund.status == .failed { course.refundAttempt += 1 }
            return (refunds + [refund]).total(.succeeded)
        } catch PaymentGatewayError.failed(let status, let intent) {
            course.refundAttempt += 1
            throw PaymentGatewayError.failed(status: status, intent: intent)
        } catch PaymentGatewayError.unknownPayment {
            alarm(task, "the provider does not know the payment of which \(left) is to be given back")
            throw PaymentGatewayError.rejected(status: 404, "no such payment")
        } catch PaymentGatewayError.rejected(let status, let reason) {
            course.refundAttempt += 1
            alarm(task, "the provider refuses to give \(left) back: \(reason)")
            throw PaymentGatewayError.rejected(status: status, reason)
        }
    }

    private func returnStray(
        _ intent: String, _ task: PaymentTask, _ course: inout PaymentCourse
    ) async throws -> [PaymentResult] {
        let payment: Payment
        do {
            payment = try await gateway.payment(intent, currency: task.payment.currency)
        } catch PaymentGatewayError.unknownPayment {
            guard course.unknown.note(at: clock.now()) else { throw PaymentGatewayError.unknownPayment }
            alarm(task, "the provider does not know \(intent) any more, a second payment of this order")
            return [.strayReturned(intent: intent)]
        }
        switch try await released(payment, task, &course).status {
        case .captured(let amount):
            let total = try await givenBack(intent, captured: amount, task, &course)
            return total >= amount ? [.strayReturned(intent: intent)] : []
        case .canceled, .declined: return [.strayReturned(intent: intent)]
        case .authorized, .pending, .requiresAction: return []
        }
    }

    // MARK: Looking after orders that have ended

    /// What the provider knows of an order of which nothing is under way: money that came late, second payments, refunds
    /// and disputes that nobody here asked for.
    /// - Parameter seeksStrays: whether second payments are looked for.
    func lookAfter(_ order: Order, as payment: PaymentOrder, seeksStrays: Bool) async throws -> [PaymentResult] {
        var results: [PaymentResult] = []
        if let intent = order.intent, !intent.isEmpty {
            do {
                let found = try await gateway.payment(intent, currency: payment.currency)
                results += try await differences(order, found)
            } catch PaymentGatewayError.unknownPayment {}
        }
        if seeksStrays || order.intent == nil {
            let others = try await othersKnown(payment, placedAt: order.placedAt)
            for other in others where other.intent != order.intent && other.reference == payment.reference {
                guard let stray = stray(other) else { continue }
                if case .captured(let amount) = other.status {
                    // One that was given back whole already is no news.
                    let back = try await gateway.refunds(of: other.intent, currency: payment.currency)
                    if back.total(.succeeded) >= amount { continue }
                }
                results.append(stray)
            }
        }
        return results
    }

    /// Where the list can't be had now the search is enough: orders in doubt are looked at again when it has caught up.
    private func othersKnown(_ order: PaymentOrder, placedAt: Timestamp) async throws -> [Payment] {
        do { return try await payments(of: order, placedAt: placedAt) } catch PaymentGatewayError.notAsked {
            return try await gateway.payments(for: order, placedAt: placedAt.milliseconds, isRecent: false)
        }
    }

    private func differences(_ order: Order, _ payment: Payment) async throws -> [PaymentResult] {
        switch (order.state, payment.status) {
        case (.declined, .captured(let amount)) where order.captured == 0,
            (.expired, .captured(let amount)) where order.captured == 0:
            let back = try await gateway.refunds(of: payment.intent, currency: payment.currency)
            // Money for an order that had ended: it goes back.
            return back.total(.succeeded) >= amount ? [] : [.captured(intent: payment.intent, amount: amount)]
        case (.declined, _) where payment.isLive, (.expired, _) where payment.isLive:
            return [.stray(intent: payment.intent, captured: 0)]
        case (_, .captured) where order.captured > 0:
            var results: [PaymentResult] = []
            if payment.chargeRefunded != order.refunded {
                let back = try await gateway.refunds(of: payment.intent, currency: payment.currency)
                results.append(.refunded(total: back.total(.succeeded)))
            }
            if order.state == .confirmed, payment.isDisputed != false || order.isDisputed {
                results.append(.disputed(try await gateway.isDisputed(payment.intent)))
            }
            return results
        default: return []
        }
    }
}

extension Payment {
    /// Whether money is reserved, or may yet be.
    fileprivate var isLive: Bool {
        switch status {
        case .pending, .requiresAction, .authorized: true
        case .captured, .canceled, .declined: false
        }
    }

    fileprivate var isCaptured: Bool {
        if case .captured = status { return true }
        return false
    }
}

extension [Refund] {
    /// Sums of what a stranger says can be any size.
    fileprivate func total(_ status: Refund.Status) -> Int64 {
        reduce(0) { sum, refund in
            guard refund.status == status, refund.amount > 0 else { return sum }
            let (total, isOverflow) = sum.addingReportingOverflow(refund.amount)
            return isOverflow ? .max : total
        }
    }
}
