/// Makes connections that are ready for commands, one after the other, for one thread.
struct RedisDialer {
    private let address: RedisAddress
    private let name: String
    private let limits: RedisLimits
    private let worker: Worker
    private var search: MasterSearch?
    private var backoff: Backoff
    private var generator = SystemRandomNumberGenerator()

    /// - Parameter name: how Redis lists the connection.
    init(_ address: RedisAddress, name: String, limits: RedisLimits, worker: Worker) {
        self.address = address
        self.name = RedisDialer.listable(name)
        self.limits = limits
        self.worker = worker
        search = MasterSearch(address, limits: limits)
        backoff = Backoff(limits)
    }

    /// Connects, signs in, and looks that Redis answers. A server that is still loading, or that a Sentinel takes for
    /// the master while it is none (any more), is refused.
    mutating func dial() throws(RedisFailure) -> RedisConnection {
        let endpoint = try place()
        let deadline = Monotonic.now() + limits.connectMilliseconds
        let connection = try RedisConnection(to: endpoint, limits: limits, until: deadline, worker: worker)
        func ask(_ command: RedisCommand) throws(RedisFailure) -> RedisReply {
            try connection.exchange(command, until: deadline, worker: worker)
        }
        if let password = address.password {
            let command = address.user.map { RedisCommand("AUTH", $0, password) } ?? RedisCommand("AUTH", password)
            do { _ = try ask(command) } catch { throw error.withoutText }
        }
        if address.database != 0 { _ = try ask(RedisCommand("SELECT", String(address.database))) }
        _ = try ask(RedisCommand("CLIENT", "SETNAME", name))
        guard try ask(.ping) == .status("PONG") else { throw .nonsense("no PONG") }
        if search != nil {
            guard case .array(let role) = try ask(RedisCommand("ROLE")), role.first?.text == "master" else {
                throw .unreachable("\(endpoint) is no master")
            }
        }
        return connection
    }

    /// Whether an error of that kind means that the master is another now.
    func mustLeave(after code: String) -> Bool { code == "READONLY" && search != nil }

    private mutating func place() throws(RedisFailure) -> RedisAddress.Endpoint {
        if case .server(let endpoint) = address.place { return endpoint }
        guard var search else { throw .unreachable("no Sentinel") }
        defer { self.search = search }
        return try search.find(worker)
    }

    /// Waits before the next attempt, shorter if the worker is stopped.
    /// - Parameter lasted: how long the last connection was of use, in milliseconds.
    mutating func pause(after lasted: Int64) {
        backoff.lasted(milliseconds: lasted)
        let until = Monotonic.now() + backoff.pause(using: &generator)
        while !worker.isStopping, Monotonic.now() < until { worker.alarm.wait(until: until) }
    }

    /// Redis takes no spaces in a name.
    private static func listable(_ name: String) -> String {
        let bytes = name.utf8.prefix(64).map { (33..<127).contains($0) ? $0 : UInt8(ascii: "_") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
