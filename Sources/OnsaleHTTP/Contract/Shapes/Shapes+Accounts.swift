import OnsaleAccounts

/// The staff's accounts.
extension Shape {
    static let staffRole = Shape.word(StaffRole.allCases.map(\.rawValue)).named(
        "StaffRole",
        "A `viewer` sees everything, a `box-office` deals with buyers, seats kept back and pauses too, an `owner` does "
            + "everything; a `door` lets people in.")

    private static let accountID = Shape.text(pattern: "^acc_[0-9a-f]{32}$")

    static let createAccount = Shape.object([
        .required("name", .text(length: 1...StaffName.charactersMax), "Only one account in use has it."),
        .required("role", .staffRole),
    ]).named("CreateAccount", examples: [["name": "Gate B", "role": "door"]])

    static let account = Shape.object([
        .required("id", .accountID),
        .required("name", .text),
        .required("role", .staffRole),
        .required("createdAt", .time),
        .required("createdBy", .text, "Name of whoever made it."),
        .required("lastUsedAt", .time.orNull, "When its token was last shown, within an hour; null if never."),
        .required("revokedAt", .time.orNull, "Null while it is in use."),
        .required("revokedBy", .text.orNull),
    ]).named("Account")

    static let newAccount = Shape.extended(
        .account,
        by: [.required("token", .text(pattern: "^onsale_staff_"), "Its bearer token, which is not told again.")]
    ).named("NewAccount")

    static let accounts = Shape.object([
        .required("accounts", .list(.account), "Those in use before those that are revoked, the newest first.")
    ]).named("AccountList")

    static let caller = Shape.object([
        .required("id", .accountID.orNull, "Null for the tokens that are configured."),
        .required("name", .text),
        .required("role", .staffRole),
    ]).named("Caller", "Whose token it is.")
}
