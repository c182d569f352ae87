import Foundation
import OnsaleValues

/// What an organizer's endpoint said: `{"eligible": true | false, "reason"}`.
public struct EligibilityAnswer: Hashable, Sendable {
    public let isEligible: Bool
    /// The organizer's own words: one line without control characters, at most ``reasonCharactersMax``.
    public let reason: String?

    public init(isEligible: Bool, reason: String? = nil) {
        self.isEligible = isEligible
        self.reason = reason.flatMap(EligibilityAnswer.line)
    }

    public static let bytesMax = 65_536
    public static let reasonCharactersMax = 500

    /// Reads an answer. Members that nobody knows are passed over.
    /// - Returns: nil for whatever is no answer: another status than one of success, too many bytes, other types, a member
    ///   twice, which some would read as yes and others as no.
    public init?(_ response: EligibilityResponse) {
        guard (200..<300).contains(response.status), response.body.count <= EligibilityAnswer.bytesMax,
            (try? JSONCheck.check(response.body)) != nil,
            let answer = try? JSONDecoder().decode(Wire.self, from: Data(response.body))
        else { return nil }
        self.init(isEligible: answer.eligible, reason: answer.reason)
    }

    private struct Wire: Decodable {
        let eligible: Bool
        let reason: String?
    }

    /// A stranger's words as one line: they end up in mails and logs, so nothing in them may steer either, or turn
    /// the direction of writing.
    private static func line(_ text: String) -> String? {
        var scalars = String.UnicodeScalarView()
        // Characters of many scalars are longer than they look.
        for scalar in text.unicodeScalars.prefix(4 * reasonCharactersMax) {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: continue
            case .format where scalar != "\u{200D}": continue
            default: scalars.append(scalar)
            }
        }
        let line = String(String(scalars).prefix(reasonCharactersMax))
        return line.allSatisfy(\.isWhitespace) ? nil : line
    }
}
