import HTTPTypes
import Metrics
import Synchronization

/// Counts and times requests by route. Methods and routes are bounded: what isn't ours counts together.
final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        let method: HTTPRequest.Method
        let route: String
        let status: Int
    }

    private struct State {
        var durations: [Key: Timer] = [:]
        var active = 0
    }

    static func known(_ method: HTTPRequest.Method) -> HTTPRequest.Method {
        methods.contains(method) ? method : otherMethod
    }

    private static let methods: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]
    private static let otherMethod = HTTPRequest.Method("_OTHER") ?? .get

    private let state = Mutex(State())
    private let problems = Dictionary(
        uniqueKeysWithValues: Problem.Slug.allCases.map { slug in
            (slug, Counter(label: "onsale_problems_total", dimensions: [("problem", slug.rawValue)]))
        })

    /// Requests being answered.
    var active: Int { state.withLock { $0.active } }

    func begin() { state.withLock { $0.active += 1 } }

    /// - Parameter route: as the contract writes it; empty if no route was found.
    func end(_ method: HTTPRequest.Method, _ route: String, status: Int, problem: Problem.Slug?, nanoseconds: UInt64) {
        let key = Key(method: RequestMetrics.known(method), route: route, status: status)
        let timer = state.withLock { state in
            state.active -= 1
            return self.timer(key, &state)
        }
        timer.recordNanoseconds(nanoseconds)
        if let problem { count(problem) }
    }

    /// Counts a problem, with a request or without one.
    func count(_ problem: Problem.Slug) {
        problems[problem]?.increment()
    }

    private func timer(_ key: Key, _ state: inout State) -> Timer {
        if let timer = state.durations[key] { return timer }
        var dimensions = [
            ("http_request_method", key.method.rawValue), ("http_response_status_code", "\(key.status)"),
        ]
        // Left out where there is none, by the semantic conventions.
        if !key.route.isEmpty { dimensions.append(("http_route", key.route)) }
        let timer = Timer(label: "http_server_request_duration_seconds", dimensions: dimensions)
        state.durations[key] = timer
        return timer
    }
}
