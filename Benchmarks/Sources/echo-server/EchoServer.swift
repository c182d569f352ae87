import Foundation
import Hummingbird

/// What to measure against: the same stack reading and writing JSON of the same sizes, and doing nothing else.
@main
struct EchoServer {
    struct Asked: Decodable {
        let seats: [String]
    }

    /// As many bytes as the answer to a hold of two seats.
    struct Answer: ResponseEncodable {
        struct Line: Encodable {
            let category: String
            let unitAmount: Int
            let quantity: Int
        }

        let hold: String
        let seats: [String]
        let area: String?
        let quantity: Int
        let lines: [Line]
        let amount: Int
        let currency: String
        let expiresAt: String
        let filler: String
    }

    /// Coders are made once: a stock context makes them anew at each request, which would flatter the comparison.
    struct Context: RequestContext {
        static let decoder = JSONDecoder()
        static let encoder = JSONEncoder()
        var coreContext: CoreRequestContextStorage
        var requestDecoder: JSONDecoder { Context.decoder }
        var responseEncoder: JSONEncoder { Context.encoder }

        init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }
    }

    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 8099
        let router = Router(context: Context.self)
        router.post("/v1/events/:event/holds") { request, context in
            let asked = try await request.decode(as: Asked.self, context: context)
            return Answer(
                hold: "hld_06h0mw6p0m000001y849btr0", seats: asked.seats, area: "", quantity: asked.seats.count,
                lines: [.init(category: "VIP", unitAmount: 198_000, quantity: asked.seats.count)], amount: 396_000,
                currency: "KRW", expiresAt: "2026-11-23T22:09:56.709Z", filler: "")
        }
        router.get("/health/ready") { _, _ in "ready" }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port), backlog: 4096))
        try await application.run()
    }
}
