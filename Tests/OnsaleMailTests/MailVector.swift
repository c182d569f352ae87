import Foundation
import OnsaleMail
import OnsaleValues
import Seeded

/// A mail by a seed, hostile as often as not, and what Python must find in it.
struct MailVector {
    let mail: OutgoingMail
    private let note: String?
    private let unsubscribe: String?

    init(using random: inout SeededRandom) throws {
        let number = UInt64.random(in: 0 ... .max, using: &random)
        note = random.happens(0.5) ? MailVector.text(40, &random) : nil
        unsubscribe = random.happens(0.5) ? "https://onsale.kr/u/" + String(repeating: "x", count: 300) : nil
        var headers: [MailHeader] = []
        if let note, let header = MailHeader("X-Note", note) { headers.append(header) }
        if let unsubscribe { headers += MailHeader.unsubscribe(unsubscribe) ?? [] }
        var attachments: [MailAttachment] = []
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let type =
                ["application/pdf", "image/svg+xml", "text/calendar; method=PUBLISH; charset=utf-8"]
                .randomElement(using: &random) ?? "application/pdf"
            let count = Int.random(in: 0...2_000, using: &random)
            attachments.append(
                try MailAttachment(
                    name: MailVector.text(80, &random), contentType: type,
                    bytes: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }))
        }
        let local = random.happens(0.1) ? String(repeating: "a", count: 64) : "fan.\(number % 1000)+tag"
        guard let from = MailAddress("no-reply@onsale.example"), let to = MailAddress(local + "@mail.example.kr"),
            let id = MessageID("tickets.\(number)@onsale.example")
        else { throw CocoaError(.formatting) }
        mail = try OutgoingMail(
            id: id, date: Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &random)),
            from: MailAddressee(name: MailVector.text(30, &random), address: from),
            to: MailAddressee(name: random.happens(0.3) ? nil : MailVector.text(30, &random), address: to),
            content: MailContent(
                subject: MailVector.text(120, &random), text: MailVector.text(600, &random),
                html: random.happens(0.7) ? MailVector.text(900, &random) : nil),
            attachments: attachments, headers: headers, language: random.happens(0.5) ? .korean : .english)
    }

    private static let pieces = [
        "a", "Z", "0", " ", "  ", "\t", "\r\n", "\n", "\r", "\0", "\u{7f}", "\u{85}", "\u{2028}", "\u{202e}", "=", "?=",
        "=?UTF-8?B?", "=?utf-8?q?=41?=", "\"", "\\", "<", ">", "@", ",", ";", ":", "(", ")", ".", "\r\n.\r\n",
        "\r\n\r\n",
        "\r\nBcc: evil@example.org", "예매", "완료", "한글 제목", "콘서트", "\u{1100}\u{1161}", "👩‍👩‍👧", "é", "--=_mixed_", "From ",
        "/../", "%0d%0a", "'", "*", "word", "longerword", "[예매완료]",
        "averyveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryverylongword",
    ]

    private static func text(_ most: Int, _ random: inout SeededRandom) -> String {
        // Sometimes of a single kind, so that each way of encoding comes.
        let some =
            random.happens(0.4)
            ? (0..<3).compactMap { _ in pieces.randomElement(using: &random) } + ["word", " "] : pieces
        let count = Int.random(in: 0...most, using: &random) / 4
        return (0..<count).compactMap { _ in some.randomElement(using: &random) }.joined()
    }

    func write(to path: String) throws {
        struct Wanted: Encodable {
            struct Mailbox: Encodable {
                let name: String
                let address: String
            }
            struct File: Encodable {
                let name: String
                let type: String
                let bytes: Data
            }
            let id: String
            let from: Mailbox
            let to: Mailbox
            let subject: String
            let note: String
            let unsubscribe: String?
            let seconds: Int64
            let language: String
            let text: Data
            let html: Data?
            let attachments: [File]

            enum CodingKeys: CodingKey {
                case id, from, to, subject, note, unsubscribe, seconds, language, text, html, attachments
            }

            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(id, forKey: .id)
                try container.encode(from, forKey: .from)
                try container.encode(to, forKey: .to)
                try container.encode(subject, forKey: .subject)
                try container.encode(note, forKey: .note)
                // With their nulls.
                try container.encode(unsubscribe, forKey: .unsubscribe)
                try container.encode(seconds, forKey: .seconds)
                try container.encode(language, forKey: .language)
                try container.encode(text, forKey: .text)
                try container.encode(html, forKey: .html)
                try container.encode(attachments, forKey: .attachments)
            }
        }
        func mailbox(_ addressee: MailAddressee) -> Wanted.Mailbox {
            Wanted.Mailbox(
                name: HeaderText.clean(addressee.name ?? ""), address: addressee.address.description)
        }
        let wanted = Wanted(
            id: mail.id.description, from: mailbox(mail.from), to: mailbox(mail.to),
            subject: HeaderText.clean(mail.content.subject), note: HeaderText.clean(note ?? ""),
            unsubscribe: unsubscribe, seconds: mail.date.milliseconds / 1000, language: mail.language.rawValue,
            text: Data(MIMEWriter.canonical(mail.content.text)),
            html: mail.content.html.map { Data(MIMEWriter.canonical($0)) },
            attachments: mail.attachments.map { .init(name: $0.name, type: $0.contentType, bytes: Data($0.bytes)) })
        try Data(MIMEWriter.write(mail)).write(to: URL(fileURLWithPath: path + ".eml"))
        try JSONEncoder().encode(wanted).write(to: URL(fileURLWithPath: path + ".json"))
    }
}
