/// Follows the dialogue of one mail, and says in the end what came of it (RFC 5321). Pure.
struct SMTPDialogue: Sendable {
    enum Stage: Int, Comparable, Sendable {
        /// Connecting, greeting, TLS, signing in.
        case opening
        case sender
        case recipient
        case data
        /// All of the mail was given away, though maybe not sent yet.
        case ended

        static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    private(set) var stage = Stage.opening
    /// The last reply at this stage; nil while it is still to come.
    private(set) var reply: (code: Int, text: String)?
    private var isSigningIn = false
    /// libcurl takes its leave after a failure; what the server says to that is about nothing.
    private var isOver = false
    private var lines: [String] = []

    private static let linesMax = 8
    private static let lineBytesMax = 200
    /// Sent again as it is, such a mail is too large again.
    private static let tooLarge = 552
    /// Replies that mean that we have not signed in.
    private static let signInNeeded: Set<Int> = [530, 535, 538]

    /// A command was sent.
    mutating func sent(_ command: some Collection<UInt8>) {
        let line = command.prefix(10).prefix { $0 != 13 && $0 != 10 }
        let word = String(decoding: line, as: UTF8.self).uppercased()
        if word.hasPrefix("MAIL FROM:") {
            move(to: .sender)
        } else if word.hasPrefix("RCPT TO:") {
            move(to: .recipient)
        } else if word == "DATA" {
            move(to: .data)
        } else if word == "QUIT" {
            isOver = true
        } else if stage == .opening {
            // What was answered before is about something else. The command itself may be a password.
            reply = nil
            isSigningIn = isSigningIn || word.hasPrefix("AUTH ")
        }
    }

    /// A line of a reply has come.
    mutating func heard(_ line: some Collection<UInt8>) {
        guard !isOver else { return }
        let text = SMTPDialogue.printable(line)
        let bytes = Array(text.utf8.prefix(4))
        guard bytes.count >= 3, let code = Int(String(decoding: bytes.prefix(3), as: UTF8.self)),
            (200...599).contains(code)
        else { return }
        if lines.count < SMTPDialogue.linesMax { lines.append(text) }
        // A hyphen behind the code announces further lines.
        guard bytes.count < 4 || bytes[3] != UInt8(ascii: "-") else { return }
        // The leave to send the mail comes before the mail.
        if stage == .ended, code == 354 { return lines = [] }
        reply = (code, lines.joined(separator: " "))
        lines = []
    }

    /// The last byte of the mail was given away.
    mutating func gaveAll() { move(to: .ended) }

    /// Whether a new connection is worth an attempt at once: this one was kept from an earlier mail, and the server had
    /// closed it or meant to.
    var wasStale: Bool {
        guard stage == .sender || stage == .opening else { return false }
        return reply.map { $0.code == SMTPRefusal.serviceUnavailable } ?? true
    }

    /// What came of it.
    /// - Parameter failure: what libcurl has to say, if it failed.
    func outcome(failure: String?) -> SMTPOutcome {
        guard let failure else { return .accepted }
        let why = SMTPDialogue.printable(failure.utf8)
        guard let reply, reply.code >= 400 || stage == .ended else { return outcomeWithoutReply(why) }
        if SMTPDialogue.signInNeeded.contains(reply.code) || (stage == .opening && isSigningIn) {
            return .unreachable("The server refuses the sign-in: \(reply.text)")
        }
        let refusal = SMTPRefusal(code: reply.code, text: reply.text, isOfRecipient: stage == .recipient)
        switch (stage, reply.code) {
        case (.opening, _): return .unreachable("The server refuses: \(reply.text)")
        case (_, 400..<500): return .refusedForNow(refusal)
        case (.ended, 200..<300): return .accepted
        case (.sender, let code) where code != SMTPDialogue.tooLarge:
            return .unreachable("The server refuses the sender: \(reply.text)")
        case (_, 500..<600): return .refusedForGood(refusal)
        default: return .unknown("The server answered \(reply.text)")
        }
    }

    private func outcomeWithoutReply(_ why: String) -> SMTPOutcome {
        switch stage {
        case .opening: .unreachable(why)
        case .ended: .unknown("The connection was lost after the mail: \(why)")
        default:
            .refusedForNow(SMTPRefusal(code: 0, text: "The connection was lost before the mail's end: \(why)"))
        }
    }

    private mutating func move(to next: Stage) {
        stage = next
        reply = nil
        lines = []
    }

    /// A stranger's line, short and without what a terminal would obey.
    private static func printable(_ line: some Collection<UInt8>) -> String {
        let text = String(decoding: line.prefix(lineBytesMax), as: UTF8.self)
        let kept = String.UnicodeScalarView(text.unicodeScalars.filter { !$0.isControl })
        return String(kept)
    }
}
