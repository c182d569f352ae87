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
    let mails: MailRole
    let publicURL: String

    func ask(for mailbox: Mailbox) async throws -> CodeAsked {
        guard let contact = ContactDesk.contact(mailbox) else { return .unreachable }
        switch try await desk.ask(mailbox.folded) {
        case .mail(let code, let link, let expiresAt):
            // Whoever asks may be a stranger: the address is known for good only once its mail has been read.
            try await contacts.lend(contact, of: mailbox.buyer, until: expiresAt)
            try await mails.signIn(code, link: self.link(mailbox, link), to: mailbox.buyer)
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
