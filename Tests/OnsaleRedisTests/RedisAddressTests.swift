import Testing

@testable import OnsaleRedis

@Suite struct RedisAddressTests {
    private func text(of url: String) -> String {
        do {
            _ = try RedisAddress(url)
            return "fine"
        } catch {
            return error.description
        }
    }

    @Test func aPlainAddressHasADefaultPortAndDatabase() throws {
        let address = try RedisAddress("redis://cache.internal")
        #expect(address.place == .server(.init(host: "cache.internal", port: 6379)))
        #expect(address.user == nil && address.password == nil && address.database == 0)
    }

    @Test func userPasswordPortAndDatabaseAreRead() throws {
        let address = try RedisAddress("redis://onsale:p%40ss%2F%3A%ED%95%9C@10.0.0.7:7000/3")
        #expect(address.place == .server(.init(host: "10.0.0.7", port: 7000)))
        #expect(address.user == "onsale" && address.password == "p@ss/:한" && address.database == 3)
    }

    @Test func anAddressOfSixBytesPairsStandsInBrackets() throws {
        #expect(try RedisAddress("redis://[::1]:7000").place == .server(.init(host: "::1", port: 7000)))
        #expect(try RedisAddress("redis://[::1]").description == "redis://[::1]:6379")
    }

    @Test func sentinelsAreAListWithTheMastersName() throws {
        let address = try RedisAddress("redis+sentinel://:geheim@a:1,b,[::1]:3/main/2")
        let sentinels = [("a", 1), ("b", 26379), ("::1", 3)].map { RedisAddress.Endpoint(host: $0.0, port: $0.1) }
        #expect(address.place == .sentinels(sentinels, master: "main"))
        #expect(address.user == nil && address.password == "geheim" && address.database == 2)
    }

    @Test func nothingPrintedHasThePassword() throws {
        for url in ["redis://u:geheim@h:1/2", "redis+sentinel://:geheim@a,b/main"] {
            let address = try RedisAddress(url)
            var dumped = ""
            dump(address, to: &dumped)
            for text in ["\(address)", String(reflecting: address), dumped, "\(Optional(address) as Any)"] {
                #expect(!text.contains("geheim"))
            }
        }
        #expect(!text(of: "redis://u:geheim@h:999999").contains("geheim"))
        #expect(!text(of: "redis://geheim@h").contains("geheim"))
    }

    @Test func encryptionIsRefusedWithAWayOut() {
        #expect(text(of: "rediss://h").contains("TLS"))
        #expect(text(of: "rediss+sentinel://h/main").contains("tunnel"))
    }

    @Test(arguments: [
        "", "redis://", "redis:///1", "http://h", "redis://h:0", "redis://h:65536", "redis://h:x", "redis://h:",
        "redis://h:1:2", "redis://h/x", "redis://h/1/2", "redis://h/-1", "redis://pass@h", "redis://u:@h",
        "redis://u:%zz@h", "redis://u:%f@h", "redis://u:%ff@h", "redis://a b", "redis://h\u{0}", "redis://[::1",
        "redis+sentinel://a,b", "redis+sentinel:///main", "redis+sentinel://a,,b/main", "redis+sentinel://a//1",
        "redis://" + String(repeating: "h", count: 300),
        "redis+sentinel://" + String(repeating: "a,", count: 20) + "a/m",
    ])
    func whatIsNoAddressIsRefused(_ url: String) {
        #expect(throws: RedisAddressError.self) { try RedisAddress(url) }
    }
}
