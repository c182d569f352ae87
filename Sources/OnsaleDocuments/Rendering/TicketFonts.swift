import CPango
package import Logging
import Synchronization

/// The letters of all documents.
///
/// Fonts with TrueType's outlines, as Nanum's are, go into a PDF by our own hand. Whatever else a text takes its letters
/// from, Cairo draws, at ten times the cost.
enum TicketFonts {
    /// In order of preference, as CSS and Pango both have it. Debian's fonts-nanum has the first.
    static let family = "NanumSquare, Noto Sans CJK KR, Apple SD Gothic Neo, sans-serif"
    static let millimetresAPoint = 25.4 / 72
}

/// Says in the log, once, that no installed font has Korean letters. Share one among all renderers of a process.
package final class FontNotice: Sendable {
    private let logger: Logger
    private let isTold = Atomic(false)

    package init(_ logger: Logger) { self.logger = logger }

    func missingKorean() {
        guard !isTold.exchange(true, ordering: .relaxed) else { return }
        logger.warning(
            "No font here has Korean letters; tickets show boxes in their place. Install one, such as fonts-nanum",
            metadata: ["families": "\(TicketFonts.family)"])
    }
}
