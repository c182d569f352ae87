import OnsaleMail
import OnsaleValues
import Testing

/// A mail with Korean letters and a file.
func mail(to name: String, from: String = "no-reply", text: String = "안녕하세요.\n") throws -> OutgoingMail {
    try OutgoingMail(
        id: try #require(MessageID("\(name).1@onsale.example")), date: Timestamp(milliseconds: 1_800_000_000_000),
        from: MailAddressee(name: "온세일 예매", address: try #require(MailAddress("\(from)@onsale.example"))),
        to: MailAddressee(address: try #require(MailAddress("\(name)@mail.example"))),
        content: MailContent(subject: "[예매완료] 봄 콘서트", text: text, html: "<p>안녕하세요.</p>"),
        attachments: [
            try MailAttachment(
                name: "티켓 1.pdf", contentType: "application/pdf",
                bytes: (0..<3_000).map { UInt8(truncatingIfNeeded: $0) })
        ], language: .korean)
}
