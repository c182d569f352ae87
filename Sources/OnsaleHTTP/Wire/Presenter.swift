import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleAccounts
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

extension Response {
    static func json(_ status: HTTPResponse.Status, _ buffer: ByteBuffer, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: .init(byteBuffer: buffer))
    }

    static func json(
        _ status: HTTPResponse.Status, headers: HTTPFields = [:], _ body: (inout JSONWriter) -> Void
    ) -> Response {
        json(status, JSONWriter.object(body), headers: headers)
    }

    static var noContent: Response { Response(status: .noContent) }
}

/// How holds, orders and events are shown.
struct Presenter: Sendable {
    let barcodes: Barcodes
    let now: @Sendable () -> Timestamp

    private static func write(_ lines: [PriceLine], in definition: EventDefinition, to writer: inout JSONWriter) {
        writer.array("lines") { writer in
            for line in lines {
                writer.object { writer in
                    writer.member("category", definition.plan.categories[line.category])
                    writer.member("unitAmount", line.unitAmount)
                    writer.member("quantity", line.quantity)
                }
            }
        }
    }

    private static func places(_ places: Places, _ definition: EventDefinition, _ writer: inout JSONWriter) {
        switch places {
        case .seats(let seats):
            writer.member("seats", strings: seats.lazy.map { definition.plan[$0].name })
            writer.null("area")
        case .area(let area, _):
            writer.array("seats") { _ in }
            writer.member("area", definition.plan.areas[area].name)
        }
        writer.member("quantity", places.quantity)
    }

    /// - Parameter view: as new as the hold.
    static func hold(_ hold: Hold, in view: EventView) -> ByteBuffer {
        JSONWriter.object { write(hold, in: view, to: &$0) }
    }

    static func write(_ hold: Hold, in view: EventView, to writer: inout JSONWriter) {
        let definition = view.definition
        writer.member("hold", definition.publicID(hold))
        Presenter.places(hold.places, definition, &writer)
        Presenter.write(view.lines(of: hold), in: definition, to: &writer)
        writer.member("amount", hold.amount)
        writer.member("currency", definition.currency)
        writer.member("expiresAt", hold.expiresAt)
        if let order = hold.order { writer.member("orderNumber", order.serial) }
    }

    /// For whom an order is shown.
    enum Reader: Sendable {
        case buyer
        /// Its buyer is named too.
        case staff
        /// Who changes nothing has no use for what opens the door.
        case viewer

        init(_ member: StaffMember) { self = member.role.includes(.boxOffice) ? .staff : .viewer }
    }

    /// - Parameter view: as new as the order.
    func write(_ order: Order, in view: EventView, for reader: Reader = .buyer, to writer: inout JSONWriter) {
        let definition = view.definition
        writer.member("order", definition.publicID(order))
        writer.member("event", definition.id)
        writer.member("state", order.state.shownName)
        if reader != .buyer { writer.member("buyer", order.buyer.text) }
        writer.member("amount", order.amount)
        writer.member("currency", definition.currency)
        writer.member("placedAt", order.placedAt)
        if let code = order.declineCode { writer.member("declineCode", code) }
        if let url = order.action {
            writer.object("action") { writer in
                writer.member("type", "redirect")
                writer.member("url", url)
            }
        }
        if order.refunded > 0 { writer.member("refundedAmount", order.refunded) }
        if order.refunding > 0 { writer.member("refundingAmount", order.refunding) }
        if order.isDisputed { writer.member("disputed", true) }
        Presenter.places(order.places, definition, &writer)
        Presenter.write(view.lines(of: order), in: definition, to: &writer)
        writer.array("tickets") { writer in
            guard order.state == .confirmed, !order.isDisputed, let issuedAt = order.confirmedAt else { return }
            for (position, serial) in order.validTickets {
                writer.object { writer in
                    let ticket = definition.publicID(serial, issuedAt: issuedAt)
                    writer.member("ticket", ticket)
                    let place = definition.placeName(order.places, position)
                    if case .area = order.places { writer.member("area", place) } else { writer.member("seat", place) }
                    guard reader != .viewer else { return }
                    writer.member("barcode", barcodes.text(ticket: ticket, event: definition.id, place: place))
                }
            }
        }
    }

    /// - Parameter view: as new as the order.
    func order(_ order: Order, in view: EventView) -> ByteBuffer {
        JSONWriter.object(capacity: 1024) { write(order, in: view, to: &$0) }
    }

    func write(_ event: EventSummary, to writer: inout JSONWriter) {
        writer.member("id", event.id)
        writer.member("title", event.title)
        writer.member("venue", event.venue)
        writer.member("startsAt", event.startsAt)
        writer.member("currency", event.currency)
        writer.array("prices") { writer in
            for price in event.prices {
                writer.object { writer in
                    writer.member("category", price.category)
                    writer.member("amount", price.amount)
                }
            }
        }
        writer.member("state", event.isDraft ? "draft" : "published")
        if let posterURL = event.posterURL { writer.member("posterURL", posterURL) }
        if let timeZone = event.timeZone { writer.member("timeZone", timeZone) }
        writer.object("onsale") { write(event.schedule, event.phase(at: now()), to: &$0) }
    }

    private func write(_ schedule: OnsaleSchedule, _ phase: OnsalePhase, to writer: inout JSONWriter) {
        writer.member("phase", phase.rawValue)
        writer.member("lobbyOpensAt", schedule.lobbyOpensAt)
        writer.member("opensAt", schedule.opensAt)
        writer.member("closesAt", schedule.closesAt)
        writer.member("waitingRoom", schedule.hasWaitingRoom)
        writer.member("maxActiveShoppers", schedule.maxActiveShoppers)
        writer.member("passSeconds", schedule.passSeconds)
        writer.member("passIdleSeconds", schedule.passIdleSeconds)
        writer.member("frontSeconds", schedule.frontSeconds)
    }

    /// An event in full: the list's summary with areas and limits.
    func event(_ view: EventView) -> ByteBuffer {
        let definition = view.definition
        return JSONWriter.object(capacity: 2048) { writer in
            write(EventSummary(view), to: &writer)
            writer.array("areas") { writer in
                for area in definition.plan.areas {
                    writer.object { writer in
                        writer.member("name", area.name)
                        writer.member("capacity", area.capacity)
                        writer.member("category", definition.plan.categories[area.category])
                    }
                }
            }
            writer.object("limits") { writer in
                writer.member("ticketsPerBuyer", view.terms.current.ticketsPerBuyer)
                writer.member("holdSeconds", view.terms.current.holdSeconds)
                writer.member("preventOrphans", view.terms.current.preventOrphans)
            }
            writer.member("capacity", view.counts.capacity)
            if let stage = definition.stage {
                writer.object("stage") { writer in
                    writer.member("x", Int(stage.x))
                    writer.member("y", Int(stage.y))
                }
            }
            let profile = view.profile
            if let description = profile.description { writer.member("description", description) }
            if let ageLimit = profile.ageLimit { writer.member("ageLimit", ageLimit) }
            if let runningMinutes = profile.runningMinutes { writer.member("runningMinutes", runningMinutes) }
            if let terms = profile.terms { writer.member("terms", terms) }
        }
    }
}

extension OrderState {
    /// The state's name for buyers and organizers, from whom the contract hides that money is being captured.
    var shownName: String { (self == .capturing ? .authorizing : self).name }

    /// The states that share a name.
    static func named(_ name: String) -> [OrderState] {
        allCases.filter { $0.shownName == name }
    }
}
