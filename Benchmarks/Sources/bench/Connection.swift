import Foundation

/// A request as bytes.
struct WireRequest {
    let bytes: [UInt8]

    init(method: String, path: String, token: String? = nil, headers: [String] = [], body: String? = nil) {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        if let token { text += "Authorization: Bearer \(token)\r\n" }
        for header in headers { text += header + "\r\n" }
        if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        bytes = Array((text + "\r\n" + (body ?? "")).utf8)
    }
}

struct WireAnswer {
    let status: Int
    let body: [UInt8]

    /// A string member of the body.
    func member(_ name: String) -> String? {
        (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])?[name] as? String
    }
}

/// One keep-alive connection, as bare as it can be: the generator must not be what is measured.
final class Connection {
    let descriptor: Int32
    private var input: [UInt8] = []
    private var scratch = [UInt8](repeating: 0, count: 1 << 14)

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(descriptor)
            throw Failure("no connection to port \(port)")
        }
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    func send(_ request: WireRequest) throws {
        let sent = request.bytes.withUnsafeBytes {
            Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == request.bytes.count else { throw Failure("a request was not sent whole") }
    }

    /// Reads what is there; gives the answer when it is whole.
    func receive() throws -> WireAnswer? {
        let count = recv(descriptor, &scratch, scratch.count, 0)
        guard count > 0 else { throw Failure("the connection was closed") }
        input += scratch[0..<count]
        return parse()
    }

    /// Reads away what is there; returns whether the connection is still open.
    func discard() -> Bool {
        recv(descriptor, &scratch, scratch.count, 0) > 0
    }

    func exchange(_ request: WireRequest) throws -> WireAnswer {
        try send(request)
        return try answer()
    }

    /// Waits for the answer.
    func answer() throws -> WireAnswer {
        while true { if let answer = try receive() { return answer } }
    }

    private func parse() -> WireAnswer? {
        guard input.count > 16 else { return nil }
        var end = 0
        var index = 3
        while index < input.count {
            if input[index] == 10, input[index - 1] == 13, input[index - 2] == 10 {
                end = index + 1
                break
            }
            index += 1
        }
        guard end > 0 else { return nil }
        let length = contentLength(end) ?? 0
        guard input.count >= end + length else { return nil }
        let status = Int(input[9] - 48) * 100 + Int(input[10] - 48) * 10 + Int(input[11] - 48)
        let body = Array(input[end..<end + length])
        input.removeFirst(end + length)
        return WireAnswer(status: status, body: body)
    }

    private static let name = Array("content-length:".utf8)

    private func contentLength(_ end: Int) -> Int? {
        var line = 0
        while line < end {
            var next = line
            while next < end, input[next] != 10 { next += 1 }
            if next - line > Connection.name.count,
                zip(input[line...], Connection.name).allSatisfy({ ($0.0 | 0x20) == ($0.1 | 0x20) })
            {
                return input[(line + Connection.name.count)..<next].reduce(0) { sum, byte in
                    (48...57).contains(byte) ? sum * 10 + Int(byte - 48) : sum
                }
            }
            line = next + 1
        }
        return nil
    }
}
