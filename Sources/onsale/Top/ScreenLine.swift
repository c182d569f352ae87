/// A line of the screen: pieces of text with what they mean, so that colour stays out of the layout.
struct ScreenLine: Sendable, Equatable {
    enum Style: Sendable { case plain, strong, faint, alarm, good }

    private var pieces: [(text: String, style: Style)] = []

    /// What the line says, without escape codes.
    var text: String { pieces.map(\.text).joined() }
    /// The same without blanks at the end.
    var plain: String {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }
    /// Each character takes one column: see ``harmless(_:)``.
    var width: Int { pieces.reduce(0) { $0 + $1.text.count } }

    init(_ text: String = "", _ style: Style = .plain) {
        add(text, style)
    }

    mutating func add(_ text: String, _ style: Style = .plain) {
        if !text.isEmpty { pieces.append((text, style)) }
    }

    static func == (left: Self, right: Self) -> Bool {
        left.pieces.elementsEqual(right.pieces) { $0 == $1 }
    }

    /// The line cut or filled up to a width.
    func fitted(_ columns: Int) -> ScreenLine {
        var line = ScreenLine()
        var left = max(0, columns)
        for (text, style) in pieces where left > 0 {
            line.add(String(text.prefix(left)), style)
            left -= min(left, text.count)
        }
        line.add(String(repeating: " ", count: left))
        return line
    }

    /// The line with the escape codes of its colours (ECMA-48, "Select graphic rendition").
    var coloured: String {
        pieces.map { text, style in
            switch style {
            case .plain: text
            case .strong: "\u{1b}[1m\(text)\u{1b}[0m"
            case .faint: "\u{1b}[2m\(text)\u{1b}[0m"
            case .alarm: "\u{1b}[1;31m\(text)\u{1b}[0m"
            case .good: "\u{1b}[32m\(text)\u{1b}[0m"
            }
        }
        .joined()
    }

    /// Text from outside, safe to print: anything but printable ASCII becomes `?`, so that nothing can send escape codes
    /// to the terminal, and each character is one column wide.
    static func harmless(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { (" "..."~").contains($0) ? $0 : "?" }))
    }
}
