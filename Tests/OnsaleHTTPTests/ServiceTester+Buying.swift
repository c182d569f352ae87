import HTTPTypes
import Testing

@testable import OnsaleHTTP

/// What a fan does to get a ticket, in one call each.
extension ServiceTester {
    struct Fan {
        let buyer: String
        let session: String
        let pass: String
    }

    /// Signs in and is let into the event.
    func fan(_ email: String, at event: String) async throws -> Fan {
        let session = try await ask(.post, "/v1/sessions", #"{"email":"\#(email)"}"#)
        let token = try session.text("token")
        let ticket = try await ask(.post, event + "/waiting-room", token: token).text("ticket")
        let pass = try await ask(.post, event + "/waiting-room/pass", token: token, #"{"ticket":"\#(ticket)"}"#)
        return Fan(buyer: try session.text("buyer"), session: token, pass: try pass.text("pass"))
    }

    /// Holds and pays.
    /// - Parameters:
    ///   - places: what is held, as a request says it.
    ///   - method: `declined` is declined.
    func buy(
        _ places: String, by fan: Fan, at event: String, key: String, method: String = "card"
    ) async throws -> Answer {
        let hold = try await ask(.post, event + "/holds", token: fan.pass, places).text("hold")
        return try await ask(
            .post, event + "/orders", token: fan.pass, #"{"hold":"\#(hold)","payment":{"method":"\#(method)"}}"#,
            headers: [.idempotencyKey: key, .prefer: "wait=10"])
    }
}
