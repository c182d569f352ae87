import HTTPTypes
import Hummingbird
import Logging
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// What the organizer does: create, change, pause, block, watch.
struct OrganizerRoutes: RouteGroup {
    let events: EventClient
    let presenter: Presenter
    let plans: PlanCache
    let sections: PlanSections
    let logger: Logger

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "createEvent", .post, "/v1/events", for: .organizer, at: .creator, "Creates an event.",
                "A body may have 32 MiB.",
                by: .owner, takes: .bytes(.createEvent, upTo: Body.eventBytesMax),
                gives: [.init(201, "The event.", .event, headers: [.location])],
                refuses: [.eventExists: "there is an event by this id", .overloaded: ""], createEvent),
            Endpoint(
                "changeEvent", .patch, event: "", for: .organizer, at: .promptOwner,
                "Changes what an event tells about itself, prices and limits.",
                "Tickets and mails that come later say it as it is then. New prices and limits are for holds that follow: a "
                    + "hold, and every order on it, keeps the prices that it was made at, and nobody loses places to a lower limit.",
                by: .owner, takes: .json(ChangeEvent.self), gives: [.init(200, "The event.", .event)], changeEvent),
            Endpoint(
                "publishEvent", .post, event: "/publish", for: .organizer, at: .promptOwner,
                "Shows a draft to everybody, for good; one that is published stays so.", by: .owner,
                takes: .anything, gives: [.init(200, "The event.", .event)], publishEvent),
            Endpoint(
                "getReport", .get, event: "/report", for: .organizer, at: .promptOwner, "Says how the sale stands.",
                by: .viewer,
                takes: .nothing,
                gives: [.init(200, "Places, orders and money.", .report)], getReport),
            Endpoint(
                "changeOnsale", .patch, event: "/onsale", for: .organizer, at: .promptOwner,
                "Changes the sale's times and how many may shop at a time.", by: .owner,
                takes: .json(ChangeOnsale.self), gives: [.init(200, "The event.", .event)],
                refuses: [.onsaleClosed: "the sale has opened, so `opensAt` can't move"], changeOnsale),
            Endpoint(
                "pauseOnsale", .post, event: "/onsale/pause", for: .organizer, at: .promptOwner,
                "Pauses the sale; live holds can still be paid.", by: .boxOffice, takes: .nothing,
                gives: [.init(200, "The event.", .event)]
            ) { event, call in try await changeLine(PauseSale(), .paused, event, call) },
            Endpoint(
                "resumeOnsale", .post, event: "/onsale/resume", for: .organizer, at: .promptOwner,
                "Goes on with a paused sale.",
                by: .boxOffice, takes: .nothing, gives: [.init(200, "The event.", .event)]
            ) { event, call in try await changeLine(ResumeSale(), .resumed, event, call) },
            Endpoint(
                "blockSeats", .post, event: "/blocks", for: .organizer, at: .promptOwner,
                "Keeps free seats back from sale: all of them, or none.", by: .boxOffice,
                takes: .json(BlockSeatsBody.self), gives: [.init(201, "The blocked seats.", .seatList)],
                refuses: [.seatsUnavailable: "some are held or sold; `unavailable` names them"], blockSeats),
            Endpoint(
                "listBlocks", .get, event: "/blocks", for: .organizer, at: .promptOwner,
                "Lists the seats that are kept back, in plan order, and why.", by: .viewer, takes: .nothing,
                gives: [.init(200, "The blocked seats.", .blockList)], listBlocks),
            Endpoint(
                "unblockSeats", .delete, event: "/blocks", for: .organizer, at: .promptOwner,
                "Gives blocked seats back to the sale, and passes over others.", by: .boxOffice,
                takes: .json(SeatList.self), gives: [.init(204, "They are for sale.")], unblockSeats),
            Endpoint(
                "listAudit", .get, event: "/audit", for: .organizer, at: .promptOwner,
                "Lists what organizers have done, the newest first.",
                "Up to 1,000 entries; the journal has what was done before. With `account`, `by` is the name of the account "
                    + "whose token was shown. Without, it is what the holder of the configured token said in "
                    + "`Onsale-Actor` (percent-encoded UTF-8), which is believed, not proved, or a part of the system.",
                by: .viewer, takes: .nothing, gives: [.init(200, "What was done.", .auditList)], listAudit),
        ]
    }

    private func createEvent(_ call: Call<StaffMember, Void>) async throws -> Response {
        try Body.requireJSON(call.request)
        let parsed = try EventImport.definition(fromJSON: call.bytes, now: events.engine)
        let definition = parsed.definition
        let note = call.caller.note(.created, definition.profile.title)
        let view = try await EventImport.create(parsed, note: note, in: events.engine)
        logger.notice(
            "Event created", metadata: ["event": "\(definition.id)", "capacity": "\(view.counts.capacity)"])
        // Compressed now, so that no buyer waits for it.
        if let digest = definition.planDigest { Task { [plans] in _ = try? await plans.gzipped(digest) } }
        return .json(.created, presenter.event(view), headers: [.location: "/v1/events/\(definition.id)"])
    }

    private func getReport(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        // Asked in the event's turn, so that a node that has lost the event without knowing tells nothing old.
        let now = events.now()
        let (view, present) = try await events.read(event) { (event.view, $0.line.present(at: now)) }
        let sections = try await sections.sections(of: view.definition)
        let figures = SalesFigures.all(of: view, sections: sections)
        let plan = view.definition.plan
        let sectionNames = sections.map(\.name) + plan.areas.map(\.name)
        return .json(.ok) { writer in
            writer.member("capacity", view.counts.capacity)
            writer.member("free", view.counts.free)
            writer.member("held", view.counts.held)
            writer.member("sold", view.counts.sold)
            writer.member("blocked", view.counts.blocked)
            writer.object("orders") { writer in
                writer.member(
                    "authorizing", (view.orders[.authorizing] ?? 0) + (view.orders[.capturing] ?? 0))
                writer.member("requires_action", view.orders[.requiresAction] ?? 0)
                writer.member("confirmed", view.orders[.confirmed] ?? 0)
                writer.member("declined", view.orders[.declined] ?? 0)
                writer.member("expired", view.orders[.expired] ?? 0)
                writer.member("refunding", view.orders[.refunding] ?? 0)
                writer.member("refunded", view.orders[.refunded] ?? 0)
            }
            writer.member("currency", view.definition.currency)
            writer.member("gross", view.gross)
            writer.member("refunded", view.refunded)
            writer.member("waiting", view.line.waiting)
            writer.member("present", min(present, view.line.waiting))
            writer.member("absent", max(0, view.line.waiting - present))
            writer.member("activeShoppers", view.line.activeShoppers)
            writer.array("categories") { writer in
                for (category, figures) in zip(plan.categories, figures.categories) where figures.capacity > 0 {
                    writer.object { writer in
                        writer.member("category", category)
                        OrganizerRoutes.write(figures, to: &writer)
                    }
                }
            }
            writer.array("sections") { writer in
                for (section, figures) in zip(sectionNames, figures.sections) {
                    writer.object { writer in
                        writer.member("section", section)
                        OrganizerRoutes.write(figures, to: &writer)
                    }
                }
            }
        }
    }

    private static func write(_ figures: SalesFigures, to writer: inout JSONWriter) {
        writer.member("capacity", figures.capacity)
        writer.member("free", figures.free)
        writer.member("held", figures.held)
        writer.member("sold", figures.sold)
        writer.member("blocked", figures.blocked)
        writer.member("gross", figures.gross)
    }

    private func changeLine<Command: EventCommand>(
        _ command: Command, _ action: AuditNote.Action, _ event: EventHandle, _ call: Call<StaffMember, Void>
    ) async throws -> Response {
        try await events.apply(command, to: event, by: call.caller, as: action)
        logger.notice("The organizer changed the sale", metadata: ["event": "\(event.id)", "change": "\(action.name)"])
        return .json(.ok, presenter.event(event.view))
    }

    private func changeEvent(_ event: EventHandle, _ call: Call<StaffMember, ChangeEvent>) async throws -> Response {
        let definition = event.view.definition
        let (summary, member) = (call.content.summary, call.caller)
        try await events.apply(
            Audited(try call.content.change(in: definition.plan)) { terms in
                let changes = definition.changes(from: terms.before, to: terms.after)
                return member.note(.edited, (summary + changes).joined(separator: ", "))
            }, to: event)
        return changed(event, .edited)
    }

    private func publishEvent(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        try await events.apply(ChangeProfile(publishes: true), to: event, by: call.caller, as: .published)
        return changed(event, .published)
    }

    private func changed(_ event: EventHandle, _ action: AuditNote.Action) -> Response {
        logger.notice(
            "The organizer changed the event", metadata: ["event": "\(event.id)", "change": "\(action.name)"])
        return .json(.ok, presenter.event(event.view))
    }

    private func changeOnsale(_ event: EventHandle, _ call: Call<StaffMember, ChangeOnsale>) async throws -> Response {
        try await events.apply(
            ChangeSchedule(try call.content.change()), to: event, by: call.caller, as: .onsaleChanged,
            call.content.summary)
        return .json(.ok, presenter.event(event.view))
    }

    // MARK: Seats kept back

    private func blockSeats(_ event: EventHandle, _ call: Call<StaffMember, BlockSeatsBody>) async throws -> Response {
        let plan = event.view.definition.plan
        let seats = try plan.seats(named: call.content.seats)
        let reason = try Reason.checked(call.content.reason, max: BlockSeatsBody.reasonMax)
        let detail = summary(of: seats, plan) + (reason.map { ": \($0)" } ?? "")
        try await events.apply(BlockSeats(seats, reason: reason), to: event, by: call.caller, as: .blocked, detail)
        return .json(.created) { $0.member("seats", strings: seats.map { plan[$0].name }) }
    }

    private func listBlocks(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        let plan = event.view.definition.plan
        let blocks = try await events.read(event) { $0.sale.blocks }
        return .json(.ok) { writer in
            writer.array("blocks") { writer in
                for (seat, block) in blocks.sorted(by: { $0.key < $1.key }) {
                    writer.object { writer in
                        writer.member("seat", plan[seat].name)
                        writer.member("reason", block.reason)
                        writer.member("since", block.since)
                    }
                }
            }
        }
    }

    private func unblockSeats(_ event: EventHandle, _ call: Call<StaffMember, SeatList>) async throws -> Response {
        let plan = event.view.definition.plan
        let seats = try plan.seats(named: call.content.seats)
        try await events.apply(
            UnblockSeats(seats), to: event, by: call.caller, as: .unblocked, summary(of: seats, plan))
        return .noContent
    }

    private static let seatsNamed = 5

    /// The first few seats by name, and how many there are.
    private func summary(of seats: [SeatIndex], _ plan: SeatingPlan) -> String {
        let named = seats.prefix(OrganizerRoutes.seatsNamed).map { plan[$0].name }.joined(separator: ", ")
        return seats.count > OrganizerRoutes.seatsNamed ? "\(named) … (\(seats.count))" : named
    }

    // MARK: Who did what

    private func listAudit(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        let entries = try await events.read(event) { $0.audit }
        return .json(.ok) { writer in
            writer.array("entries") { writer in
                for entry in entries.reversed() {
                    writer.object { writer in
                        writer.member("at", entry.at)
                        writer.member("by", entry.note.actor)
                        if let account = entry.note.account { writer.member("account", account) }
                        writer.member("action", entry.note.action.name)
                        writer.member("detail", entry.note.detail)
                    }
                }
            }
        }
    }
}

extension AuditNote.Action {
    var name: String {
        switch self {
        case .created: "created"
        case .refundSeen: "refund-seen"
        case .disputeSeen: "dispute-seen"
        case .ineligible: "ineligible"
        case .edited: "edited"
        case .published: "published"
        case .ticketsRefunded: "tickets-refunded"
        case .paused: "paused"
        case .resumed: "resumed"
        case .onsaleChanged: "onsale-changed"
        case .blocked: "blocked"
        case .unblocked: "unblocked"
        case .refunded: "refunded"
        }
    }
}
