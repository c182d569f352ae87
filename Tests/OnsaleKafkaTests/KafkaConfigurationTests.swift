import OnsaleKafka
import Testing

@Suite struct KafkaConfigurationTests {
    private func problem(_ environment: [String: String]) -> String? {
        do throws(KafkaConfigurationError) {
            _ = try KafkaConfiguration(environment: environment)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func withoutVariablesThereIsNoKafka() throws {
        #expect(try KafkaConfiguration(environment: ["HOME": "/"]) == nil)
    }

    @Test(arguments: ["a:9092", "a:1,b-c.d:65535", "10.0.0.1:9092", "[::1]:9092"])
    func brokersAreRead(text: String) throws {
        let configuration = try #require(try KafkaConfiguration(environment: ["ONSALE_KAFKA_BROKERS": text]))
        #expect(configuration.description == "Kafka at \(text)")
    }

    @Test(arguments: ["", "a", "a:", ":1", "a:0", "a:65536", "a:1,", "a b:1", "http://a:1", "a:1;b:2", "[]:1", "a\n:1"])
    func nonsenseIsNoBroker(text: String) {
        #expect(problem(["ONSALE_KAFKA_BROKERS": text]) != nil)
    }

    @Test func settingsOfLibrdkafkaArePassedOnAndSecretsNeverShown() throws {
        let environment = [
            "ONSALE_KAFKA_BROKERS": "a:1", "ONSALE_KAFKA_SECURITY_PROTOCOL": "sasl_ssl",
            "ONSALE_KAFKA_SASL_USERNAME": "onsale", "ONSALE_KAFKA_SASL_PASSWORD": "hunter2",
        ]
        let configuration = try #require(try KafkaConfiguration(environment: environment))
        #expect(configuration.description == "Kafka at a:1 with sasl.password, sasl.username, security.protocol")
        #expect(
            problem(environment.merging(["ONSALE_KAFKA_SECURITY_PROTOCOL": "hunter2"]) { $1 })?
                .contains("hunter2") == false)
    }

    @Test(
        "What librdkafka refuses or Onsale relies on is named",
        arguments: [
            ("ONSALE_KAFKA_NO_SUCH_THING", "1"), ("ONSALE_KAFKA_SOCKET_TIMEOUT_MS", "soon"),
            ("ONSALE_KAFKA_ACKS", "1"), ("ONSALE_KAFKA_GROUP_ID", "x"), ("ONSALE_KAFKA_ENABLE_IDEMPOTENCE", "false"),
            ("ONSALE_KAFKA_PARTITIONS", "0"), ("ONSALE_KAFKA_", "1"),
        ])
    func refusals(variable: String, value: String) {
        #expect(problem(["ONSALE_KAFKA_BROKERS": "a:1", variable: value])?.contains(variable) == true)
        #expect(problem([variable: value])?.contains("needs ONSALE_KAFKA_BROKERS") == true)
    }
}
