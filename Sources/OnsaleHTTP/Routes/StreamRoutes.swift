import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleStreams
import OnsaleValues
import OnsaleWaitingRoom

/// The live streams. Where possible the broadcaster takes over the socket and writes to it itself. Otherwise the
/// connection is detached from its task and the broadcaster writes through its event loop.
struct StreamRoutes: RouteGroup {
    let events: EventClient
    let gate: Gate
    let broadcaster: Broadcaster
    let shares: ClientShares
    /// This node's name; nil where there is only this one.
    let node: String?
    /// Likewise.
    let listeners: (any Listeners)?
    /// Whether sockets are taken from the framework; otherwise a stream keeps its channel, without a task.
    let takesOverSockets: Bool

    private static let busy =
        "as many listen as can be served; ask for the state itself now and then"
    private static let share = "as many streams are open from this address as one may have"
    private static let words = Shape.text.with("description", "Server-sent events (WHATWG HTML, 9.2).")

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "streamAvailability", .get, event: "/availability/stream", for: .buyer, at: .any,
                "Says which places are free, and then every change.",
                "Server-sent events: first `snapshot` with an Availability, then for every change `delta` with an "
                    + "AvailabilityDelta; `id` is the version. Applying all in order gives what `availability` says. After a "
                    + "break send the last `id` as `Last-Event-ID`: the deltas since then follow where they are still kept, "
                    + "else a snapshot. A reader that is slow may get a snapshot in between. After 15 s without a message a "
                    + "comment follows.",
                by: .anyone, takes: .nothing, [.lastEventID],
                gives: [
                    .init(
                        200, "The stream. It ends with the connection.", "text/event-stream", StreamRoutes.words,
                        example: StreamRoutes.availabilityExample, headers: [.cacheControl])
                ], refuses: [.overloaded: StreamRoutes.busy, .rateLimited: StreamRoutes.share], streamAvailability),
            Endpoint(
                "streamWaitingRoom", .get, event: "/waiting-room/stream", for: .buyer, at: .any,
                "Says how the line stands, and then again whenever that changes.",
                "Server-sent events: `room` with a WaitingRoom, at once and after every change, at most once a second. After "
                    + "15 s without a message a comment follows. Whoever listens with a ticket is present.",
                by: .listener, takes: .nothing, [.ticket],
                gives: [
                    .init(
                        200, "The stream. It ends with the connection.", "text/event-stream", StreamRoutes.words,
                        example: StreamRoutes.waitingRoomExample, headers: [.cacheControl])
                ],
                refuses: [
                    .unauthenticated: "a token came with the request, and it is not valid",
                    .forbidden: "this ticket is for another event", .overloaded: StreamRoutes.busy,
                    .rateLimited: StreamRoutes.share,
                ], streamWaitingRoom),
        ]
    }

    private static let availabilityExample = """
        event: snapshot
        id: 17
        data: {"version":17,"seats":"..hxxb","areas":[{"name":"Standing","free":2871}]}

        event: delta
        id: 18
        data: {"version":18,"seats":[[0,"h"]],"areas":[{"name":"Standing","free":2871}]}


        """

    private static let waitingRoomExample = """
        event: room
        data: {"phase":"lobby","opensAt":"2027-01-01T00:00:00.000Z","issued":0,"admittedThrough":0,\
        "admittedPerMinute":100,"activeShoppers":0,"free":13884,\
        "drawCommitment":"630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd","drawSeed":null,\
        "lobbySize":52344,"entrantsHash":null}


        """

    private func streamWaitingRoom(_ event: EventHandle, _ call: Call<PlaceID?, Void>) async throws -> Response {
        try await stream(
            call.request, call.context, topic: "room/" + event.id, source: event.id, lastVersion: nil,
            place: call.caller
        ) { [engine = events.engine, listeners] in WaitingRoomFeed(event, engine: engine, listeners: listeners) }
    }

    private func streamAvailability(_ event: EventHandle, _ call: Call<Void, Void>) async throws -> Response {
        let lastVersion = call.request.headers[.lastEventID].flatMap { UInt64($0) }
        return try await stream(
            call.request, call.context, topic: "seats/" + event.id, source: event.id, lastVersion: lastVersion,
            place: nil
        ) { [engine = events.engine] in AvailabilityFeed(event, engine: engine) }
    }

    private func stream(
        _ request: Request, _ context: OnsaleContext, topic: String, source: String, lastVersion: UInt64?,
        place: PlaceID?,
        makeFeed: @escaping @Sendable () -> any Feed
    ) async throws -> Response {
        // The framework answers a HEAD as a GET without the body, so there is nothing to stream.
        guard request.method == .get else { return Response(status: .ok, headers: StreamRoutes.streamHeaders) }
        let client = gate.address(of: request, context)
        let share = gate.isLimited(client) ? client.network ?? ClientNetwork(bits: 0) : nil
        if let share, !shares.streams.take(share) { throw Self.tooManyFromOneAddress }
        // From here on the framework no longer owns the connection: whatever it writes goes nowhere.
        let requestID = RequestID.of(request, context)
        let head = streamHead(requestID: requestID)
        do {
            try await hand(
                context.channel,
                over: Opening(
                    head: head, requestID: requestID, topic: topic, source: source, lastVersion: lastVersion,
                    listener: place?.serial ?? 0, share: share, makeFeed: makeFeed))
        } catch {
            if let share { shares.streams.giveBack(share) }
            throw error
        }
        return Response(status: .ok)
    }

    /// What the broadcaster needs to open a stream.
    private struct Opening {
        let head: [UInt8]
        let requestID: String
        let topic: String
        let source: String
        let lastVersion: UInt64?
        let listener: UInt32
        let share: ClientNetwork?
        let makeFeed: @Sendable () -> any Feed
    }

    /// Gives the connection to the broadcaster. Whoever holds the share last gives it back.
    private func hand(_ channel: any Channel, over opening: Opening) async throws {
        let client = opening.share?.bits ?? Broadcaster.uncounted
        if takesOverSockets, let socket = try await StreamSocket.take(from: channel) {
            do {
                try broadcaster.take(
                    socket: socket, head: opening.head, topic: opening.topic, source: opening.source,
                    lastVersion: opening.lastVersion, listener: opening.listener, client: client,
                    makeFeed: opening.makeFeed)
            } catch {
                if let share = opening.share { shares.streams.giveBack(share) }
                refuse(socket, requestID: opening.requestID)
            }
        } else if let connection = try await DetachedConnection.detach(channel) {
            do {
                try broadcaster.take(
                    connection: connection, head: opening.head, topic: opening.topic, source: opening.source,
                    lastVersion: opening.lastVersion, listener: opening.listener, client: client,
                    makeFeed: opening.makeFeed)
            } catch {
                if let share = opening.share { shares.streams.giveBack(share) }
                _ = connection.send(refusal(requestID: opening.requestID)[...])
                connection.close()
            }
        } else if let share = opening.share {
            shares.streams.giveBack(share)
        }
    }

    private static let tooManyListeners = Problem.busy(
        .overloaded, "All live streams are taken. Poll the state instead, and try the stream again later.",
        retryAfterSeconds: 10)

    private static let tooManyFromOneAddress = Problem.busy(
        .rateLimited, "Too many streams are open from your address. Close one and try again.", retryAfterSeconds: 10)

    private static let streamHeaders: HTTPFields = [
        .contentType: "text/event-stream", .cacheControl: "no-store", .xAccelBuffering: "no",
    ]

    // MARK: The socket

    /// The head of a stream's answer. Closing the connection ends the body.
    private func streamHead(requestID: String) -> [UInt8] {
        Array(
            ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n"
                + "x-accel-buffering: no\r\nconnection: close\r\n\(whose(requestID))\r\n").utf8)
    }

    /// The fields that every answer has.
    private func whose(_ requestID: String) -> String {
        "x-request-id: \(requestID)\r\n" + (node.map { "onsale-node: \($0)\r\n" } ?? "")
    }

    private func refuse(_ socket: Int32, requestID: String) {
        let bytes = refusal(requestID: requestID)
        _ = bytes.withUnsafeBytes { Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        close(socket)
    }

    private func refusal(requestID: String) -> [UInt8] {
        let response = Self.tooManyListeners.response
        var text = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n"
        text += whose(requestID)
        for field in response.headers { text += "\(field.name.rawName): \(field.value)\r\n" }
        let body = Self.tooManyListeners.body
        text += "content-length: \(body.readableBytes)\r\n\r\n" + String(buffer: body)
        return Array(text.utf8)
    }
}
