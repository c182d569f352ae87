import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
package import OnsaleEngine

/// Creates events without a request, from the JSON that `POST /v1/events` takes.
package enum EventImport {
    /// What is wrong with the JSON.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    @discardableResult
    package static func create(fromJSON json: [UInt8], in engine: Engine) async throws -> EventView {
        do {
            return try await create(try definition(fromJSON: ByteBuffer(bytes: json), now: engine), in: engine)
        } catch let problem as Problem {
            throw Failure(description: problem.detail)
        }
    }

    /// An event, and its seating plan exactly as given.
    struct Parsed {
        let definition: EventDefinition
        let document: [UInt8]?
    }

    static func definition(fromJSON body: ByteBuffer, now engine: Engine) throws(Problem) -> Parsed {
        let asked = try Body.decode(CreateEvent.self, body)
        let document =
            asked.seatingPlan == nil
            ? nil : JSONSlice.value(of: "seatingPlan", in: Array(body.readableBytesView)).map { Array($0) }
        return Parsed(
            definition: try asked.definition(
                planDigest: document.map { Array(SHA256.hash(data: $0)) }, now: engine.now(), tag: Engine.randomTag()),
            document: document)
    }

    static func create(_ parsed: Parsed, note: AuditNote? = nil, in engine: Engine) async throws -> EventView {
        try await engine.create(parsed.definition, document: parsed.document, note: note)
    }
}
