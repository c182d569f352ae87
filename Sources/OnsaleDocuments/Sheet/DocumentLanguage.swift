/// The language of an order's documents.
package enum DocumentLanguage: String, CaseIterable, Hashable, Sendable {
    case korean = "ko"
    case english = "en"

    /// The one of two texts that is in this language.
    func text(_ korean: String, _ english: String) -> String {
        switch self {
        case .korean: korean
        case .english: english
        }
    }
}
