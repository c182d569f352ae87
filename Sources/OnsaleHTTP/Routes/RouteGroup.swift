/// Endpoints for one kind of user, with the collaborators they need.
protocol RouteGroup: Sendable {
    var endpoints: [Endpoint] { get }
}

extension RouteGroup {
    /// What fails where services keep their tables may succeed the next time.
    func kept<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let problem as Problem { throw problem } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw Problem(.unavailable, "What is needed for that can't be reached at the moment. Try again.")
        }
    }
}
