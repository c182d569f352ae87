import HTTPTypes
import Hummingbird
import OnsaleAccounts
import OnsaleValues

/// The staff: who they are, and what their tokens may do.
struct AccountRoutes: RouteGroup {
    /// nil where there are none.
    let accounts: StaffAccounts?

    private static let path = "/v1/accounts"

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "getCaller", .get, "/v1/account", for: .organizer, at: .any, "Says whose token this is.",
                by: .anyStaff, takes: .nothing, gives: [.init(200, "The account.", .caller)]
            ) { call in
                .json(.ok) { writer in
                    writer.member("id", call.caller.account)
                    writer.member("name", call.caller.name)
                    writer.member("role", call.caller.role.rawValue)
                }
            },
            Endpoint(
                "createAccount", .post, AccountRoutes.path, for: .organizer, at: .any,
                "Makes an account for one of the staff, or for a device at the door.",
                "Whatever is done with its token is recorded under its name.", by: .owner,
                takes: .json(CreateAccount.self),
                gives: [.init(201, "The account, with its token, which is not told again.", .newAccount)],
                refuses: [.unavailable: ""], create),
            Endpoint(
                "listAccounts", .get, AccountRoutes.path, for: .organizer, at: .any, "Lists the accounts.",
                "Up to 500 in use, and the 500 that were revoked last.",
                by: .owner, takes: .nothing, gives: [.init(200, "The accounts.", .accounts)],
                refuses: [.unavailable: ""], list),
            Endpoint(
                "renewAccountToken", .post, AccountRoutes.path + "/:account/token", for: .organizer, at: .any,
                "Gives an account another token.", "The one before ends, on every node within two seconds.",
                by: .owner, takes: .nothing,
                gives: [.init(201, "The account, with its token, which is not told again.", .newAccount)],
                refuses: [.notFound: "no account in use has this id", .unavailable: ""], renew),
            Endpoint(
                "revokeAccount", .delete, AccountRoutes.path + "/:account", for: .organizer, at: .any,
                "Revokes an account.", "Its token ends, on every node within two seconds.", by: .owner,
                takes: .nothing, gives: [.init(204, "It is revoked.")],
                refuses: [.notFound: "no account in use has this id", .unavailable: ""], revoke),
        ]
    }

    private func create(_ call: Call<StaffMember, CreateAccount>) async throws -> Response {
        var faults = Faults()
        let name = StaffName(call.content.name)
        faults.require(
            name != nil, "/name", "must have 1 to \(StaffName.charactersMax) characters, all of which can be seen")
        let role = StaffRole(rawValue: call.content.role)
        faults.require(
            role != nil, "/role", "must be one of \(StaffRole.allCases.map(\.rawValue).joined(separator: ", "))")
        try faults.throwIfAny()
        guard let name, let role else { throw Problem.notFound }
        let (account, token) = try await asking { try await $0.create(name, role, by: call.caller.name) }
        return AccountRoutes.created(account, token)
    }

    private func list(_ call: Call<StaffMember, Void>) async throws -> Response {
        let all = try await asking { try await $0.all() }
        return .json(.ok) { writer in
            writer.array("accounts") { writer in
                for account in all { writer.object { AccountRoutes.write(account, to: &$0) } }
            }
        }
    }

    private func renew(_ call: Call<StaffMember, Void>) async throws -> Response {
        let (account, token) = try await asking { try await $0.renew(call.account) }
        return AccountRoutes.created(account, token)
    }

    private func revoke(_ call: Call<StaffMember, Void>) async throws -> Response {
        try await asking { try await $0.revoke(call.account, by: call.caller.name) }
        return .noContent
    }

    private func asking<Value>(_ body: (StaffAccounts) async throws -> Value) async throws -> Value {
        guard let accounts else { throw Problem(.unavailable, "There are no accounts here.") }
        return try await kept {
            do { return try await body(accounts) } catch let refusal as StaffRefusal { throw Problem(refusal) }
        }
    }

    private static func created(_ account: StaffAccount, _ token: StaffToken) -> Response {
        .json(.created, headers: [.cacheControl: "no-store"]) { writer in
            write(account, to: &writer)
            writer.member("token", token.text)
        }
    }

    private static func write(_ account: StaffAccount, to writer: inout JSONWriter) {
        writer.member("id", account.id)
        writer.member("name", account.name)
        writer.member("role", account.role.rawValue)
        writer.member("createdAt", account.createdAt)
        writer.member("createdBy", account.createdBy)
        writer.member("lastUsedAt", account.lastUsedAt)
        writer.member("revokedAt", account.revoked?.at)
        writer.member("revokedBy", account.revoked?.by)
    }
}

extension Call {
    /// The account in the path.
    fileprivate var account: String { parameter("account") ?? "" }
}

extension Problem {
    fileprivate init(_ refusal: StaffRefusal) {
        switch refusal {
        case .nameTaken: self = .invalid("/name", "is the name of another account in use")
        case .tooMany: self = .invalid("/name", "can't be added: \(StaffAccounts.inUseMax) accounts are in use")
        case .unknown: self = .notFound
        }
    }
}

struct CreateAccount: JSONBody {
    static let shape = Shape.createAccount

    let name: String
    let role: String
}
