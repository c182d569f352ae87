import Foundation
import NIOHTTP1
import Testing

/// Broken and malicious requests: each gets an answer, and the server carries on.
@Suite struct HostileTests {
    private static let bodies: [String] = [
        "", " ", "null", "true", "0", "-1e999", "\"text\"", "[]", "{}", "{", "}", "[[", "{\"", "{\"a\"", "{\"a\":",
        "{\"a\":1,}", "[1,]", "{'a':1}", "{\"seats\":null}", "{\"seats\":[]}", "{\"seats\":[null]}", "{\"seats\":[1]}",
        "{\"seats\":[\"0-0\",\"0-0\"]}", "{\"seats\":{}}", "{\"seats\":[\"\"]}", "{\"seats\":[\"\\u0000\"]}",
        "{\"area\":\"Standing\"}", "{\"area\":\"Standing\",\"quantity\":0}", "{\"area\":\"Standing\",\"quantity\":-1}",
        "{\"area\":\"Standing\",\"quantity\":1.5}", "{\"area\":\"Standing\",\"quantity\":99999999999999999999}",
        "{\"area\":\"Standing\",\"quantity\":9223372036854775807}", "{\"area\":5,\"quantity\":1}",
        "{\"area\":\"nowhere\",\"quantity\":1}", "{\"best\":{}}", "{\"best\":{\"category\":\"A\",\"quantity\":0}}",
        "{\"best\":{\"category\":\"none\",\"quantity\":1}}", "{\"best\":{\"category\":\"A\",\"quantity\":10001}}",
        "{\"seats\":[\"0-0\"],\"best\":{\"category\":\"A\",\"quantity\":1}}", "{\"seats\":[\"0-0\"],\"quantity\":1}",
        "{\"seats\":[\"\u{feff}\"]}", "\u{feff}{}", "{\"a\":\"\u{1}\"}", "{\"hold\":1}", "{\"hold\":\"hld_\"}",
        "{\"hold\":\"hld_zzzzzzzzzzzzzzzzzzzzzzzz\",\"payment\":{\"method\":\"x\"}}", "{\"email\":1}",
        "{\"email\":\"\"}", "{\"email\":\"@\"}", "{\"email\":\"a@\"}", "{\"email\":\"a b@c\"}", "{\"ticket\":\"\"}",
        "{\"ticket\":\"a.b.c\"}", "{\"ticket\":\"....\"}", "{\"barcode\":\"\"}", "{\"barcode\":\"..\"}",
        "{\"opensAt\":\"yesterday\"}", "{\"opensAt\":\"2027-02-30T00:00:00Z\"}", "{\"maxActiveShoppers\":0}",
        "{\"maxActiveShoppers\":-5}", "{\"closesAt\":5}",
        String(repeating: "[", count: 60_000), String(repeating: "{\"a\":", count: 10_000),
        "{\"seats\":[" + String(repeating: "\"0-0\",", count: 9000) + "\"0-1\"]}",
    ]

    private static let posts = [
        "/v1/sessions", "/v1/events", "/v1/events/show/holds", "/v1/events/show/orders", "/v1/events/show/blocks",
        "/v1/events/show/check-ins", "/v1/events/show/waiting-room", "/v1/events/show/waiting-room/pass",
        "/v1/events/show/orders/ord_x/cancel", "/v1/webhooks/payments", "/v1/events/show/onsale/pause",
    ]

    @Test("No body gives a 5xx or ends the server, on any path, with any token")
    func bodies() async throws {
        try await withServer { client, server, folder in
            try await client.createEvent()
            let pass = try await client.pass("fan")
            let session = try await client.session("fan")
            for path in Self.posts {
                for token in [Serve.adminToken, pass, session] {
                    for body in Self.bodies {
                        let answer = try await client.send(
                            .POST, path, token: token, body, headers: [("Idempotency-Key", UUID().uuidString)])
                        #expect(answer.status < 500, "POST \(path) \(body.prefix(80)): \(answer.status)")
                        if answer.status >= 400 {
                            #expect(answer.headers.first(name: "content-type") == "application/problem+json")
                        }
                    }
                }
            }
            for body in Self.bodies {
                let answer = try await client.send(.PATCH, "/v1/events/show/onsale", token: Serve.adminToken, body)
                #expect(answer.status < 500, "PATCH \(body.prefix(80)): \(answer.status)")
            }
            #expect(server.process.isRunning)
            #expect(try await client.report().status == 200)
            try await expectVerified(folder)
        }
    }

    @Test("No path, query or header gives a 5xx or ends the server")
    func pathsAndHeaders() async throws {
        try await withServer { client, server, _ in
            try await client.createEvent()
            let pass = try await client.pass("fan")
            let long = String(repeating: "a", count: 5000)
            let paths = [
                "/%00", "/%", "/%zz", "//", "/v1//events", "/v1/events/%2e%2e%2fshow", "/v1/events/\(long)",
                "/v1/events/show/holds/%F0%9F", "/v1/events/show/orders/ord_0", "/v1/events/show?x=%ff&&&==",
                "/v1/events/show/orders?limit=9999999999999999999&after=%00", "/v1/events/../events", "/problems/none",
                "/v1/events/SHOW", "/v1/events/show/", "/v1/events/show/orders/;DROP TABLE".replacing(" ", with: "%20"),
            ]
            for path in paths {
                for token in [Serve.adminToken, pass, long] {
                    let answer = try await client.send(.GET, path, token: token)
                    #expect(answer.status < 500, "GET \(path.prefix(60)): \(answer.status)")
                }
            }
            let headers: [(String, String)] = [
                ("Idempotency-Key", String(repeating: "k", count: 256)), ("Idempotency-Key", ""),
                ("Idempotency-Key", "ключ"), ("Prefer", "wait=-1"), ("Prefer", "wait=99999999999999999999"),
                ("Prefer", ";;,,="), ("traceparent", "00-zz-zz-zz"), ("traceparent", String(repeating: "0", count: 55)),
                ("Authorization", "Bearer"), ("Authorization", "Bearer  "), ("Authorization", "Basic eA=="),
                ("Authorization", "Bearer a.b.c"), ("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."),
                ("X-Forwarded-For", "1.2.3.4, , ,"), ("x-request-id", String(repeating: "x", count: 500)),
                ("Content-Type", "application/json; charset=\"" + long.prefix(100) + "\""), ("If-None-Match", "\""),
            ]
            for header in headers {
                let answer = try await client.send(
                    .POST, "/v1/events/show/orders", token: pass,
                    #"{"hold":"hld_000000000000000000000000","payment":{"method":"x"}}"#, headers: [header])
                #expect((400..<500).contains(answer.status), "\(header): \(answer.status)")
            }
            #expect(server.process.isRunning)
        }
    }

    @Test("Bytes that aren't HTTP are answered or cut off, and the server carries on")
    func rawBytes() async throws {
        try await withServer { client, server, _ in
            let port = try #require(client.url.split(separator: ":").last.flatMap { UInt16($0) })
            let requests: [String] = [
                "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\0\0\0\0\0\0\0\0",
                "GET / HTTP/1.1\r\n: x\r\n\r\n",
                "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 3000) + "\r\n",
                "GET /" + String(repeating: "a", count: 200_000) + " HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 200_000) + "\r\n\r\n",
                String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: 50), "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0",
            ]
            for request in requests { RawSocket.send(Array(request.utf8), port: port) }
            #expect(server.process.isRunning)
            #expect(try await client.send(.GET, "/health/ready").status == 200)
        }
    }
}

/// Sends bytes unchanged to a port on this machine.
enum RawSocket {
    static func send(_ bytes: [UInt8], port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return }
        var timeout = timeval(tv_sec: 0, tv_usec: 200_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        _ = bytes.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        _ = recv(descriptor, &buffer, buffer.count, 0)
    }
}
