import Foundation
import Hummingbird
import OnsaleAccounts
import OnsaleEngine

/// Whoever shows a token of the staff.
struct StaffMember: Sendable {
    /// The account's name. Without an account, what they call themselves, which nothing proves.
    let name: String
    /// nil where the token is one of the two that are configured, which many may share.
    let account: String?
    let role: StaffRole
    /// Whether there is a name at all, proved or not.
    let isNamed: Bool

    private static let nameCharactersMax = 80

    init(_ account: StaffAccount) {
        name = account.name
        self.account = account.id
        role = account.role
        isNamed = true
    }

    /// Whoever shows a configured token, by the name in `Onsale-Actor`, percent-encoded UTF-8.
    init(_ request: Request, _ role: StaffRole) {
        let given = request.headers[.onsaleActor]?.removingPercentEncoding ?? ""
        let shown = given.filter { !$0.isNewline && !$0.unicodeScalars.contains(where: \.breaksLine) }
        let name = String(shown.prefix(StaffMember.nameCharactersMax))
        self.name = name.isEmpty ? (role == .door ? "door" : "organizer") : name
        account = nil
        self.role = role
        isNamed = !name.isEmpty
    }

    /// What they did, for the audit list.
    func note(_ action: AuditNote.Action, _ detail: String = "") -> AuditNote {
        AuditNote(actor: name, account: account, action: action, detail: detail)
    }

    /// - Parameter roles: those that suffice.
    /// - Throws: ``Problem`` if theirs includes none of them.
    func required(_ roles: [StaffRole]) throws(Problem) -> StaffMember {
        if roles.contains(where: role.includes) { return self }
        let needs = roles.first ?? .owner
        throw Problem(.forbidden, "This needs the role \(needs.rawValue); this token's is \(role.rawValue).") {
            [role] writer in
            writer.member("role", role.rawValue)
            writer.member("needs", needs.rawValue)
        }
    }
}
