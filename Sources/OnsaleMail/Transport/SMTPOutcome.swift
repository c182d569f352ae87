/// What has become of one attempt to hand over a mail.
package enum SMTPOutcome: Hashable, Sendable {
    /// The server has it, and answers for it from here on.
    case accepted
    /// Not now; a later attempt may succeed.
    case refusedForNow(SMTPRefusal)
    /// The server will never take this mail.
    case refusedForGood(SMTPRefusal)
    /// There is no server that takes mails from us: nobody answers, its certificate is wrong, it refuses the sign-in or the
    /// sender. No matter of this mail.
    case unreachable(String)
    /// The mail was sent, and the connection lost before the answer: the server has it or has not.
    case unknown(String)
}

extension SMTPOutcome {
    /// Why it tells of a server that takes no mail at the moment, whatever the mail; nil if it tells of none.
    var absence: String? {
        switch self {
        case .unreachable(let reason), .unknown(let reason): reason
        case .refusedForNow(let refusal) where refusal.code == SMTPRefusal.serviceUnavailable && !refusal.isOfRecipient:
            refusal.description
        case .accepted, .refusedForNow, .refusedForGood: nil
        }
    }
}

/// Why a server doesn't take a mail.
package struct SMTPRefusal: Hashable, Sendable, CustomStringConvertible {
    /// The reply's code (RFC 5321, section 4.2); 0 where the connection was lost before there was one.
    package let code: Int
    /// In the server's words, one line.
    package let text: String
    /// Whether it is this recipient that the server doesn't want, rather than a mail at all.
    package let isOfRecipient: Bool

    package init(code: Int, text: String, isOfRecipient: Bool = false) {
        self.code = code
        self.text = text
        self.isOfRecipient = isOfRecipient
    }

    /// The reply of a server that is about to close the connection.
    package static let serviceUnavailable = 421

    package var description: String { text }
}
