import OnsaleHTTP
import OnsaleMail
import OnsaleTables
import OnsaleValues
import Synchronization

/// Where buyers are written to. When everyone signs in at once, many addresses share a commit. What can't be kept, as on
/// a full disk, is told to whoever waits, and tried again for as long as the process lives: nobody else has the address.
final class ContactDesk: ContactBook {
    /// What is to be done about a buyer. All of it in its order, so that nothing comes back that was to be forgotten.
    private struct Wish {
        let buyer: BuyerID
        /// nil to forget the buyer.
        let contact: Contact?
        /// nil where nobody waits any more.
        var answer: CheckedContinuation<Void, any Error>?
    }

    private struct State {
        var wishes: [Wish] = []
        var isWriting = false
        /// What failed and is to be tried again.
        var again: [BuyerID: Contact] = [:]
        var isAgainAhead = false
    }

    /// Whoever comes when so many wait is turned away; of more that failed none is kept.
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
        try await wish(contact, for: mailbox.buyer)
    }

    private func wish(_ contact: Contact?, for buyer: BuyerID) async throws {
        // What failed before is out of date.
        state.withLock { $0.again[buyer] = nil }
        try await withCheckedThrowingContinuation { (answer: CheckedContinuation<Void, any Error>) in
            if !add([Wish(buyer: buyer, contact: contact, answer: answer)]) {
                answer.resume(throwing: TablesError.overloaded)
            }
        }
    }

    /// - Returns: false, and nothing is done, if too many wait.
    private func add(_ wishes: [Wish]) -> Bool {
        let (isTaken, isFirst) = state.withLock { state in
            guard state.wishes.count + wishes.count <= ContactDesk.waitingMax else { return (false, false) }
            state.wishes += wishes
            defer { state.isWriting = true }
            return (true, !state.isWriting)
        }
        if isFirst { Task { await write() } }
        return isTaken
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
            let batch = state.withLock { state -> [Wish] in
                // Forgetting is a commit of its own.
                let puts = state.wishes.prefix(ContactDesk.batchMax).prefix { $0.contact != nil }
                let batch = Array(puts.isEmpty ? state.wishes.prefix(1) : puts)
                state.wishes.removeFirst(batch.count)
                if batch.isEmpty { state.isWriting = false }
                return batch
            }
            guard let first = batch.first else { return }
            if first.contact == nil { await forget(first) } else { await put(batch) }
        }
    }

    private func forget(_ wish: Wish) async {
        do {
            try await contacts.shred(wish.buyer)
            state.withLock { $0.again[wish.buyer] = nil }
            wish.answer?.resume()
        } catch {
            wish.answer?.resume(throwing: error)
        }
    }

    private func put(_ wishes: [Wish]) async {
        do {
            try await contacts.put(wishes.compactMap { wish in wish.contact.map { ($0, wish.buyer) } })
            state.withLock { state in for wish in wishes { state.again[wish.buyer] = nil } }
            for wish in wishes { wish.answer?.resume() }
        } catch is ContactVaultError where wishes.count > 1 {
            // One of them is to blame, and must not keep the others from it.
            for wish in wishes { await put([wish]) }
        } catch {
            for wish in wishes { wish.answer?.resume(throwing: error) }
            if !(error is ContactVaultError) { tryAgainLater(wishes) }
        }
    }

    private func tryAgainLater(_ wishes: [Wish]) {
        let isFirst = state.withLock { state in
            for wish in wishes where state.again[wish.buyer] != nil || state.again.count < ContactDesk.waitingMax {
                state.again[wish.buyer] = wish.contact
            }
            defer { state.isAgainAhead = true }
            return !state.isAgainAhead
        }
        if isFirst { Task { await goOnTrying() } }
    }

    /// Puts what failed behind those who wait, now and then, until nothing fails any more.
    private func goOnTrying() async {
        while true {
            try? await Task.sleep(for: .seconds(ContactDesk.againSeconds))
            let wishes = state.withLock { state -> [Wish] in
                let wishes = state.again.prefix(ContactDesk.batchMax).map {
                    Wish(buyer: $0.key, contact: $0.value, answer: nil)
                }
                for wish in wishes { state.again[wish.buyer] = nil }
                if wishes.isEmpty { state.isAgainAhead = false }
                return wishes
            }
            if wishes.isEmpty { return }
            if !add(wishes) { tryAgainLater(wishes) }
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

    func forget(_ buyer: BuyerID) async throws { try await wish(nil, for: buyer) }
}
