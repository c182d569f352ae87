import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Sends the sandbox's webhooks: a few at a time, each tried a few times, from a bounded queue.
final class WebhookSender: Sendable {
    private static let sendersMax = 4
    private static let waitingMax = 20_000
    private static let delaysMilliseconds = [500, 2000, 8000]

    private struct State {
        var waiting: [StripeProtocol.Event] = []
        var senders = 0
    }

    private let url: String
    private let secret: String
    private let client: HTTPClient
    private let logger: Logger
    private let state = Mutex(State())

    init(url: String, secret: String, client: HTTPClient, logger: Logger) {
        self.url = url
        self.secret = secret
        self.client = client
        self.logger = logger
    }

    func send(_ type: String, _ object: StripeProtocol.Event.Object) {
        let event = StripeProtocol.Event(
            id: "evt_" + UUID().uuidString.replacing("-", with: "").lowercased(), type: type,
            created: Int64(Date().timeIntervalSince1970), data: .init(object: object))
        let mustStart = state.withLock { state in
            guard state.waiting.count < WebhookSender.waitingMax else { return false }
            state.waiting.append(event)
            guard state.senders < WebhookSender.sendersMax else { return false }
            state.senders += 1
            return true
        }
        if mustStart { Task { await work() } }
    }

    private func work() async {
        while true {
            let batch = state.withLock { state -> [StripeProtocol.Event] in
                defer { state.waiting.removeAll(keepingCapacity: true) }
                if state.waiting.isEmpty { state.senders -= 1 }
                return state.waiting
            }
            if batch.isEmpty { return }
            for event in batch where !(await deliver(event)) { Task { await deliverLater(event) } }
        }
    }

    private func deliverLater(_ event: StripeProtocol.Event) async {
        for delay in WebhookSender.delaysMilliseconds {
            try? await Task.sleep(for: .milliseconds(delay))
            if await deliver(event) { return }
        }
        logger.info(
            "A webhook could not be delivered and was dropped",
            metadata: ["type": "\(event.type)", "intent": "\(event.data.object.id)"])
    }

    private func deliver(_ event: StripeProtocol.Event) async -> Bool {
        guard let body = try? StripeProtocol.encoder.encode(event) else { return true }
        let headers: HTTPHeaders = [
            "Content-Type": "application/json",
            "Stripe-Signature": WebhookSignature.make(
                Array(body), secret: secret, seconds: Int64(Date().timeIntervalSince1970)),
        ]
        let answer = try? await client.exchange(
            .POST, url, headers, body: ByteBuffer(bytes: body), timeoutSeconds: 5)
        return answer.map { (200..<300).contains($0.status.code) } ?? false
    }
}
