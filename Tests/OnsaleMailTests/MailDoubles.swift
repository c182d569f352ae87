import Crypto
import OnsaleMail
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import Synchronization

/// Contacts in memory: all fans have an address, others haven't.
final class TestContacts: Contacts {
    struct Failure: Error {}

    private let isAway = Mutex(false)
    private let asked = Mutex(0)

    var lookups: Int { asked.withLock { $0 } }

    func setAway(_ value: Bool) { isAway.withLock { $0 = value } }

    func contact(of buyer: BuyerID) async throws -> Contact? {
        asked.withLock { $0 += 1 }
        if isAway.withLock({ $0 }) { throw Failure() }
        guard buyer != stranger, let address = MailAddress("fan\(buyer.low)@mail.example") else { return nil }
        return Contact(address: address, language: .korean)
    }
}

/// Files in memory.
final class TestFiles: Attachments {
    private let files = Mutex<[String: MailAttachment]>([:])

    func put(_ file: MailAttachment) { files.withLock { $0[file.name] = file } }

    func file(named name: String) async throws -> MailAttachment? { files.withLock { $0[name] } }

    static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

/// Takes mails, or does with them what it was told.
final class TestTransport: MailTransport {
    private struct State {
        var mails: [OutgoingMail] = []
        var outcome: @Sendable (OutgoingMail) -> SMTPOutcome = { _ in .accepted }
        var isHolding = false
        var held: [CheckedContinuation<Void, Never>] = []
    }

    let isForShow = false
    private let state = Mutex(State())

    /// All that it was given, in its order.
    var mails: [OutgoingMail] { state.withLock { $0.mails } }

    func answer(_ outcome: @escaping @Sendable (OutgoingMail) -> SMTPOutcome) {
        state.withLock { $0.outcome = outcome }
    }

    /// Answers nobody until it is stopped.
    func hold() { state.withLock { $0.isHolding = true } }

    func send(_ mail: OutgoingMail) async -> SMTPOutcome {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                state.mails.append(mail)
                if state.isHolding { state.held.append(continuation) }
                return state.isHolding
            }
            if !isHeld { continuation.resume() }
        }
        return state.withLock { $0.outcome }(mail)
    }

    func stop() async {
        let held = state.withLock { state in
            state.isHolding = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }
}
