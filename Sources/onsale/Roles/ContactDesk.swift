import OnsaleHTTP
import OnsaleMail
import OnsaleTables
import OnsaleValues
import Synchronization

/// Where buyers are written to. When everyone signs in at once, many addresses share a commit.
final class ContactDesk: ContactBook {
    private struct Wish {
        let contact: Contact
        let buyer: BuyerID
        let answer: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var wishes: [Wish] = []
        var isWriting = false
    }

    /// Whoever comes when so many wait is turned away.
    private static let waitingMax = 20_000
    private static let batchMax = 500
    private static let mailsMax = 1_000

    private let contacts: ContactTables
    private let mails: MailRole
    private let state = Mutex(State())

    init(_ contacts: ContactTables, mails: MailRole) {
        self.contacts = contacts
        self.mails = mails
    }

    func keep(_ mailbox: Mailbox) async throws {
        // As it was typed if mail can go there, or else as it was folded: full-width letters, an international domain. An
        // address that no mail can go to still signs in, where any is believed.
        guard let address = MailAddress(mailbox.address) ?? MailAddress(mailbox.folded) else { return }
        let contact = Contact(address: address, language: MailLanguage(rawValue: mailbox.language) ?? .english)
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

    private func write() async {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.wishes.prefix(ContactDesk.batchMax))
                state.wishes.removeFirst(batch.count)
                if batch.isEmpty { state.isWriting = false }
                return batch
            }
            if batch.isEmpty { return }
            do {
                try await contacts.put(batch.map { ($0.contact, $0.buyer) })
                for wish in batch { wish.answer.resume() }
            } catch {
                for wish in batch { wish.answer.resume(throwing: error) }
            }
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

    func forget(_ buyer: BuyerID) async throws { try await contacts.shred(buyer) }
}
