import Foundation
package import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL
package import OnsaleValues
import Synchronization

/// Makes one attempt at a time for whoever asks: a POST on a connection of its own.
///
/// The host's name is looked up here, all its addresses must be public, and the connection goes to one that was
/// checked: a name that means something else a moment later (DNS rebinding) changes nothing. TLS and `Host` have the name.
/// Redirects are never followed, and no proxy of the environment is used.
package final class WebhookSender: Sendable {
    private let reach: WebhookURL.Reach
    private let resolver: any AddressResolver
    private let group: any EventLoopGroup
    private let limits: SenderLimits
    private let tls: NIOSSLContext
    private let underWay = Atomic<Int>(0)
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - trustRoots: whose certificates are believed.
    ///   - now: the time of day, for what is signed.
    /// - Throws: errors of BoringSSL, if the certificates can't be read.
    package init(
        reach: WebhookURL.Reach, resolver: any AddressResolver, group: any EventLoopGroup,
        limits: SenderLimits = SenderLimits(), trustRoots: NIOSSLTrustRoots = .default,
        now: @escaping @Sendable () -> Timestamp = WebhookSender.timeOfDay
    ) throws {
        self.reach = reach
        self.resolver = resolver
        self.group = group
        self.limits = limits
        self.now = now
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.trustRoots = trustRoots
        configuration.applicationProtocols = ["http/1.1"]
        tls = try NIOSSLContext(configuration: configuration)
    }

    /// The system's.
    package static let timeOfDay: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    /// Sends a message once. Ends within ``SenderLimits/attempt``.
    /// - Parameter url: as the store has it; it is checked again, since what is allowed may have changed.
    package func send(
        _ message: WebhookID, body: [UInt8], to url: String, secrets: SigningSecrets
    ) async -> WebhookAttempt {
        let began = ContinuousClock.now
        let beganAt = now()
        let (outcome, answer) = await outcome(message, body, url, secrets, deadline: .now() + limits.attempt)
        return WebhookAttempt(
            outcome, beganAt: beganAt, durationMilliseconds: Int64((ContinuousClock.now - began) / .milliseconds(1)),
            answer: answer)
    }

    private func outcome(
        _ message: WebhookID, _ body: [UInt8], _ text: String, _ secrets: SigningSecrets, deadline: NIODeadline
    ) async -> (AttemptOutcome, [UInt8]) {
        guard let url = try? WebhookURL(text, reach: reach) else { return (.forbidden, []) }
        guard underWay.add(1, ordering: .relaxed).newValue <= limits.connectionsMax else {
            underWay.subtract(1, ordering: .relaxed)
            return (.notTried, [])
        }
        defer { underWay.subtract(1, ordering: .relaxed) }
        guard let addresses = await addresses(of: url.host, deadline: deadline) else { return (.late, []) }
        guard !addresses.isEmpty else { return (.unreachable(.name), []) }
        guard reach == .everything || addresses.allSatisfy(AddressGuard.isPublic) else { return (.forbidden, []) }
        for address in addresses.prefix(limits.addressesMax) {
            guard !Task.isCancelled else { return (.notTried, []) }
            let exchange = WebhookExchange(request(message, body, url, secrets), body: body, limits: limits)
            guard let channel = await connect(to: address, url, exchange, deadline: deadline) else { continue }
            let result = await withTaskCancellationHandler {
                await exchange.result(on: channel, deadline: deadline)
            } onCancel: {
                channel.close(promise: nil)
            }
            return Task.isCancelled && result.outcome == .cut ? (.notTried, []) : (result.outcome, result.answer)
        }
        return (deadline <= .now() ? .late : .unreachable(.connection), [])
    }

    /// All addresses of a host; nil if they weren't known in time.
    private func addresses(of host: WebhookURL.Host, deadline: NIODeadline) async -> [IPAddress]? {
        guard case .name(let name) = host else {
            if case .address(let address) = host { return [address] }
            return []
        }
        // The question goes on without us, since nothing stops the system's resolver.
        let promise = group.any().makePromise(of: [IPAddress]?.self)
        let alarm = promise.futureResult.eventLoop.scheduleTask(deadline: deadline) { promise.succeed(nil) }
        let resolver = resolver
        Task {
            let found = await resolver.addresses(of: name)
            alarm.cancel()
            promise.succeed(found)
        }
        return try? await promise.futureResult.get()
    }

    private func connect(
        to address: IPAddress, _ url: WebhookURL, _ exchange: WebhookExchange, deadline: NIODeadline
    ) async -> (any Channel)? {
        let left = deadline - .now()
        guard left > .zero, let socket = try? SocketAddress(ipAddress: address.description, port: url.port) else {
            return nil
        }
        let name: String? = if case .name(let name) = url.host { name } else { nil }
        let tls = tls
        let bootstrap = ClientBootstrap(group: group).connectTimeout(min(limits.connect, left))
            .channelOption(.maxMessagesPerRead, value: 4)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if url.isTLS {
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try exchange.prepare(pipeline)
                }
            }
        return try? await bootstrap.connect(to: socket).get()
    }

    private func request(
        _ message: WebhookID, _ body: [UInt8], _ url: WebhookURL, _ secrets: SigningSecrets
    ) -> HTTPRequestHead {
        var headers: HTTPHeaders = [
            "host": url.authority, "user-agent": "onsale-webhooks", "content-type": "application/json",
            "content-length": "\(body.count)", "accept": "*/*", "connection": "close",
        ]
        for (name, value) in WebhookSignature.headers(body, id: message, at: now(), with: secrets) {
            headers.add(name: name, value: value)
        }
        return HTTPRequestHead(version: .http1_1, method: .POST, uri: url.target, headers: headers)
    }
}
