import Crypto
import Foundation
import Logging
import OnsaleBus
package import OnsaleDocuments
package import OnsaleHTTP
package import OnsaleMail
import OnsaleSignIn
import OnsaleTables
import OnsaleValues

/// How mail is set up.
struct MailSettings: Sendable {
    /// nil to keep mails and show them on the management port.
    let server: SMTPConfiguration?
    let from: MailAddressee

    init(_ settings: Settings) throws(SetupError) {
        do { server = try settings.text(.smtpURL).map { try SMTPConfiguration($0) } } catch {
            throw SetupError("ONSALE_SMTP_URL \(error)")
        }
        guard let text = settings.text(.mailFrom) else {
            guard server == nil, let nobody = MailAddressee("Onsale <tickets@onsale.example>") else {
                throw SetupError("ONSALE_SMTP_URL needs ONSALE_MAIL_FROM, the address that mails come from.")
            }
            from = nobody
            return
        }
        guard let from = MailAddressee(text) else {
            throw SetupError("ONSALE_MAIL_FROM is an address, as “Name <tickets@example.com>”, not “\(text)”.")
        }
        self.from = from
    }
}

/// The mail service and what stands on it: addresses, sign-in by code, the shelf on the management port.
struct MailKit: Sendable {
    let role: MailRole
    let contacts: ContactTables
    let book: ContactDesk
    private let publicURL: String

    /// - Parameters:
    ///   - open: opens tables by the name of their service.
    ///   - secret: wraps the keys of addresses.
    ///   - documents: has the files that mails bring along; nil where another process makes them.
    init(
        _ settings: MailSettings, open: (String) throws -> any Tables, secret: String, bus: any EventBus,
        documents: DocumentsRole?, publicURL: String
    ) throws {
        contacts = try MailKit.contacts(try open("contacts"), secret: secret)
        let author = MailAuthor(from: settings.from) { event, order in
            WebLink("\(publicURL)/orders/\(event)/\(order)")
        }
        let files: any Attachments
        if let documents {
            files = documents
        } else {
            files = DocumentsRole(
                tables: try open("documents"), bus: bus, logger: Logger(label: "onsale.documents"))
        }
        role = MailRole(
            tables: try open("mail"), contacts: contacts, attachments: files, bus: bus,
            configuration: MailRole.Configuration(author: author, server: settings.server),
            logger: Logger(label: "onsale.mail"))
        book = ContactDesk(contacts, mails: role)
        self.publicURL = publicURL
    }

    /// Where addresses are kept.
    static func contacts(_ tables: any Tables, secret: String) throws(SetupError) -> ContactTables {
        let key = Array(SHA256.hash(data: Array(("contacts " + secret).utf8)))
        guard let master = MasterKey(name: "1", bytes: key) else { throw SetupError("the services' key is no key.") }
        return ContactTables(ContactVault(current: master), tables: tables)
    }

    /// For the login `mail`.
    func codes(_ tables: any Tables, secret: String) -> SignInByMail {
        SignInByMail(
            desk: SignInDesk(tables, secret: secret), contacts: contacts, mails: role, publicURL: publicURL)
    }
}

extension DocumentsRole: Attachments {
    package func file(named name: String) async throws -> MailAttachment? {
        let file: TicketFile? = try await file(named: name)
        return try file.map { try MailAttachment(name: $0.name, contentType: $0.contentType, bytes: $0.bytes) }
    }
}

extension MailRole: MailShelf {
    package func newest(limit: Int) async throws -> [ShelfMail] {
        let mails: [ShownMail] = try await newest(limit: limit)
        return mails.map(ShelfMail.init)
    }

    package func mail(_ id: String) async throws -> ShelfMail? {
        let mail: ShownMail? = try await mail(id)
        return mail.map(ShelfMail.init)
    }
}

extension ShelfMail {
    fileprivate init(_ mail: ShownMail) {
        self.init(
            id: mail.id, kind: mail.kind, state: mail.state,
            queuedAt: RFC3339.parse(mail.queuedAt) ?? Timestamp(milliseconds: 0), subject: mail.subject ?? mail.kind,
            text: mail.text ?? "", html: mail.html ?? "", attachments: mail.attachments)
    }
}
