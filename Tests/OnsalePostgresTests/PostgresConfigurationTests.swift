import Servers
import Testing

@testable import OnsalePostgres

@Suite(.timeLimit(.minutes(1))) struct PostgresConfigurationTests {
    @Test(
        "What is said of a database never has its password",
        arguments: [
            "postgresql://u:s3cr3t@127.0.0.1:1/d", "postgres://u:s3cr3t@127.0.0.1:1/d?connect_timeout=1",
            "host=127.0.0.1 port=1 user=u password=s3cr3t dbname=d",
            "postgresql://u@127.0.0.1:1/d?password=s3cr3t",
        ])
    func hidesPassword(url: String) throws {
        let configuration = try PostgresConfiguration(url: url)
        #expect(configuration.description == "postgresql://u@127.0.0.1:1/d")
        let error = #expect(throws: PostgresError.self) { try PostgresConnection(configuration) }
        #expect(error?.outcome == .notSent)
        #expect("\(String(describing: error))".contains("s3cr3t") == false)
    }

    @Test(
        "A string that is no connection string is refused without being repeated",
        arguments: [
            "s3cr3t", "host=h s3cr3t", "postgresql://h/d?s3cr3t=1",
            "mysql://u:s3cr3t@h/d",
        ])
    func malformed(url: String) throws {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        #expect("\(String(describing: error))".contains("s3cr3t") == false)
    }

    @Test("A wrong password is said to be wrong, and not said")
    func wrongPassword() async throws {
        let server = try PostgresServer.shared.get()
        let url = "postgresql://postgres:s3cr3t@127.0.0.1:\(server.port)/postgres"
        let error = #expect(throws: PostgresError.self) { try PostgresConnection(PostgresConfiguration(url: url)) }
        #expect(error?.message.contains("password authentication failed") == true)
        #expect(error?.message.contains("s3cr3t") == false)
    }
}
