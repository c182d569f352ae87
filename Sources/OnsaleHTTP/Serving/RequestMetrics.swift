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
        var problems: [Problem.Slug: Counter] = [:]
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

    /// Requests being answered.
    var active: Int { state.withLock { $0.active } }

    func begin() { state.withLock { $0.active += 1 } }

    /// - Parameter route: as the contract writes it; empty if no route was found.
    func end(_ method: HTTPRequest.Method, _ route: String, status: Int, problem: Problem.Slug?, nanoseconds: UInt64) {
        let key = Key(method: RequestMetrics.known(method), route: route, status: status)
        let (timer, counter) = state.withLock { state -> (Timer, Counter?) in
            state.active -= 1
            return (self.timer(key, &state), problem.map { self.counter($0, &state) })
        }
        timer.recordNanoseconds(nanoseconds)
        counter?.increment()
    }

    /// Counts a problem answered without a request.
    func count(_ problem: Problem.Slug) {
        state.withLock { counter(problem, &$0) }.increment()
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

    private func counter(_ problem: Problem.Slug, _ state: inout State) -> Counter {
        if let counter = state.problems[problem] { return counter }
        let counter = Counter(label: "onsale_problems_total", dimensions: [("problem", problem.rawValue)])
        state.problems[problem] = counter
        return counter
    }
}
