import Foundation
import OnsaleEngine

/// The payments of the last minutes, by the order they name, read from the provider's list.
///
/// The list holds everything sold, while an order in doubt needs one row of it. So one walk at a time serves everyone
/// asking, and rows are read only once: even an overload that leaves many orders in doubt costs the provider no more
/// than a few pages a second.
actor PaymentList {
    /// Reads a page of the payments made within a time range (in seconds), newest first, starting after the payment
    /// `after`.
    typealias Reader =
        @Sendable (_ time: ClosedRange<Int64>, _ after: String?) async throws
        -> StripeProtocol.List<StripeProtocol.Intent>

    /// A question waits no longer than this, and no more than `questionsMax` wait at once, since each takes up one of
    /// the saga's calls. The rest are told to ask again.
    private static let waitSeconds = 20
    private static let questionsMax = 64
    /// Payments may show up in the list this long after the second they carry.
    private static let overlapSeconds: Int64 = 30
    /// How far the provider's clock may be ahead of ours.
    private static let clockSeconds: Int64 = 60
    /// The most rows kept; beyond it the list starts over.
    private static let rowsMax = 50_000
    /// After each walk the list rests three times as long as the walk took, up to this.
    private static let restMax = Duration.seconds(5)

    /// The most pages of one walk; the next walk continues.
    private let pagesMax: Int

    private struct Row {
        let created: Int64
        let intent: String
    }

    private struct Question {
        let reference: String
        let since: Int64
        let askedAt: ContinuousClock.Instant
        let answer: CheckedContinuation<[String], any Error>
    }

    private var rows: [String: [Row]] = [:]
    private var rowCount = 0
    /// The range the rows cover, in seconds: made at `since` or later, up to the newest payment seen.
    private var covered: (since: Int64, until: Int64)?
    /// Questions for the next walk; the current one may already have passed their row.
    private var waiting: [Question] = []
    /// Questions the current walk will answer.
    private var underWay: [Question] = []
    private var isWalking = false

    init(pagesMax: Int = 100) {
        self.pagesMax = pagesMax
    }

    /// The intents naming an order, oldest first, among those made at `since` (in seconds) or later.
    /// - Throws: `PaymentGatewayError.notAsked` if that would take too long now.
    func intents(naming reference: String, since: Int64, _ read: @escaping Reader) async throws -> [String] {
        guard waiting.count + underWay.count < PaymentList.questionsMax else {
            throw PaymentGatewayError.notAsked
        }
        return try await withCheckedThrowingContinuation { answer in
            waiting.append(Question(reference: reference, since: since, askedAt: .now, answer: answer))
            guard !isWalking else { return }
            isWalking = true
            Task.detached { [self] in await answerAll(read) }
        }
    }

    private func answerAll(_ read: Reader) async {
        while !waiting.isEmpty {
            let begun = ContinuousClock.now
            (underWay, waiting) = (waiting, [])
            do {
                try await walk(since: underWay.map(\.since).min() ?? 0, read)
                for question in underWay {
                    // The next walk reaches what is too far back for this one.
                    if let covered, covered.since <= question.since {
                        question.answer.resume(returning: (rows[question.reference] ?? []).map(\.intent))
                    } else {
                        question.answer.resume(throwing: PaymentGatewayError.notAsked)
                    }
                }
            } catch {
                fail(error)
            }
            underWay = []
            try? await Task.sleep(for: min(PaymentList.restMax, (.now - begun) * 3))
        }
        isWalking = false
    }

    /// A lost answer counts once, however many questions waited for it.
    private func fail(_ error: any Error) {
        for (index, question) in underWay.enumerated() {
            if index > 0, case PaymentGatewayError.unanswered? = error as? PaymentGatewayError {
                question.answer.resume(throwing: PaymentGatewayError.notAsked)
            } else {
                question.answer.resume(throwing: error)
            }
        }
    }

    private func sendLateAway() {
        let limit = ContinuousClock.now - .seconds(PaymentList.waitSeconds)
        for question in waiting + underWay where question.askedAt < limit {
            question.answer.resume(throwing: PaymentGatewayError.notAsked)
        }
        waiting.removeAll { $0.askedAt < limit }
        underWay.removeAll { $0.askedAt < limit }
    }

    /// Reads what is new, then what is older than any earlier question needed, up to one walk's pages.
    private func walk(since: Int64, _ read: Reader) async throws {
        let hasGap = since > covered?.until ?? .min
        if hasGap || rowCount >= PaymentList.rowsMax { (rows, rowCount, covered) = ([:], 0, nil) }
        var pagesLeft = pagesMax
        let from = covered.map { $0.until - PaymentList.overlapSeconds } ?? since
        let new = try await walk(from...Int64.max, &pagesLeft, read)
        let oldest = new.isWhole ? covered?.since ?? since : new.reached
        covered = (oldest, max(new.newest, covered?.until ?? new.newest))
        guard since < oldest, pagesLeft > 0 else { return }
        covered?.since = min(oldest, try await walk(since...oldest, &pagesLeft, read).reached)
    }

    /// How much of a range has been read.
    private struct Part {
        /// When the newest payment was made, in seconds.
        var newest: Int64
        /// Everything made at this second or later has been read.
        var reached: Int64
        var isWhole = false
    }

    private func walk(_ time: ClosedRange<Int64>, _ pagesLeft: inout Int, _ read: Reader) async throws -> Part {
        // A payment dated in the future must not hide the current ones.
        let latest = Int64(Date().timeIntervalSince1970) + PaymentList.clockSeconds
        let isLong = pagesLeft > pagesMax / 2
        var part = Part(newest: time.lowerBound, reached: .max)
        var after: String?
        while pagesLeft > 0 {
            pagesLeft -= 1
            let page = try await read(time, after)
            for intent in page.data {
                if let created = intent.created, created <= latest { part.newest = max(part.newest, created) }
                keep(intent)
            }
            guard page.hasMore ?? false, let last = page.data.last else {
                (part.reached, part.isWhole) = (time.lowerBound, true)
                return part
            }
            after = last.id
            // More payments may share this second.
            part.reached = last.created.map { $0 == .max ? $0 : $0 + 1 } ?? .max
            sendLateAway()
        }
        // A walk short of pages may stop within a busy second; the next one will get past it.
        guard !isLong || part.reached <= min(part.newest, time.upperBound) else {
            throw PaymentGatewayError.rejected(status: 200, "the list of payments leads nowhere")
        }
        return part
    }

    private func keep(_ intent: StripeProtocol.Intent) {
        guard let reference = intent.metadata?["order"] else { return }
        var known = rows[reference] ?? []
        guard !known.contains(where: { $0.intent == intent.id }) else { return }
        known.append(Row(created: intent.created ?? 0, intent: intent.id))
        known.sort { $0.created < $1.created }
        rows[reference] = known
        rowCount += 1
    }
}
