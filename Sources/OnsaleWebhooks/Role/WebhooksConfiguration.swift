package import NIOCore
import NIOPosix
package import NIOSSL

/// What webhooks need to know from outside.
package struct WebhooksConfiguration: Sendable {
    /// Under which secrets lie in the tables.
    package var seal: SecretSeal
    /// Where endpoints may be.
    package var reach = WebhookURL.Reach.isPublic
    package var limits = WebhookLimits()
    package var senderLimits = SenderLimits()
    /// Nil for the system's.
    package var resolver: (any AddressResolver)?
    /// Whose certificates are believed.
    package var trustRoots = NIOSSLTrustRoots.default
    package var group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    /// How often to look for what other processes have left behind.
    package var look = Duration.seconds(1)
    /// How often to count, trim, and tell of endpoints that were switched off.
    package var upkeep = Duration.seconds(5)

    package init(seal: SecretSeal) { self.seal = seal }
}
