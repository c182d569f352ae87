import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleStreams
import OnsaleWaitingRoom
import OnsaleValues

/// The live streams. Where the socket can be had it is handed to the broadcaster, which then says everything that is
/// said on it; else the connection is detached from its task, and the broadcaster's words are written on its loop.
extension OnsaleService {
    func roomStream(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        let person = try await listener(request, of: event.id)
        return try await stream(request, context, topic: "room/" + event.id, lastVersion: nil, person: person) {
            [engine] in RoomFeed(event, engine: engine)
        }
    }

    func availabilityStream(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        let lastVersion = request.headers[.lastEventID].flatMap { UInt64($0) }
        return try await stream(
            request, context, topic: "seats/" + event.id, lastVersion: lastVersion, person: 0
        ) { [engine] in AvailabilityFeed(event, engine: engine) }
    }

    /// The place of whoever listens with a ticket; 0 without one.
    private func listener(_ request: Request, of event: String) async throws -> UInt32 {
        guard let token = bearer(request) ?? request.uri.queryParameters["ticket"].map(String.init) else { return 0 }
        switch await tokens.principal(token, now: engine.now()) {
        case .ticket(event, _, let place): return place.serial
        case .ticket: throw Problem(.forbidden, "This ticket is for another event.")
        case .session, .pass: return 0
        case nil: throw Problem(.unauthenticated, "This is no ticket of ours.")
        }
    }

    private func stream(
        _ request: Request, _ context: OnsaleContext, topic: String, lastVersion: UInt64?, person: UInt32,
        makeFeed: @escaping @Sendable () -> any Feed
    ) async throws -> Response {
        // The framework answers a HEAD as if it were a GET and leaves the body away; there is nothing to listen to.
        guard request.method == .get else { return Response(status: .ok, headers: OnsaleService.streamHeaders) }
        let client = address(of: request, context)
        let isCounted = !client.isLoopback || settings.limitsLoopback
        let share = isCounted ? client.network ?? ClientNetwork(bits: 0) : nil
        if let share, !shares.streams.take(share) { throw Self.tooManyOfOne }
        // From here on the connection is not the framework's any more: whatever that writes goes nowhere.
        let requestID = OnsaleRequestID.of(request, context)
        let head = Self.streamHead(requestID: requestID)
        do {
            try await hand(
                context.channel,
                over: Opening(
                    head: head, requestID: requestID, topic: topic, lastVersion: lastVersion, person: person,
                    share: share,
                    makeFeed: makeFeed))
        } catch {
            if let share { shares.streams.giveBack(share) }
            throw error
        }
        return Response(status: .ok)
    }

    /// What a listener is given.
    private struct Opening {
        let head: [UInt8]
        let requestID: String
        let topic: String
        let lastVersion: UInt64?
        let person: UInt32
        let share: ClientNetwork?
        let makeFeed: @Sendable () -> any Feed
    }

    /// Gives the connection to the broadcaster. The share is given back by whoever has it last.
    private func hand(_ channel: any Channel, over opening: Opening) async throws {
        let client = opening.share?.bits ?? Broadcaster.uncounted
        if settings.handsSocketsOver, let socket = try await StreamSocket.take(from: channel) {
            do {
                try broadcaster.take(
                    socket: socket, head: opening.head, topic: opening.topic, lastVersion: opening.lastVersion,
                    person: opening.person, client: client, makeFeed: opening.makeFeed)
            } catch {
                if let share = opening.share { shares.streams.giveBack(share) }
                Self.refuse(socket, requestID: opening.requestID)
            }
        } else if let connection = try await DetachedConnection.detach(channel) {
            do {
                try broadcaster.take(
                    connection: connection, head: opening.head, topic: opening.topic, lastVersion: opening.lastVersion,
                    person: opening.person, client: client, makeFeed: opening.makeFeed)
            } catch {
                if let share = opening.share { shares.streams.giveBack(share) }
                _ = connection.send(Self.refusal(requestID: opening.requestID)[...])
                connection.close()
            }
        } else if let share = opening.share {
            shares.streams.giveBack(share)
        }
    }

    private static let tooManyListeners = Problem.busy(
        .overloaded, "As many are listening as can be served. Ask for the state itself now and then.",
        retryAfterSeconds: 10)

    private static let tooManyOfOne = Problem.busy(
        .rateLimited, "As many streams are open from your address as one may have.", retryAfterSeconds: 10)

    private static let streamHeaders: HTTPFields = [
        .contentType: "text/event-stream", .cacheControl: "no-store", .xAccelBuffering: "no",
    ]

    // MARK: The socket

    /// The head of a stream's answer. The end of the connection ends the body.
    private static func streamHead(requestID: String) -> [UInt8] {
        Array(
            ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n"
                + "x-accel-buffering: no\r\nconnection: close\r\nx-request-id: \(requestID)\r\n\r\n").utf8)
    }

    private static func refuse(_ socket: Int32, requestID: String) {
        let bytes = refusal(requestID: requestID)
        _ = bytes.withUnsafeBytes { Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        close(socket)
    }

    private static func refusal(requestID: String) -> [UInt8] {
        let response = tooManyListeners.response
        var text = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n"
        text += "x-request-id: \(requestID)\r\n"
        for field in response.headers { text += "\(field.name.rawName): \(field.value)\r\n" }
        let body = tooManyListeners.body
        text += "content-length: \(body.readableBytes)\r\n\r\n" + String(buffer: body)
        return Array(text.utf8)
    }
}
