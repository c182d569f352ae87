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
    /// A walk of more pages is given up.
    private static let pagesMax = 200
    /// Payments show up in the list some time after the second that they carry.
    private static let overlapSeconds: Int64 = 10
    /// The provider's clock may be so far ahead of ours.
    private static let clockSeconds: Int64 = 60
    /// Rows that are kept; then it begins anew.
    private static let rowsMax = 50_000
    /// After a walk there is a rest of twice the time it took, up to this.
    private static let restMax = Duration.seconds(2)

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

    /// The intents that name an order, the oldest first, of all that were made at `since` or later, in seconds.
    /// - Throws: `PaymentGatewayError.busy` when that takes too long now.
    func intents(naming reference: String, since: Int64, _ read: @escaping Reader) async throws -> [String] {
        guard waiting.count + underWay.count < PaymentList.questionsMax else {
            throw PaymentGatewayError.busy(retryAfterSeconds: nil)
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
            let since = underWay.map(\.since).min() ?? 0
            do {
                try await walk(since: since, read)
                for question in underWay {
                    question.answer.resume(returning: (rows[question.reference] ?? []).map(\.intent))
                }
            } catch {
                for question in underWay { question.answer.resume(throwing: error) }
            }
            underWay = []
            try? await Task.sleep(for: min(PaymentList.restMax, (.now - begun) * 2))
        }
        isWalking = false
    }

    private func sendLateAway() {
        let limit = ContinuousClock.now - .seconds(PaymentList.waitSeconds)
        for question in waiting + underWay where question.askedAt < limit {
            question.answer.resume(throwing: PaymentGatewayError.busy(retryAfterSeconds: nil))
        }
        waiting.removeAll { $0.askedAt < limit }
        underWay.removeAll { $0.askedAt < limit }
    }

    private func walk(since: Int64, _ read: Reader) async throws {
        let hasGap = since > covered?.until ?? .min
        if hasGap || rowCount >= PaymentList.rowsMax { (rows, rowCount, covered) = ([:], 0, nil) }
        guard let (oldest, newest) = covered else {
            covered = (since, max(since, try await walk(since...Int64.max, read)))
            return
        }
        if since < oldest {
            _ = try await walk(since...oldest, read)
            covered = (since, newest)
        }
        let seen = try await walk(max(since, newest - PaymentList.overlapSeconds)...Int64.max, read)
        covered = (min(since, oldest), max(newest, seen))
    }

    /// - Returns: when the newest was made, in seconds.
    private func walk(_ time: ClosedRange<Int64>, _ read: Reader) async throws -> Int64 {
        // A payment from the future must not keep those of now from being read.
        let latest = Int64(Date().timeIntervalSince1970) + PaymentList.clockSeconds
        var newest = time.lowerBound
        var after: String?
        for _ in 0..<PaymentList.pagesMax {
            let page = try await read(time, after)
            for intent in page.data {
                if let created = intent.created, created <= latest { newest = max(newest, created) }
                keep(intent)
            }
            guard page.hasMore ?? false, let last = page.data.last else { return newest }
            after = last.id
            sendLateAway()
        }
        throw PaymentGatewayError.rejected(status: 200, "the list of payments has no end")
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
