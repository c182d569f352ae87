/// What a mail is built of; each part is written as text and as HTML, so that both say the same.
enum MailPart: Hashable, Sendable {
    case paragraph(String)
    /// In somebody else's words.
    case quote(String)
    /// Names and values, in their order.
    case facts([(name: String, value: String)])
    case list(title: String, items: [String])
    /// Digits to type.
    case code(String)
    case button(title: String, WebLink)
    case note(String)

    static func == (left: MailPart, right: MailPart) -> Bool { left.html == right.html }

    func hash(into hasher: inout Hasher) { hasher.combine(html) }
}

/// A mail's page: one column without tables, readable on a phone, light or dark as the reader has it.
struct MailLayout: Sendable {
    let language: MailLanguage
    let subject: String
    let heading: String
    let parts: [MailPart]
    let footer: String

    var content: MailContent {
        MailContent(subject: HeaderText.clean(subject), text: text, html: html)
    }

    private var text: String {
        ([heading] + parts.map(\.text) + ["--\n" + footer]).joined(separator: "\n\n") + "\n"
    }

    private var html: String {
        """
        <!DOCTYPE html>
        <html lang="\(language.rawValue)">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="supported-color-schemes" content="light dark">
        <title>\(escaped(HeaderText.clean(subject)))</title>
        <style>\(MailLayout.style)</style>
        </head>
        <body>
        <main>
        <h1>\(escaped(heading))</h1>
        \(parts.map(\.html).joined(separator: "\n"))
        <footer>\(escaped(footer))</footer>
        </main>
        </body>
        </html>

        """
    }

    private static let style = """

        :root { color-scheme: light dark; }
        body { margin: 0; padding: 16px; background: #f4f4f6; color: #1c1c22;
          font: 16px/1.6 -apple-system, "Apple SD Gothic Neo", "Noto Sans KR", "Malgun Gothic", "Segoe UI", sans-serif;
          word-break: keep-all; overflow-wrap: anywhere; }
        main { display: block; max-width: 560px; margin: 0 auto; padding: 24px; background: #fff; border-radius: 12px; }
        h1 { margin: 0 0 16px; font-size: 22px; line-height: 1.35; }
        h2 { margin: 24px 0 8px; font-size: 16px; }
        dl { margin: 16px 0; padding: 8px 0; border-top: 1px solid #d9d9e0; border-bottom: 1px solid #d9d9e0; }
        dt { margin-top: 8px; font-size: 13px; color: #62626c; }
        dd { margin: 0; }
        blockquote { margin: 16px 0; padding: 4px 16px; border-left: 4px solid #b8b8c4; }
        .code { margin: 16px 0; font: 700 34px/1.4 ui-monospace, Menlo, Consolas, monospace; letter-spacing: 8px; }
        .button { display: inline-block; padding: 12px 24px; border-radius: 8px; background: #1d4ed8; color: #fff;
          font-weight: 600; text-decoration: none; }
        .note, footer { font-size: 13px; color: #62626c; }
        footer { display: block; margin-top: 32px; }
        @media (prefers-color-scheme: dark) {
          body { background: #111114; color: #ececf1; }
          main { background: #1c1c22; }
          dl { border-color: #3a3a44; }
          dt, .note, footer { color: #a5a5b1; }
          .button { background: #3b6cf0; }
        }

        """
}

extension MailPart {
    var text: String {
        switch self {
        case .paragraph(let text), .note(let text): text
        case .quote(let text):
            text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { "> " + $0 }
                .joined(separator: "\n")
        case .facts(let facts): facts.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        case .list(let title, let items): title + "\n" + items.map { "- " + $0 }.joined(separator: "\n")
        case .code(let code): "    " + code
        case .button(let title, let link): title + ":\n" + link.url
        }
    }

    var html: String {
        switch self {
        case .paragraph(let text): "<p>\(escaped(text))</p>"
        case .note(let text): "<p class=\"note\">\(escaped(text))</p>"
        case .quote(let text): "<blockquote><p>\(escaped(text))</p></blockquote>"
        case .facts(let facts):
            "<dl>" + facts.map { "<dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd>" }.joined() + "</dl>"
        case .list(let title, let items):
            "<h2>\(escaped(title))</h2><ul>" + items.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
        case .code(let code): "<p class=\"code\">\(escaped(code))</p>"
        case .button(let title, let link):
            "<p><a class=\"button\" href=\"\(escaped(link.url))\">\(escaped(title))</a></p>"
        }
    }
}

/// Text that is nothing but text in HTML; ends of lines stay seen.
func escaped(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&#39;"
        case "\n": escaped += "<br>"
        default: escaped.unicodeScalars.append(scalar.isControl ? " " : scalar)
        }
    }
    return escaped
}
