import Foundation
import OnsaleTables
import Servers
import Testing

@testable import OnsaleWebhooks

/// A Python that has `standardwebhooks`, the specification's own library; `make test-swift` makes one.
private let python = ProcessInfo.processInfo.environment["ONSALE_STANDARD_WEBHOOKS"]

@Suite(.timeLimit(.minutes(2))) struct ReferenceTests {
    @Test("The specification's own library takes what is sent, and nothing else", .enabled(if: python != nil))
    func verifies() async throws {
        let server = EndpointServer()
        var deliveries: [[String: Any]] = []
        func delivery(_ request: EndpointServer.Request, _ secret: String, body: [UInt8]? = nil) -> [String: Any] {
            [
                "secret": secret, "headers": request.headers,
                "body": Data(body ?? request.body).base64EncodedString(),
            ]
        }
        try await server.serve { port in
            try await WebhooksWorld.with(.sqlite) { world in
                try await world.live { role in
                    let (endpoint, first) = try await role.endpoints.create(
                        url: "http://127.0.0.1:\(port)/", types: ["*"])
                    try await world.bus.publish([event(1, data: #"{"event":{"title":"바다 \"9\""}}"#)])
                    try await eventually(20, "it is delivered") { server.requests.count == 1 }
                    let second = try await role.endpoints.rotateSecret(of: endpoint.id.text)
                    try await world.bus.publish([event(2)])
                    try await eventually(20, "it is delivered") { server.requests.count == 2 }
                    let (before, after) = (server.requests[0], server.requests[1])
                    deliveries = [
                        delivery(before, first.text), delivery(after, first.text), delivery(after, second.text),
                        delivery(before, second.text), delivery(before, first.text, body: before.body + [0x20]),
                        delivery(after, second.text, body: before.body),
                    ]
                }
            }
        }
        #expect(try verdicts(deliveries) == ["taken", "taken", "taken", "refused", "refused", "refused"])
    }

    private func verdicts(_ deliveries: [[String: Any]]) throws -> [String] {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Reference/verify.py"
        let folder = try TemporaryFolder()
        let lines = try deliveries.map { try JSONSerialization.data(withJSONObject: $0) + Data("\n".utf8) }
        try Data(lines.joined()).write(to: URL(fileURLWithPath: folder.path + "/deliveries"))
        let answer = try Program.run([
            "sh", "-c", "\"$1\" \"$2\" <\"$3\"", "verify", try #require(python), script, folder.path + "/deliveries",
        ])
        return answer.split(separator: "\n").map(String.init)
    }
}
