import CRdKafka

extension KafkaConfiguration {
    private static let prefix = "ONSALE_KAFKA_"
    private static let brokersMax = 64

    /// Reads `ONSALE_KAFKA_BROKERS`, `host:port` with commas between them; `ONSALE_KAFKA_PARTITIONS`, of topics that are
    /// created, 12 if it isn't set; and any setting of librdkafka's: `ONSALE_KAFKA_SASL_USERNAME` is `sasl.username`.
    /// - Returns: nil if there is none of them.
    /// - Throws: ``KafkaConfigurationError``.
    public init?(environment: [String: String]) throws(KafkaConfigurationError) {
        var given = environment.filter { $0.key.hasPrefix(KafkaConfiguration.prefix) }
        guard let first = given.keys.min() else { return nil }
        guard let brokers = given.removeValue(forKey: "ONSALE_KAFKA_BROKERS"), !brokers.isEmpty else {
            throw KafkaConfigurationError(description: "\(first) needs ONSALE_KAFKA_BROKERS")
        }
        self.brokers = try KafkaConfiguration.checked(brokers)
        let partitions = given.removeValue(forKey: "ONSALE_KAFKA_PARTITIONS") ?? "12"
        guard let partitions = Int32(partitions), (1...1_000).contains(partitions) else {
            throw KafkaConfigurationError(description: "ONSALE_KAFKA_PARTITIONS is no number from 1 to 1000")
        }
        self.partitions = partitions
        var settings: [String: String] = [:]
        for (variable, value) in given {
            let name = String(
                variable.dropFirst(KafkaConfiguration.prefix.count).lowercased().map { $0 == "_" ? "." : $0 })
            if KafkaSettings.own.contains(name) {
                throw KafkaConfigurationError(description: "\(variable) is not free to set: Onsale relies on \(name)")
            }
            settings[name] = value
        }
        self.settings = settings
        let conf = try KafkaSettings.make(settings)
        rd_kafka_conf_destroy(conf)
    }

    private static func checked(_ brokers: String) throws(KafkaConfigurationError) -> String {
        let parts = brokers.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= brokersMax else {
            throw KafkaConfigurationError(description: "ONSALE_KAFKA_BROKERS names more than \(brokersMax) brokers")
        }
        for part in parts {
            guard let colon = part.lastIndex(of: ":"), let port = UInt16(part[part.index(after: colon)...]), port > 0,
                isHost(part[..<colon])
            else {
                throw KafkaConfigurationError(
                    description: "ONSALE_KAFKA_BROKERS has a broker that can't be: write host:port,host:port")
            }
        }
        return brokers
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets.
    private static func isHost(_ text: Substring) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 253 else { return false }
        if text.hasPrefix("["), text.hasSuffix("]"), text.count > 2 {
            return text.dropFirst().dropLast().allSatisfy { $0.isASCII && ($0.isHexDigit || $0 == ":" || $0 == ".") }
        }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_") }
    }
}
