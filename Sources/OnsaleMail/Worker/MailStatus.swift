import OnsaleTables
import OnsaleValues
import Synchronization

/// How the service stands, for whoever asks. A class because its tasks share it.
final class MailStatus: Sendable {
    private struct State {
        var queued = 0
        var waiting: [MailStore.Need: MailStore.Waiting] = [:]
        var tallies: [MailStore.State: Int] = [:]
        var now = Timestamp(milliseconds: 0)
        var absence: (since: Timestamp, reason: String)?
        var tables: String?
        var start: String?
    }

    private let state = Mutex(State())

    var counts: [String: Int] {
        state.withLock { state in
            [
                "queued": state.queued, "sent": state.tallies[.sent] ?? 0,
                "bounced": state.tallies[.bounced] ?? 0,
            ]
        }
    }

    var trouble: String? {
        state.withLock { state in
            if let start = state.start { return "No mail can be sent: \(start)." }
            if let tables = state.tables { return "The mail service's tables can't be used: \(tables)." }
            if let absence = state.absence {
                let seconds = max(0, (state.now.milliseconds - absence.since.milliseconds) / 1000)
                return "The mail server has taken no mail for \(seconds) s: \(absence.reason)"
            }
            for (need, what) in [(MailStore.Need.document, "documents"), (.address, "readable addresses")] {
                guard let waiting = state.waiting[need] else { continue }
                return "Mails that wait for \(what): \(waiting.count). Of one: \(waiting.reason ?? "nothing is known")"
            }
            return nil
        }
    }

    /// Notes what the transport has said last.
    func server(_ outcome: SMTPOutcome, now: Timestamp) {
        state.withLock { state in
            state.now = max(state.now, now)
            guard let reason = outcome.absence else { return state.absence = nil }
            state.absence = (state.absence?.since ?? now, reason)
        }
    }

    /// Notes whether the tables can be used.
    func tables(_ failure: String?) { state.withLock { $0.tables = failure } }

    /// Notes why the service can't start.
    func start(_ failure: String?) { state.withLock { $0.start = failure } }

    /// Looks how many mails there are.
    func look(at tables: any Tables) async throws {
        let (now, queued, waiting, tallies) = try await tables.read { session in
            (
                Timestamp(milliseconds: try tables.now(in: session)), try MailStore.queued(in: session),
                try MailStore.waiting(in: session), try MailStore.tallies(in: session)
            )
        }
        state.withLock { state in
            state.now = now
            state.queued = queued
            state.waiting = waiting
            state.tallies = tallies
        }
    }
}
