import Foundation
import OnsaleEngine
import OnsaleHTTP
import OnsaleMail
import OnsaleSignIn
import OnsaleValues

/// Codes that the mail service sends.
struct SignInByMail: MailedCodes {
    let desk: SignInDesk
    let contacts: ContactTables
    let book: ContactDesk
    let mails: MailRole
    let publicURL: String

    func ask(for mailbox: Mailbox) async throws -> CodeAsked {
        switch try await desk.ask(mailbox.folded) {
        case .mail(let code, let expiresAt):
            // Another spelling takes the place of a known address only once its mail has been read.
            if try await contacts.contact(of: mailbox.buyer) == nil { try await book.keep(mailbox) }
            try await mails.signIn(code, link: link(mailbox, code), to: mailbox.buyer)
            return .mailed(expiresAt: expiresAt)
        case .tooMany(let retryAt): return .tooMany(retryAfterSeconds: SignInByMail.seconds(until: retryAt))
        }
    }

    /// The page that signs in with the code. What it must know stands behind a `#`, so no server's log has it.
    private func link(_ mailbox: Mailbox, _ code: String) -> WebLink? {
        mailbox.address.addingPercentEncoding(withAllowedCharacters: .alphanumerics).flatMap {
            WebLink("\(publicURL)/sign-in#email=\($0)&code=\(code)")
        }
    }

    func attempt(_ code: String, for mailbox: Mailbox) async throws -> CodeTried {
        switch try await desk.attempt(code, for: mailbox.folded) {
        case .right: .right
        case .wrong: .wrong
        case .tooMany(let retryAt): .tooMany(retryAfterSeconds: SignInByMail.seconds(until: retryAt))
        }
    }

    private static func seconds(until moment: Timestamp) -> Int {
        max(1, Int((moment.milliseconds - SystemClock.wallMilliseconds()) / 1000))
    }
}
