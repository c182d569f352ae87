import OnsaleHTTP
import OnsaleMail
import OnsaleTables
import OnsaleValues
import Synchronization

/// Where buyers are written to. When everyone signs in at once, many addresses share a commit. What can't be kept, as on
/// a full disk, is told to whoever waits and tried again for as long as the process lives: nobody else has the address.
final class ContactDesk: ContactBook {
    private struct Wish {
        let contact: Contact
        let buyer: BuyerID
        /// nil once whoever waited has been answered.
        var answer: CheckedContinuation<Void, any Error>?
    }

    private struct State {
        var wishes: [Wish] = []
        var isWriting = false
        /// Who was forgotten since writing began: what failed of theirs isn't tried again.
        var forgotten: Set<BuyerID> = []
    }

    /// Whoever comes when so many wait is turned away.
    private static let waitingMax = 20_000
    private static let batchMax = 500
    private static let againSeconds = 1
    private static let mailsMax = 1_000

    private let contacts: ContactTables
    private let mails: MailRole
    private let state = Mutex(State())

    init(_ contacts: ContactTables, mails: MailRole) {
        self.contacts = contacts
        self.mails = mails
    }

    func keep(_ mailbox: Mailbox) async throws {
        // An address that no mail can go to still signs in, where any is believed.
        guard let contact = ContactDesk.contact(mailbox) else { return }
        try await withCheckedThrowingContinuation { (answer: CheckedContinuation<Void, any Error>) in
            let (isTaken, isFirst) = state.withLock { state in
                guard state.wishes.count < ContactDesk.waitingMax else { return (false, false) }
                state.wishes.append(Wish(contact: contact, buyer: mailbox.buyer, answer: answer))
                defer { state.isWriting = true }
                return (true, !state.isWriting)
            }
            if !isTaken { answer.resume(throwing: TablesError.overloaded) }
            if isFirst { Task { await write() } }
        }
    }

    /// How the mailbox is written to: as it was typed if mail can go there, or else as it was folded: full-width letters, an
    /// international domain. nil if no mail can go to either.
    static func contact(_ mailbox: Mailbox) -> Contact? {
        (MailAddress(mailbox.address) ?? MailAddress(mailbox.folded)).map {
            Contact(address: $0, language: MailLanguage(rawValue: mailbox.language) ?? .english)
        }
    }

    private func write() async {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.wishes.prefix(ContactDesk.batchMax))
                state.wishes.removeFirst(batch.count)
                if batch.isEmpty {
                    state.isWriting = false
                    state.forgotten = []
                }
                return batch
            }
            if batch.isEmpty { return }
            let failed = await put(batch)
            if failed.isEmpty { continue }
            // Before those that came since, which may be newer addresses of the same buyers.
            state.withLock { state in
                state.wishes.insert(contentsOf: failed.filter { !state.forgotten.contains($0.buyer) }, at: 0)
            }
            try? await Task.sleep(for: .seconds(ContactDesk.againSeconds))
        }
    }

    /// Answers whoever waits.
    /// - Returns: what is to be tried again.
    private func put(_ wishes: [Wish]) async -> [Wish] {
        do {
            try await contacts.put(wishes.map { ($0.contact, $0.buyer) })
            for wish in wishes { wish.answer?.resume() }
            return []
        } catch is ContactVaultError where wishes.count > 1 {
            // One of them is to blame, and must not keep the others waiting.
            var failed: [Wish] = []
            for wish in wishes { failed += await put([wish]) }
            return failed
        } catch {
            for wish in wishes { wish.answer?.resume(throwing: error) }
            guard !(error is ContactVaultError) else { return [] }
            return wishes.map { Wish(contact: $0.contact, buyer: $0.buyer, answer: nil) }
        }
    }

    func held(of buyer: BuyerID) async throws -> HeldPerson {
        let contact = try await contacts.export(buyer).map {
            HeldPerson.Contact(
                address: "\($0.contact.address)", language: $0.contact.language.rawValue, since: $0.putAt)
        }
        let mails = try await mails.mails(of: buyer, limit: ContactDesk.mailsMax).map {
            HeldPerson.Mail(
                kind: $0.kind, order: $0.order, state: $0.state,
                queuedAt: RFC3339.parse($0.queuedAt) ?? Timestamp(milliseconds: 0))
        }
        return HeldPerson(contact: contact, mails: mails)
    }

    func forget(_ buyer: BuyerID) async throws {
        state.withLock { state in
            state.wishes.removeAll { $0.buyer == buyer && $0.answer == nil }
            if state.isWriting { state.forgotten.insert(buyer) }
        }
        try await contacts.shred(buyer)
    }
}
