import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleSettlement

/// What is owed to the organizer, and whether the provider has it.
struct SettlementRoutes: RouteGroup {
    /// nil where nothing is booked.
    let reports: SettlementReports?

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "getSettlement", .get, event: "/settlement", for: .organizer, at: .any,
                "Says what is owed to the organizer, day by day, and how that compares with the provider's list.",
                "Days are those of the event's time zone. Amounts are in minor units. A day is as good as what was booked by "
                    + "then: the book follows the sale within seconds, the provider's list is read every ten minutes.",
                by: .viewer, takes: .nothing, [.settlementFrom, .settlementTo],
                gives: [.init(200, "Days, and what differs on them.", .settlement)],
                refuses: [.invalidRequest: "a day can't be read, or `from` is after `to`, or it is too much at once"],
                get),
            Endpoint(
                "exportSettlement", .get, event: "/settlement.csv", for: .organizer, at: .any,
                "Gives the days as CSV.", by: .viewer, takes: .nothing, [.settlementFrom, .settlementTo],
                gives: [
                    .init(
                        200, "One line for each day, after a line of names.", "text/csv",
                        .text.with(
                            "description",
                            "day, gross, fees, refunds, disputes, net, provider, difference (RFC 4180)."),
                        headers: [.contentDisposition])
                ],
                refuses: [.invalidRequest: "a day can't be read, or `from` is after `to`, or it is too much at once"],
                export),
        ]
    }

    private func get(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        let settlement = try await settlement(event, call)
        return .json(.ok) { writer in
            writer.member("currency", event.view.definition.currency)
            writer.array("days") { writer in
                for day in settlement.report.days { writer.object { write(day, to: &$0) } }
            }
            writer.array("differences") { writer in
                for difference in settlement.differences { writer.object { write(difference, to: &$0) } }
            }
        }
    }

    private func export(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        let settlement = try await settlement(event, call)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/csv; charset=utf-8",
                .contentDisposition: "attachment; filename=\"\(event.id)-settlement.csv\"",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: settlement.report.csv)))
    }

    private func settlement(
        _ event: EventHandle, _ call: Call<StaffMember, Void>
    ) async throws -> SettlementReports.Settlement {
        let (from, to) = (call.query.get("from").map { String($0) }, call.query.get("to").map { String($0) })
        guard let period = SettlementReports.Period(from: from, to: to) else {
            throw Problem.invalid("/from", "and `to` must be days, as 2027-03-01, the first no later than the last")
        }
        guard let reports else { throw Problem(.unavailable, "Nothing is booked here.") }
        return try await kept {
            do { return try await reports.settlement(of: event.id, period) } catch let error as SettlementError
                where error.code == .full
            {
                throw Problem.invalid("/from", "asks for more than can be compared at once; ask for fewer days")
            }
        }
    }

    private func write(_ day: SettlementReport.Day, to writer: inout JSONWriter) {
        writer.member("day", day.day)
        writer.member("gross", day.gross)
        writer.member("fees", day.fees)
        writer.member("refunds", day.refunds)
        writer.member("disputes", day.disputes)
        writer.member("net", day.net)
        writer.member("provider", day.provider)
        writer.member("difference", day.difference)
    }

    private func write(_ difference: Difference, to writer: inout JSONWriter) {
        let (expected, line) = (difference.expected, difference.line)
        writer.member("name", difference.name.rawValue)
        writer.member("day", difference.day.description)
        writer.member("order", expected?.order ?? line?.order)
        writer.member("payment", expected?.payment ?? line?.payment)
        writer.member("kind", expected?.kind.rawValue ?? line?.type)
        writer.member("expected", expected?.amount)
        writer.member("listed", line?.amount)
        writer.member("currency", line?.currency ?? expected?.currency)
        writer.member("line", line?.id)
    }
}

extension Parameter {
    static let settlementFrom = Parameter(
        nil, "from", in: "query", "The first day, as `2027-03-01`. Left out: the first that there is.", .day)
    static let settlementTo = Parameter(
        nil, "to", in: "query", "The last day. Left out: the last that there is.", .day)
}
