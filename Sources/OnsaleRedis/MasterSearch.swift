/// Asks Sentinels where the master is, as their
/// [guidelines for clients](https://redis.io/docs/latest/develop/reference/sentinel-clients/) have it: one after the
/// other, and whichever answered is asked first the next time.
struct MasterSearch {
    /// How long one Sentinel may take, in milliseconds.
    private static let patience: Int64 = 500

    private let master: String
    private let password: String?
    private let limits: RedisLimits
    private var sentinels: [RedisAddress.Endpoint]

    /// - Returns: nil for an address without Sentinels.
    init?(_ address: RedisAddress, limits: RedisLimits) {
        guard case .sentinels(let sentinels, let master) = address.place else { return nil }
        self.sentinels = sentinels
        self.master = master
        self.password = address.password
        self.limits = limits
    }

    mutating func find(_ worker: Worker) throws(RedisFailure) -> RedisAddress.Endpoint {
        var last = RedisFailure.unreachable("no Sentinel")
        for (index, sentinel) in sentinels.enumerated() {
            do {
                let found = try ask(sentinel, worker)
                sentinels.swapAt(0, index)
                return found
            } catch .stopped {
                throw .stopped
            } catch {
                last = error
            }
        }
        throw .unreachable("no Sentinel knows the master; the last one: \(last)")
    }

    private func ask(_ sentinel: RedisAddress.Endpoint, _ worker: Worker) throws(RedisFailure) -> RedisAddress.Endpoint
    {
        let deadline = Monotonic.now() + MasterSearch.patience
        let connection = try RedisConnection(to: sentinel, limits: limits, until: deadline, worker: worker)
        let question = RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", master)
        var reply: RedisReply
        do {
            reply = try connection.exchange(question, until: deadline, worker: worker)
        } catch .refused("NOAUTH", _) {
            guard let password else { throw .refused(code: "NOAUTH", message: "a Sentinel asks for a password") }
            do {
                _ = try connection.exchange(RedisCommand("AUTH", password), until: deadline, worker: worker)
            } catch {
                throw error.withoutText
            }
            reply = try connection.exchange(question, until: deadline, worker: worker)
        }
        guard case .array(let parts) = reply, parts.count == 2, let host = parts[0].text, !host.isEmpty,
            !host.utf8.contains(0), let port = parts[1].text.flatMap({ Int($0) }), (1...65_535).contains(port)
        else { throw reply == .none ? .unreachable("unknown name") : .nonsense("no address of a master") }
        return RedisAddress.Endpoint(host: host, port: port)
    }
}
