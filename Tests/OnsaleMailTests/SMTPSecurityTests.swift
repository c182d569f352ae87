import OnsaleMail
import Servers
import Testing

/// Signing in, and keeping others from listening.
@Suite(.serialized) struct SMTPSecurityTests {
    private static let authority = Result { try TestAuthority() }
    private let secret = "Geheim%3A1%2F%C3%A4"

    @Test func withSTARTTLSOrTLSFromTheStartAMailGoesEncryptedAndSignedIn() async throws {
        let authority = try SMTPSecurityTests.authority.get()
        let certificate = try authority.issue(for: "IP:127.0.0.1")
        for (scheme, options) in [("smtp", ["--auth"]), ("smtps", ["--auth", "--implicit"])] {
            let server = try SMTPServer(options, certificate: certificate)
            defer { server.stop() }
            let query = (scheme == "smtp" ? "tls=required&" : "") + "ca=\(authority.certificate)"
            let url = "\(scheme)://mailer:\(secret)@127.0.0.1:\(server.port)?\(query)"
            #expect(try await send(to: url) == .accepted)
            let kept = try #require(try server.mails().first)
            #expect(kept.isEncrypted && kept.user == "mailer", "\(scheme)")
        }
    }

    @Test func aCertificateOfAStrangerOrForAnotherNameIsRefused() async throws {
        let authority = try SMTPSecurityTests.authority.get()
        for (name, trusted) in [("IP:127.0.0.1", "/etc/ssl/certs/ca-certificates.crt"), ("DNS:other.test", nil)] {
            let server = try SMTPServer(certificate: try authority.issue(for: name))
            defer { server.stop() }
            let ca = trusted ?? authority.certificate
            let outcome = try await send(to: "smtp://127.0.0.1:\(server.port)?tls=required&ca=\(ca)")
            guard case .unreachable(let text) = outcome else {
                Issue.record("\(name): \(outcome)")
                continue
            }
            #expect(text.contains("SSL"), "\(text)")
            #expect(try server.mails().isEmpty)
        }
    }

    @Test func aServerWithoutTLSGetsNoMailWhereTLSIsRequired() async throws {
        let server = try SMTPServer()
        defer { server.stop() }
        let outcome = try await send(to: "smtp://127.0.0.1:\(server.port)?tls=required")
        guard case .unreachable = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try server.mails().isEmpty)
    }

    @Test func aWrongPasswordMakesTheServerUnreachableAndBouncesNothing() async throws {
        let server = try SMTPServer(["--auth"])
        defer { server.stop() }
        #expect(try await send(to: "smtp://mailer:\(secret)@127.0.0.1:\(server.port)") == .accepted)
        for signIn in ["mailer:falsch@", ""] {
            let outcome = try await send(to: "smtp://\(signIn)127.0.0.1:\(server.port)")
            guard case .unreachable(let text) = outcome else {
                Issue.record("\(signIn): \(outcome)")
                continue
            }
            #expect(text.contains("sign-in") && !text.contains("falsch"), "\(text)")
        }
        #expect(try server.mails().count == 1)
    }

    private func send(to url: String) async throws -> SMTPOutcome {
        let transport = try SMTPTransport(try SMTPConfiguration(url))
        let outcome = await transport.send(try mail(to: "fan"))
        await transport.stop()
        return outcome
    }
}
