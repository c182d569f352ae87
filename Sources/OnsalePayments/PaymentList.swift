import Foundation
import OnsaleEngine

/// The payments of the last minutes by the order that they name, read from the provider's list.
///
/// The list has everything that is sold, and an order in doubt wants one row of it. So one walk at a time is made for all
/// who ask, and what a walk has read is not read again: an overload that leaves many orders in doubt costs the provider
/// no more than a few pages a second.
actor PaymentList {
    /// Reads a page of what was made in a time, in seconds, the newest first, behind the payment `after`.
    typealias Reader =
        @Sendable (_ time: ClosedRange<Int64>, _ after: String?) async throws
        -> StripeProtocol.List<StripeProtocol.Intent>

    /// Who asks is told to come back after so long, or when so many ask already: whoever waits takes the place of a call.
    private static let waitSeconds = 20
    private static let questionsMax = 64
    /// Payments show up in the list some time after the second that they carry.
    private static let overlapSeconds: Int64 = 30
    /// The provider's clock may be so far ahead of ours.
    private static let clockSeconds: Int64 = 60
    /// Rows that are kept; then it begins anew.
    private static let rowsMax = 50_000
    /// After a walk there is a rest of three times as long as it took, up to this.
    private static let restMax = Duration.seconds(5)

    /// A walk has so many pages at most; the next one goes on.
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
    /// What the rows are of: made since, and up to the newest that was seen, in seconds.
    private var covered: (since: Int64, until: Int64)?
    /// Questions for the next walk: one that is under way may have passed their row.
    private var waiting: [Question] = []
    /// Questions that the walk under way will answer.
    private var underWay: [Question] = []
    private var isWalking = false

    init(pagesMax: Int = 100) {
        self.pagesMax = pagesMax
    }

    /// The intents that name an order, the oldest first, of all that were made at `since` or later, in seconds.
    /// - Throws: `PaymentGatewayError.notAsked` when that takes too long now.
    func intents(naming reference: String, since: Int64, _ read: @escaping Reader) async throws -> [String] {
        guard waiting.count + underWay.count < PaymentList.questionsMax else {
            throw PaymentGatewayError.notAsked
        }
        return try await withCheckedThrowingContinuation { answer in
            waiting.append(Question(reference: reference, since: since, askedAt: .now, answer: answer))
            guard !isWalking else { return }
            isWalking = true
            Task { await answerAll(read) }
        }
    }

    private func answerAll(_ read: Reader) async {
        while !waiting.isEmpty {
            let begun = ContinuousClock.now
            (underWay, waiting) = (waiting, [])
            do {
                try await walk(since: underWay.map(\.since).min() ?? 0, read)
                for question in underWay {
                    // What is too far back for one walk is reached by the next.
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

    /// One lost answer counts as one, however many have waited for it.
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

    /// Reads what is new, then what is older than anything that was asked for before, as far as the pages of one walk go.
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

    /// What a part of the list was read of.
    private struct Part {
        /// When the newest payment was made, in seconds.
        var newest: Int64
        /// Everything that was made then or later has been read.
        var reached: Int64
        var isWhole = false
    }

    private func walk(_ time: ClosedRange<Int64>, _ pagesLeft: inout Int, _ read: Reader) async throws -> Part {
        // A payment from the future must not keep those of now from being read.
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
            // Others may have been made in the same second.
            part.reached = last.created.map { $0 == .max ? $0 : $0 + 1 } ?? .max
            sendLateAway()
        }
        // A walk that had few pages left may have met one second that has more; the next will have them.
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
