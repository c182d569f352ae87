package import OnsaleValues

/// An attempt that has ended.
package struct WebhookAttempt: Hashable, Sendable {
    /// How much of an answer is kept, in bytes.
    package static let answerBytesMax = 1024

    package let outcome: AttemptOutcome
    package let beganAt: Timestamp
    package let durationMilliseconds: Int64
    /// The beginning of the answer's body, with a dot for whatever is no printable character.
    package let answer: String

    package init(_ outcome: AttemptOutcome, beganAt: Timestamp, durationMilliseconds: Int64, answer: [UInt8] = []) {
        self.outcome = outcome
        self.beganAt = beganAt
        self.durationMilliseconds = durationMilliseconds
        let text = String(decoding: answer.prefix(WebhookAttempt.answerBytesMax), as: UTF8.self)
        self.answer = String(
            String.UnicodeScalarView(text.unicodeScalars.map { WebhookAttempt.isPrintable($0) ? $0 : "." }))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
