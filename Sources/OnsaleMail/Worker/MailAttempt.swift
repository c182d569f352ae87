import Crypto
import OnsaleBus

/// What a worker knows of a mail that it has taken.
struct TakenMail: Sendable {
    let standing: MailStore.Standing
    let contact: Contact
    let foundAt: ContinuousClock.Instant

    var queued: QueuedMail { standing.queued(to: contact.address.domain) }
}

/// What has become of looking for an address.
enum AddressSearch: Sendable {
    case found(Contact)
    /// It isn't known, or no more.
    case gone
    case failed(String)
}

/// What has become of an attempt.
enum AttemptResult: Sendable {
    /// The transport was asked.
    case tried(SMTPOutcome, MailLanguage)
    /// Something is missing that it can't go without.
    case lacks(MailStore.Need, String)
    /// It never goes.
    case unfit(String)
    /// Nothing has been done, since the worker ends.
    case interrupted
}

/// Finds what a mail needs and hands it over.
struct MailAttempt: Sendable {
    let contacts: any Contacts
    let attachments: any Attachments
    let transport: any MailTransport
    let author: MailAuthor

    /// An address that was found longer ago is looked up again: it may have been forgotten for good.
    private static let contactAge = Duration.seconds(2)

    /// Looks for the addresses of mails. Once none can be found at the moment, the others aren't looked for.
    func search(_ mails: [MailStore.Standing]) async -> [(MailStore.Standing, AddressSearch)] {
        var failure: String?
        var found: [(MailStore.Standing, AddressSearch)] = []
        for mail in mails {
            // The others are given back.
            if Task.isCancelled { break }
            if let failure {
                found.append((mail, .failed(failure)))
                continue
            }
            do {
                let contact = try await contacts.contact(of: mail.entry.buyer)
                found.append((mail, contact.map(AddressSearch.found) ?? .gone))
            } catch {
                if Task.isCancelled { break }
                found.append((mail, .failed("\(error)")))
                if !(error is ContactVaultError) { failure = "\(error)" }
            }
        }
        return found
    }

    func send(_ mail: TakenMail) async -> AttemptResult {
        do {
            guard let contact = try await currentContact(mail) else { return .unfit(MailAttempt.noAddress) }
            switch await files(of: mail.standing.entry) {
            case .failure(let lack):
                return Task.isCancelled ? .interrupted : .lacks(.document, lack.description)
            case .success(let files):
                let whole = try author.mail(mail.standing.entry, to: contact, with: files)
                guard !Task.isCancelled else { return .interrupted }
                return .tried(await transport.send(whole), contact.language)
            }
        } catch let error as UnfitMail {
            return .unfit("The mail \(error).")
        } catch {
            return Task.isCancelled ? .interrupted : .lacks(.address, "\(error)")
        }
    }

    static let noAddress = "no address"

    private func currentContact(_ mail: TakenMail) async throws -> Contact? {
        guard mail.foundAt + MailAttempt.contactAge < .now else { return mail.contact }
        return try await contacts.contact(of: mail.standing.entry.buyer)
    }

    private struct Lack: Error, CustomStringConvertible {
        let description: String
    }

    private func files(of entry: MailStore.Entry) async -> Result<[MailAttachment], Lack> {
        var files: [MailAttachment] = []
        for document in MailAuthor.documents(of: entry) {
            let file: MailAttachment?
            do { file = try await attachments.file(named: document.name) } catch {
                return .failure(Lack(description: "\(document.name): \(error)"))
            }
            guard let file else { return .failure(Lack(description: "\(document.name) isn't there yet")) }
            let digest = SHA256.hash(data: file.bytes).reduce(into: "") { text, byte in
                text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
            guard digest == document.sha256.lowercased() else {
                return .failure(Lack(description: "\(document.name) isn't the file that was issued"))
            }
            files.append(file)
        }
        return .success(files)
    }
}
