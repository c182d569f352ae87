import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleValues

/// The kept mails on the management port: as JSON, and as pages for a browser.
struct MailPages: Sendable {
    let shelf: any MailShelf

    private static let listMax = 100

    func list(_ request: Request) async throws -> Response {
        let mails = try await shelf.newest(limit: MailPages.listMax)
        if MailPages.wantsPage(request) {
            let rows = mails.map { mail in
                """
                <li><a href="/mails/\(MailPages.escaped(mail.id))">\(MailPages.escaped(mail.subject))</a>
                <small>\(MailPages.escaped(mail.state)) · \(RFC3339.format(mail.queuedAt))</small></li>
                """
            }
            return page("Mails", mails.isEmpty ? "<p>No mail yet.</p>" : "<ul>\(rows.joined())</ul>")
        }
        return .json(.ok) { writer in
            writer.array("mails") { writer in
                for mail in mails { writer.object { MailPages.write(mail, to: &$0) } }
            }
        }
    }

    func show(_ id: String, _ request: Request) async throws -> Response {
        guard let mail = try await shelf.mail(id) else { throw Problem(.notFound, "There is no such mail.") }
        if MailPages.wantsPage(request) {
            // The mail's own page is shown as a mail program would: apart, and without scripts.
            let body = """
                <p><a href="/mails">All mails</a></p><h1>\(MailPages.escaped(mail.subject))</h1>
                <p><small>\(MailPages.escaped(mail.state))\(MailPages.files(mail))</small></p>
                <iframe sandbox src="/mails/\(MailPages.escaped(mail.id))/html"></iframe>
                <h2>As text</h2><pre>\(MailPages.escaped(mail.text))</pre>
                """
            return page(mail.subject, body)
        }
        return .json(.ok) { writer in
            MailPages.write(mail, to: &writer)
            writer.member("text", mail.text)
            writer.member("html", mail.html)
        }
    }

    /// What the mail's own page is, alone.
    func html(_ id: String) async throws -> Response {
        guard let mail = try await shelf.mail(id) else { throw Problem(.notFound, "There is no such mail.") }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy: "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
            ], body: .init(byteBuffer: ByteBuffer(string: mail.html)))
    }

    private static func files(_ mail: ShelfMail) -> String {
        mail.attachments.isEmpty ? "" : " · with " + escaped(mail.attachments.joined(separator: ", "))
    }

    private static func write(_ mail: ShelfMail, to writer: inout JSONWriter) {
        writer.member("id", mail.id)
        writer.member("kind", mail.kind)
        writer.member("state", mail.state)
        writer.member("queuedAt", mail.queuedAt)
        writer.member("subject", mail.subject)
        writer.member("attachments", strings: mail.attachments)
    }

    private static func wantsPage(_ request: Request) -> Bool {
        request.headers[.accept]?.contains("text/html") ?? false
    }

    private func page(_ title: String, _ body: String) -> Response {
        let html = """
            <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(MailPages.escaped(title))</title>
            <style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
            iframe{width:100%;height:36rem;border:1px solid #ccc}pre{white-space:pre-wrap}li{margin:.5rem 0}</style>
            \(body)</html>
            """
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy:
                    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'",
            ],
            body: .init(byteBuffer: ByteBuffer(string: html)))
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
