import OnsaleMail
import Testing

@Suite struct SMTPConfigurationTests {
    @Test func theURLSaysWhereHowAndAsWhom() throws {
        let relay = try SMTPConfiguration("smtp://mailer:Geheim%3A1%2F%C3%A4@mail.example.kr")
        #expect(relay.host == "mail.example.kr" && relay.port == 587 && relay.user == "mailer")
        #expect(relay.security == .startTLS)
        #expect(try SMTPConfiguration("smtps://mail.example.kr").port == 465)
        #expect(try SMTPConfiguration("smtps://mail.example.kr").security == .implicit)
        #expect(try SMTPConfiguration("smtp://127.0.0.1:1025").security == .none)
        #expect(try SMTPConfiguration("smtp://localhost:1025/").security == .none)
        #expect(try SMTPConfiguration("smtp://[::1]:1025").security == .none)
        #expect(try SMTPConfiguration("smtp://127.0.0.1?tls=required&ca=/etc/ca.pem").authorities == "/etc/ca.pem")
        #expect(try SMTPConfiguration("smtp://127.0.0.1?tls=required").security == .startTLS)
        #expect(try SMTPConfiguration("smtp://mail.example.kr?tls=off").security == .none)
        // What merely looks like loopback.
        #expect(try SMTPConfiguration("smtp://127.0.0.1.example.kr").security == .startTLS)
        #expect(try SMTPConfiguration("smtp://localhost.example.kr").security == .startTLS)
    }

    @Test func aWrongURLIsRefusedInWordsThatDoNotRepeatIt() {
        for url in [
            "", "http://geheim@h", "smtp://", "smtp://h:0", "smtp://h:70000", "smtp://h:x", "smtp://geheim@h",
            "smtp://u:@h", "smtp://u:geheim@h/path", "smtp://u:geheim@h?tls=maybe", "smtp://u:geheim@h?x=1",
            "smtps://u:geheim@h?tls=off", "smtp://u:geheim%@h", "smtp://u:geheim%00@h", "smtp://u:geheim%0d%0aX@h",
            "smtp://u:geheim@h h", "smtp://u:geheim@h?tls=off&tls=off", "smtp://u:geheim@[::1", "smtp://h#geheim",
            "smtp://" + String(repeating: "geheim", count: 1_000),
        ] {
            do {
                _ = try SMTPConfiguration(url)
                Issue.record("taken: \(url)")
            } catch {
                #expect(!error.description.isEmpty && !error.description.contains("geheim"), "\(url)")
            }
        }
    }

    @Test func nothingThatIsPrintedHasThePassword() throws {
        let configuration = try SMTPConfiguration("smtp://mailer:geheim@mail.example.kr:25")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("geheim") && text.contains("mail.example.kr:25"))
        }
        #expect("\(configuration)" == "smtp://mailer:***@mail.example.kr:25")
    }
}
