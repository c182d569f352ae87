import OnsaleBus
import OnsaleValues
import Testing

@testable import OnsaleSettlement

/// What is charged, and which schedules are refused.
@Suite struct FeeScheduleTests {
    @Test("Each way of rounding, at a half and beside it")
    func rounding() {
        let wanted: [(Rounding, [Int64])] = [
            (.down, [2, 2, 2, 3, 2]), (.up, [3, 3, 3, 4, 2]), (.halfUp, [2, 3, 3, 4, 2]), (.halfEven, [2, 2, 3, 4, 2]),
        ]
        for (rounding, results) in wanted {
            let numerators: [Int64] = [2499, 2500, 2501, 3500, 2000]
            #expect(numerators.map { rounding.quotient($0, 1000) } == results, "\(rounding)")
            #expect(numerators.map { rounding.part(of: $0, share: 7, whole: 7000) } == results, "\(rounding)")
        }
        #expect(Rounding.up.part(of: .max, share: .max, whole: .max) == .max)
    }

    @Test("The most particular rule counts, and of two alike the one valid last")
    func precedence() throws {
        let old = Timestamp(milliseconds: 0)
        func ticket(_ event: String? = nil, _ category: String? = nil, from: Timestamp, _ fixed: Int64)
            -> FeeSchedule.Rule
        {
            .init(event: event, category: category, currency: "KRW", from: from, basis: .ticket, fixed: fixed)
        }
        let rules = [
            ticket(from: old, 1), ticket(from: monday, 2), ticket(from: monday.adding(seconds: 1), 3),
            ticket(nil, "R", from: old, 4), ticket("evt_1", nil, from: old, 5), ticket("evt_1", "R", from: old, 6),
            FeeSchedule.Rule(currency: "KRW", from: old, basis: .order, fixed: 1000),
        ]
        let fees = try FeeSchedule(rules)
        func charge(_ event: String, _ category: String) throws -> Int64 {
            try fees.charge(
                for: order(
                    "ord_1", event: event, lines: [.init(category: category, unitAmount: 10_000, quantity: 2)])
            ).amount
        }
        #expect(try charge("evt_2", "S") == 1004)
        #expect(try charge("evt_2", "R") == 1008)
        #expect(try charge("evt_1", "S") == 1010)
        #expect(try charge("evt_1", "R") == 1012)
        #expect(try FeeSchedule.free.charge(for: order("ord_1")) == .init(amount: 0, rounding: 0, returnable: 0))
    }

    @Test("What rounding each fee takes is told apart")
    func roundingApart() throws {
        let fees = try FeeSchedule([.init(from: monday, basis: .ticket, perMille: 33, rounding: .up)])
        // Three times 0.33 is 3 when each is rounded up, and 1 at once.
        let message = order("ord_1", amount: 30, lines: [.init(category: "R", unitAmount: 10, quantity: 3)])
        #expect(try fees.charge(for: message) == .init(amount: 3, rounding: 2, returnable: 0))
    }

    @Test("A schedule in JSON is read whole")
    func json() throws {
        let json = """
            {"fees": [{"from": "2027-03-01T09:00:00+09:00", "per": "ticket", "currency": "KRW", "fixed": 500,
            "perMille": 30, "rounding": "up", "returned": true, "event": "evt_1", "category": "R"},
            {"from": "2027-03-01T00:00:00Z", "per": "order", "perMille": 10}]}
            """
        #expect(
            try FeeSchedule(json: Array(json.utf8)).rules == [
                .init(
                    event: "evt_1", category: "R", currency: "KRW", from: monday, basis: .ticket, fixed: 500,
                    perMille: 30, rounding: .up, isReturned: true),
                .init(from: monday, basis: .order, perMille: 10),
            ])
    }

    private static let head = #"{"fees": [{"from": "2027-03-01T00:00:00Z", "per": "ticket""#

    @Test(
        "A schedule that makes no sense is refused with what is wrong",
        arguments: [
            ("", "not valid JSON"), ("[]", "another type than expected at its top"), ("{}", "lacks fees"),
            (#"{"fees": [{}]}"#, "lacks fees[0].from"), (#"{"fees": [], "fee": []}"#, "at fee: Nobody knows"),
            (#"{"fees": [{"from": "Monday", "per": "ticket"}]}"#, "at fees[0].from: It is no date-time"),
            (head + #", "prMille": 3}]}"#, "at fees[0].prMille: Nobody knows"),
            (head + #", "perMille": "3"}]}"#, "another type than expected at fees[0].perMille"),
            (head + #", "perMille": 1.5}]}"#, "at fees[0].perMille: It is no whole number"),
            (head + #", "perMille": 1e40}]}"#, "at fees[0].perMille: It is no whole number"),
            (head + #", "rounding": "sideways"}]}"#, "at fees[0].rounding"),
            (head + #", "perMille": 1001}]}"#, "fee 1 has a perMille outside 0 to 1000"),
            (head + #", "perMille": -1}]}"#, "fee 1 has a perMille outside"),
            (head + #", "fixed": -1, "currency": "KRW"}]}"#, "fee 1 has a fixed part outside"),
            (head + #", "fixed": 5}]}"#, "fee 1 has a fixed part, and no currency"),
            (head + #", "fixed": 5, "currency": "WON"}]}"#, "fee 1 has a currency that ISO 4217"),
            (head + #", "event": ""}]}"#, "fee 1 is for an event or a category whose name is empty"),
            (head + #"}, {"from": "2027-03-01T00:00:00Z", "per": "ticket"}]}"#, "fees 1 and 2 are for the same"),
            (
                #"{"fees": [{"from": "2027-03-01T00:00:00Z", "per": "order", "category": "R"}]}"#,
                "fee 1 is per order, and"
            ),
            (String(repeating: "[", count: 100_000), "not valid JSON"),
            (#"{"fees": ["# + String(repeating: " ", count: 1 << 20), "bytes, more than"),
        ])
    func refused(json: String, reason: String) {
        let error = #expect(throws: FeeScheduleError.self) { try FeeSchedule(json: Array(json.utf8)) }
        #expect(error?.description.contains(reason) ?? false, "\(String(describing: error))")
    }

    @Test("Sums beyond 64 bits are an error")
    func overflow() throws {
        let fees = try FeeSchedule([.init(from: monday, basis: .ticket, perMille: 1000)])
        let lines = [OrderMessage.Line(category: "R", unitAmount: 1_000_000_000_000_000, quantity: 1_000_000)]
        let error = #expect(throws: SettlementError.self) { try fees.charge(for: order("ord_1", lines: lines)) }
        #expect(error?.code == .overflow)
    }
}
