import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOFoundationCompat
import OnsaleValues

/// Reads request bodies: bounded, of the right type, each fault with its place.
enum Body {
    static let bytesMax = 64 << 10
    static let eventBytesMax = 32 << 20
    /// A body may come in this many pieces, plus one for every `pieceBytesMin` bytes of its limit.
    private static let piecesMin = 64
    private static let pieceBytesMin = 256

    /// Shared by all requests: it never changes after this.
    private static let decoder = JSONDecoder()

    /// Collects the whole body, up to a limit in bytes.
    static func collect(_ request: Request, upTo limit: Int = bytesMax) async throws -> ByteBuffer {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit { throw tooLarge(limit) }
        // Even a tiny piece costs: sent byte by byte, a body would cost a hundred times its size.
        var piecesLeft = piecesMin + limit / pieceBytesMin
        var body = ByteBuffer()
        for try await piece in request.body {
            piecesLeft -= 1
            guard piecesLeft >= 0, body.readableBytes + piece.readableBytes <= limit else { throw tooLarge(limit) }
            if body.readableBytes == 0 { body = piece } else { body.writeImmutableBuffer(piece) }
        }
        return body
    }

    private static func tooLarge(_ limit: Int) -> Problem {
        Problem(.tooLarge, "A body here may have at most \(limit) bytes.")
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type, from request: Request, _ body: ByteBuffer
    ) throws(Problem) -> Value {
        try requireJSON(request)
        return try decode(type, body)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ body: ByteBuffer) throws(Problem) -> Value {
        do throws(JSONCheck.Fault) {
            try JSONCheck.check(Array(body.readableBytesView))
        } catch {
            throw problem(error)
        }
        do {
            return try decoder.decode(type, from: body)
        } catch {
            throw problem(error, body)
        }
    }

    private static func problem(_ fault: JSONCheck.Fault) -> Problem {
        switch fault {
        case .nameTooLong:
            Problem(.malformedRequest, "A member's name may have at most \(JSONCheck.nameBytesMax) bytes.")
        case .nameTwice(let name): Problem(.malformedRequest, "The member “\(name)” appears twice.")
        case .malformed: Problem(.malformedRequest, "The body is not valid JSON.")
        case .notUTF8: Problem(.malformedRequest, "The body must be UTF-8.")
        case .tooDeep: Problem(.malformedRequest, "The body is nested deeper than \(JSONCheck.depthMax) levels.")
        }
    }

    /// A request that states a content type must state JSON.
    static func requireJSON(_ request: Request) throws(Problem) {
        guard request.headers[.contentType] != nil else { return }
        let contentType = request.headers.plain(.contentType) ?? ""
        guard contentType != "application/json" else { return }
        let essence = contentType.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        guard essence == "application/json" || essence.hasSuffix("+json") else {
            throw Problem(.unsupportedMediaType, "Send application/json.")
        }
    }

    static func isJSON(_ request: Request) -> Bool { (try? requireJSON(request)) != nil }

    private static func problem(_ error: any Error, _ body: ByteBuffer) -> Problem {
        switch error as? DecodingError {
        case .keyNotFound(let key, let context)?:
            .invalid(pointer(context.codingPath + [key]), "is required")
        case .typeMismatch(let type, let context)?:
            .invalid(pointer(context.codingPath), "must be \(name(of: type))")
        case .valueNotFound(let type, let context)?:
            .invalid(pointer(context.codingPath), "must not be null, but \(name(of: type))")
        case .dataCorrupted(let context)? where !context.codingPath.isEmpty:
            .invalid(pointer(context.codingPath), context.debugDescription)
        // The decoder calls a fraction, or a number beyond 64 bits, invalid JSON, and doesn't say where.
        default:
            (try? JSONSerialization.jsonObject(with: Data(body.readableBytesView), options: .fragmentsAllowed)) == nil
                ? Problem(.malformedRequest, "The body is not valid JSON.")
                : .invalid("", "a number must be whole and not too large")
        }
    }

    private static func pointer(_ path: [any CodingKey]) -> String {
        path.map { key in
            let name = key.intValue.map(String.init) ?? key.stringValue
            return "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
        }.joined()
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is Int.Type, is Int64.Type: "a whole number"
        case is Double.Type: "a number"
        case is any Sequence.Type where !(type is [String: Any].Type): "an array"
        default: "an object"
        }
    }
}

/// Collects all faults of a request, to report them at once.
struct Faults {
    private(set) var faults: [Problem.Fault] = []

    mutating func add(_ pointer: String, _ detail: String) {
        if faults.count < 100 { faults.append(.init(pointer: pointer, detail: detail)) }
    }

    mutating func require(_ condition: Bool, _ pointer: String, _ detail: @autoclosure () -> String) {
        if !condition { add(pointer, detail()) }
    }

    func throwIfAny() throws(Problem) {
        if !faults.isEmpty { throw .invalid(faults) }
    }
}
