import Foundation
import OnsaleMail
import OnsaleValues
import Seeded
import Servers
import Testing

/// What is written, read by Python's `email`.
@Suite struct MIMEWriterTests {
    @Test func pythonReadsWhatWasWrittenWhateverStrangersHaveTyped() throws {
        let folder = try TemporaryFolder("onsale-mime")
        var random = SeededRandom(seed: 20_261_127)
        for number in 0..<600 {
            try MailVector(using: &random).write(to: folder.path + "/\(number)")
        }
        let root = #filePath.components(separatedBy: "/").dropLast(3).joined(separator: "/")
        let said = try Python.run(root + "/Tests/Mail/check_mime.py", folder.path)
        #expect(said.hasPrefix("600 mails, 0 wrong"), "\(said)")
    }

    @Test func theSameMailIsTheSameBytes() throws {
        var random = SeededRandom(seed: 5)
        let vector = try MailVector(using: &random)
        #expect(MIMEWriter.write(vector.mail) == MIMEWriter.write(vector.mail))
    }

    @Test func anAddressCanEndNeitherItsLineNorItsBrackets() {
        for text in [
            "", "@", "a@", "@b.kr", "a b@c.kr", "a@b.kr\r\nBcc: x@y.kr", "a@b..kr", ".a@b.kr", "a@-b.kr", "<a@b.kr>",
            "a@b.kr>", "\"a\"@b.kr", "가@b.kr", "a@예매.kr", "a@b.kr,c@d.kr", "a@b@c.kr", "a@[127.0.0.1]", "a\u{0}@b.kr",
            String(repeating: "a", count: 65) + "@b.kr", "a@" + String(repeating: "b", count: 64) + ".kr",
        ] {
            #expect(MailAddress(text) == nil, "\(text)")
        }
        #expect(MailAddress("Fan.O'Neil+1@Mail.Example.KR")?.description == "Fan.O'Neil+1@mail.example.kr")
        #expect(MailAddressee("온세일 <no-reply@onsale.kr>")?.name == "온세일")
        #expect(MailAddressee("\"Onsale, Inc.\" <no-reply@onsale.kr>")?.name == "Onsale, Inc.")
        #expect(MailAddressee("Onsale no-reply@onsale.kr") == nil)
    }

    @Test func aHeaderThatEveryMailHasCannotBeGivenTwice() {
        for name in ["From", "bcc", "Content-Type", "MESSAGE-ID", "", "X Y", "X:Y", "X\r\nBcc", "제목"] {
            #expect(MailHeader(name, "x") == nil, "\(name)")
        }
        for url in ["http://a.kr/u", "https://a.kr/ü", "https://a.kr/>", "https://a.kr/\r\nBcc: x", "mailto:a@b.kr"] {
            #expect(MailHeader.unsubscribe(url) == nil, "\(url)")
        }
    }

    @Test func aContentTypeIsNothingElse() {
        for type in [
            "", "pdf", "a/b/c", "application/pdf\r\nX: y", "text/plain;charset=utf-8", "text/plain; a", "a/ b",
        ] {
            #expect(throws: UnfitMail.self, "\(type)") { try MailAttachment(name: "a", contentType: type, bytes: []) }
        }
    }
}
