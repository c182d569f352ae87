/// Asks the Sentinels again and again where the master is: a connection to one that was deposed while it couldn't be
/// reached by them would otherwise last. Most failovers are seen earlier, because the connection breaks.
final class SentinelWatch: Sendable {
    private let worker = Worker()

    /// - Returns: nil for an address without Sentinels.
    init?(
        _ address: RedisAddress, limits: RedisLimits,
        found: @escaping @Sendable (RedisAddress.Endpoint) -> Void
    ) {
        guard let search = MasterSearch(address, limits: limits) else { return nil }
        let worker = worker
        worker.start("onsale.sentinel") {
            var search = search
            while !worker.isStopping {
                if let endpoint = try? search.find(worker) { found(endpoint) }
                let until = Monotonic.now() + limits.sentinelMilliseconds
                while !worker.isStopping, Monotonic.now() < until { worker.alarm.wait(until: until) }
            }
        }
    }

    func stop() async { await worker.stop() }
}
