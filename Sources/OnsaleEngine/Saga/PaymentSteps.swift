import OnsaleSale
import OnsaleValues

/// How often, and since when, the provider has denied knowing a payment that it told us of before.
struct Unknown: Sendable {
    private static let seconds: Int64 = 15
    private static let timesMin = 3

    private var since: Timestamp?
    private(set) var times = 0

    /// - Returns: whether it has said so often enough, for long enough, to be believed.
    mutating func note(at now: Timestamp) -> Bool {
        let since = since ?? now
        self.since = since
        times += 1
        return times >= Unknown.timesMin && now.milliseconds - since.milliseconds >= Unknown.seconds * 1000
    }
}

/// A refund that was asked for and not answered.
struct OpenRefund: Sendable {
    let key: String
    let amount: Int64
    /// How many of our refunds the provider had before.
    let oursBefore: Int
    let askedAt: Timestamp
}

/// What this process knows about an order's calls to the provider. Soft: after a crash, the first call of each kind is
/// repeated under the same key, and its answer tells what became of the earlier one.
struct PaymentCourse: Sendable {
    /// Consecutive tries of the current step.
    var tries = 0
    /// The attempt that goes into the next key, for each kind of call.
    var authorizeAttempt = 0
    var captureAttempt = 0
    var voidAttempt = 0
    var refundAttempt = 0
    /// The refund whose answer is missing. It may still be under way, so it is asked for again exactly as it was, whatever
    /// the provider gives back by itself meanwhile.
    var openRefund: OpenRefund?
    /// Whether the last authorization failed without telling if there is an intent.
    var mustLookFirst = false
    /// Whether a capture has been requested already.
    var hasAskedForCapture = false
    /// How often the provider denied knowing the intent: when asked for it, and when asked to capture it.
    var unknown = Unknown()
    var unknownToCapture = Unknown()
    /// Whether a call was repeated, so there may be two intents.
    var isDoubtful = false
    /// Whether an earlier process may have made the call already.
    var isResumed = false

    init(isResumed: Bool = false) {
        self.isResumed = isResumed
        mustLookFirst = isResumed
        hasAskedForCapture = isResumed
        isDoubtful = isResumed
    }
}

/// Performs one step of an order's payment: asks the provider and says what the answer means for the order. An empty
/// result means that the provider hasn't decided yet.
struct PaymentSteps: Sendable {
    /// The provider keeps idempotency keys for a day. An order older than this, in seconds, is looked up instead of
    /// sending a call again.
    private static let keySeconds: Int64 = 23 * 3600
    /// How long to search for the payment of an ended order without an intent, in seconds: a call may still be in
    /// progress, and the provider's search lags.
    private static let searchSeconds: Int64 = 120

    /// This many seconds after an order was placed, none of its calls is in progress any more and the provider's search
    /// finds all its payments.
    private static let recentSeconds = SaleTerms.authorizationSeconds + 600

    let gateway: any PaymentGateway
    let clock: any WallClock
    /// Whether a payment belongs to another order of ours.
    let isOthers: @Sendable (_ payment: Payment) async -> Bool
    /// Reports something a person must look at.
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
        // The provider may have forgotten the key. The order is about to expire, and is then looked up.
        guard !isOld(task) else { return [] }
        if course.mustLookFirst {
            let found = try await find(task)
            course.mustLookFirst = false
            if !found.isEmpty { return found }
            // An earlier process's call may still arrive; using the same key makes it the same payment.
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

    /// What a payment means for an order waiting for it.
    private func meaning(of payment: Payment, for task: PaymentTask) async -> [PaymentResult] {
        guard payment.fits(task.payment) else { return [await mismatch(payment, task)] }
        switch payment.status {
        case .authorized: return [.authorized(intent: payment.intent)]
        case .captured(let amount):
            // This answer may itself be wrong, so look the captured amount up again before refunding it.
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
            "the provider reports \(payment.amount) \(payment.currency) for \(payment.reference ?? "no order"), which "
                + "does not match; the order is not confirmed and the money goes back")
        // A payment of another order must not be undone.
        return .mismatched(intent: await isOthers(payment) ? nil : payment.intent)
    }

    /// Looks up the order's payments: says what the main one means and reports the others as second payments.
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
                if let task { alarm(task, "second payment \(payment.intent) has an impossible amount") }
                return nil
            }
            return .stray(intent: payment.intent, captured: amount)
        }
        return payment.isLive ? .stray(intent: payment.intent, captured: 0) : nil
    }

    /// The payment with this intent. Nil if the provider has denied knowing it for long enough and has no other payment
    /// for the order.
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
        alarm(task, "the provider no longer knows any payment of this order")
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
            // The provider finds the payment but can't capture it; give up and release the reservation.
            guard course.unknownToCapture.note(at: clock.now()) else { throw PaymentGatewayError.unknownPayment }
            alarm(task, "the provider does not know the payment it should capture")
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
                alarm(task, "the provider reports an impossible captured amount")
                throw PaymentGatewayError.rejected(status: 0, "an amount that can't be")
            }
            return [.captured(intent: payment.intent, amount: amount)]
        case .canceled, .declined: return [.voided]
        case .authorized, .pending, .requiresAction: return []
        }
    }

    /// For an ended order without a known intent: makes no new payment, only searches for existing ones.
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

    /// Releases the payment if it can be released, and returns it.
    private func released(
        _ payment: Payment, _ task: PaymentTask, _ course: inout PaymentCourse
    ) async throws -> Payment {
        guard payment.isLive else { return payment }
        do {
            return try await gateway.void(payment.intent, for: task.payment, attempt: course.voidAttempt)
        } catch PaymentGatewayError.unknownPayment {
            alarm(task, "the provider finds the payment but does not know it when asked to release it")
            throw PaymentGatewayError.rejected(status: 404, "no such payment")
        } catch PaymentGatewayError.failed(let status, let intent) {
            course.voidAttempt += 1
            throw PaymentGatewayError.failed(status: status, intent: intent)
        } catch PaymentGatewayError.keyConflict {
            course.voidAttempt += 1
            throw PaymentGatewayError.keyConflict
        }
    }

    // MARK: Refunding

    private func refund(_ task: PaymentTask, _ course: inout PaymentCourse) async throws -> [PaymentResult] {
        guard let intent = task.intent else { return [] }
        let total = try await givenBack(intent, of: task.due, task, &course)
        return total >= task.due ? [.refunded(total: total)] : []
    }

    /// Refunds what is left of `due` and returns how much has gone back. Only succeeded refunds count; pending ones are
    /// waited for, and failed ones are requested again.
    private func givenBack(
        _ intent: String, of due: Int64, _ task: PaymentTask, _ course: inout PaymentCourse
    ) async throws -> Int64 {
        guard (0...SaleTerms.amountMax).contains(due) else {
            throw PaymentGatewayError.rejected(status: 0, "an amount that can't be")
        }
        let refunds = try await gateway.refunds(of: intent, currency: task.payment.currency)
        let succeeded = refunds.total(.succeeded)
        // Clamped, since the provider's figures are untrusted and can have any size.
        let left = due - min(due, succeeded) - min(due, refunds.total(.pending))
        let ours = refunds.count { $0.isOurs }
        let open = course.openRefund.flatMap { open -> OpenRefund? in
            let isForgotten = clock.now() > open.askedAt.adding(seconds: Int(PaymentSteps.keySeconds))
            return ours > open.oursBefore || isForgotten ? nil : open
        }
        guard left > 0 || open != nil else {
            course.openRefund = nil
            return succeeded
        }
        // The key names what is left and how many refunds exist, so a repeat has the same key and the next refund a new
        // one.
        let asked =
            open
            ?? OpenRefund(
                key: "\(task.payment.reference)-refund-\(intent)-\(refunds.count)-\(left)-\(course.refundAttempt)",
                amount: left, oursBefore: ours, askedAt: clock.now())
        course.openRefund = asked
        do {
            let refund = try await gateway.refund(intent, amount: asked.amount, for: task.payment, key: asked.key)
            course.openRefund = nil
            if refund.status == .failed { course.refundAttempt += 1 }
            return (refunds + [refund]).total(.succeeded)
        } catch PaymentGatewayError.failed(let status, let intent) {
            course.openRefund = nil
            course.refundAttempt += 1
            throw PaymentGatewayError.failed(status: status, intent: intent)
        } catch PaymentGatewayError.keyConflict {
            course.openRefund = nil
            course.refundAttempt += 1
            throw PaymentGatewayError.keyConflict
        } catch PaymentGatewayError.unknownPayment {
            course.openRefund = nil
            alarm(task, "the provider does not know the payment of which it should refund \(asked.amount)")
            throw PaymentGatewayError.rejected(status: 404, "no such payment")
        } catch PaymentGatewayError.rejected(let status, let reason) {
            course.openRefund = nil
            course.refundAttempt += 1
            alarm(task, "the provider refuses to refund \(asked.amount): \(reason)")
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
            alarm(task, "the provider no longer knows \(intent), a second payment of this order")
            return [.strayReturned(intent: intent)]
        }
        switch try await released(payment, task, &course).status {
        case .captured(let amount):
            let total = try await givenBack(intent, of: amount, task, &course)
            return total >= amount ? [.strayReturned(intent: intent)] : []
        case .canceled, .declined: return [.strayReturned(intent: intent)]
        case .authorized, .pending, .requiresAction: return []
        }
    }

    // MARK: Checking ended orders

    /// What the provider knows about an order with nothing in progress: late captures, second payments, and refunds and
    /// disputes we didn't ask for.
    /// - Parameter seeksStrays: whether to look for second payments.
    func lookAfter(_ order: Order, as payment: PaymentOrder, seeksStrays: Bool) async throws -> (
        results: [PaymentResult], isComplete: Bool
    ) {
        var results: [PaymentResult] = []
        var isComplete = true
        if let intent = order.intent, !intent.isEmpty {
            do {
                let found = try await gateway.payment(intent, currency: payment.currency)
                results += try await differences(order, found)
            } catch PaymentGatewayError.unknownPayment {
                // It is known to exist, so one such answer proves nothing.
                isComplete = false
            }
        }
        if seeksStrays || order.intent == nil {
            let others = try await othersKnown(payment, placedAt: order.placedAt)
            for other in others where other.intent != order.intent && other.reference == payment.reference {
                guard let stray = stray(other) else { continue }
                if case .captured(let amount) = other.status {
                    // A fully refunded payment is no news.
                    let back = try await gateway.refunds(of: other.intent, currency: payment.currency)
                    if back.total(.succeeded) >= amount { continue }
                }
                results.append(stray)
            }
        }
        return (results, isComplete)
    }

    /// If the list isn't available now, the search is enough: orders in doubt are checked again once it has caught up.
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
            // Money for an ended order must go back.
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
    /// Whether money is reserved or still may be.
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
    /// The provider's figures are untrusted, so the sum is clamped instead of overflowing.
    fileprivate func total(_ status: Refund.Status) -> Int64 {
        reduce(0) { sum, refund in
            guard refund.status == status, refund.amount > 0 else { return sum }
            let (total, isOverflow) = sum.addingReportingOverflow(refund.amount)
            return isOverflow ? .max : total
        }
    }
}
