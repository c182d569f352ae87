package import OnsaleValues

/// The secrets that an endpoint's deliveries are signed with: the current one, and for a day each one that was
/// replaced, so that the endpoint's owner can change over without losing anything.
package struct SigningSecrets: Hashable, Sendable {
    package struct Retired: Hashable, Sendable {
        package let secret: WebhookSecret
        package let validUntil: Timestamp

        package init(_ secret: WebhookSecret, validUntil: Timestamp) {
            self.secret = secret
            self.validUntil = validUntil
        }
    }

    /// How long a replaced secret still signs.
    package static let overlapSeconds = 86_400
    /// How many replaced ones sign at most; with more rotations in a day the oldest ends early.
    package static let retiredMax = 3

    package let current: WebhookSecret
    /// The newest first.
    package let retired: [Retired]

    package init(_ current: WebhookSecret, retired: [Retired] = []) {
        self.current = current
        self.retired = Array(retired.prefix(SigningSecrets.retiredMax))
    }

    /// The secrets after a rotation at that time.
    package func rotated(to secret: WebhookSecret, at now: Timestamp) -> SigningSecrets {
        let replaced = Retired(current, validUntil: now.adding(seconds: SigningSecrets.overlapSeconds))
        return SigningSecrets(secret, retired: [replaced] + retired.filter { $0.validUntil > now })
    }

    /// What signs at that time, the current one first.
    package func valid(at now: Timestamp) -> [WebhookSecret] {
        [current] + retired.filter { $0.validUntil > now }.map(\.secret)
    }
}
