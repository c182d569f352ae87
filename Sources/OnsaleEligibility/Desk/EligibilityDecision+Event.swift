import Foundation
package import OnsaleBus

extension EligibilityDecision {
    /// What is published: it has ID, key, subject and trace of the confirmation that it follows from.
    /// - Throws: errors of the encoder.
    package func event() throws -> CloudEvent {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return CloudEvent(
            id: ask.cause, type: type, subject: ask.order, time: at, key: ask.event, traceparent: ask.traceparent,
            data: Array(try encoder.encode(message)))
    }
}
