package import OnsaleValues

/// Somebody of the staff, or a device at the door.
package struct StaffAccount: Hashable, Sendable {
    /// `acc_` and 32 hexadecimal digits.
    package let id: String
    package let name: String
    package let role: StaffRole
    package let createdAt: Timestamp
    /// Who made it, by name.
    package let createdBy: String
    /// When its token was last shown, within an hour; nil if it never was.
    package let lastUsedAt: Timestamp?
    package let revoked: Revocation?

    package struct Revocation: Hashable, Sendable {
        package let at: Timestamp
        package let by: String
    }
}

/// Why something can't be done with an account.
package enum StaffRefusal: Error, Hashable {
    /// An account in use has the name.
    case nameTaken
    /// There are ``StaffAccounts/inUseMax`` in use.
    case tooMany
    /// There is none, or it is revoked.
    case unknown
}
