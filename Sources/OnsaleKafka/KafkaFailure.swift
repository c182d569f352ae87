import CRdKafka
import OnsaleBus

/// What librdkafka says, in the words of the bus.
extension BusError {
    static let isClosed = BusError(.closed, "the bus has been closed")

    init(_ code: rd_kafka_resp_err_t, _ doing: String) {
        self.init(BusError.isForGood(code) ? .refused : .unavailable, "\(doing): \(BusError.text(code))")
    }

    /// Takes an error of librdkafka and destroys it.
    init(consuming error: OpaquePointer, _ doing: String) {
        self.init(rd_kafka_error_code(error), doing)
        rd_kafka_error_destroy(error)
    }

    static func text(_ code: rd_kafka_resp_err_t) -> String {
        guard let text = rd_kafka_err2str(code), let name = rd_kafka_err2name(code) else { return "\(code.rawValue)" }
        return "\(String(cString: text)) (\(String(cString: name)))"
    }

    /// Whether no further attempt helps, unless somebody changes something.
    static func isForGood(_ code: rd_kafka_resp_err_t) -> Bool {
        switch code {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG, RD_KAFKA_RESP_ERR_INVALID_RECORD,
            RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
            RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
            RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,
            RD_KAFKA_RESP_ERR_INVALID_CONFIG, RD_KAFKA_RESP_ERR_INVALID_GROUP_ID,
            RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
            RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, RD_KAFKA_RESP_ERR__AUTHENTICATION,
            RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, RD_KAFKA_RESP_ERR__INVALID_ARG:
            true
        default: false
        }
    }
}
