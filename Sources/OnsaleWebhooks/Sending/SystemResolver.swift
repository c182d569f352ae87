import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Asks the system's resolver, which blocks, on threads of its own. A host has one question under way at a time, which
/// all who ask share, so one whose servers are slow keeps one thread busy.
package actor SystemResolver: AddressResolver {
    private static let threads = 8
    private static let hostsMax = 64
    private static let addressesMax = 16

    private let pool = NIOThreadPool(numberOfThreads: SystemResolver.threads)
    private var questions: [String: Task<[IPAddress], Never>] = [:]

    package init() { pool.start() }

    package func addresses(of host: String) async -> [IPAddress] {
        if let question = questions[host] { return await question.value }
        guard questions.count < SystemResolver.hostsMax else { return [] }
        let question = Task { [pool] in
            let found = try? await pool.runIfActive { SystemResolver.ask(host) }
            return found ?? []
        }
        questions[host] = question
        let addresses = await question.value
        questions[host] = nil
        return addresses
    }

    /// Ends the threads, once they have their answers. Later questions have none.
    package func stop() async { try? await pool.shutdownGracefully() }

    private static func ask(_ host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        // All must be looked at, so a host with more has none.
        while let entry = next {
            guard addresses.count < addressesMax, let address = address(entry.pointee) else { return [] }
            addresses.append(address)
            next = entry.pointee.ai_next
        }
        return addresses
    }

    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let pointer = entry.ai_addr else { return nil }
        switch entry.ai_family {
        case AF_INET:
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                .v4(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin6_addr) { bytes in
                    func half(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
                    return .v6(half(0..<8), half(8..<16))
                }
            }
        default: return nil
        }
    }
}
