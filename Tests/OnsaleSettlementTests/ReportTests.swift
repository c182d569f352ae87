import OnsaleBus
import OnsaleValues
import Testing

@testable import OnsaleSettlement

/// The figures of a day, and how a spreadsheet gets them.
@Suite struct ReportTests {
    @Test("A day's figures, and what the provider has too little")
    func figures() throws {
        let fees = try FeeSchedule([won500AndThreePercent])
        var book = Book()
        for (type, sequence, message) in [
            (.orderConfirmed, 1, order("ord_1")), (.orderConfirmed, 2, order("ord_2")),
            (.orderConfirmed, 3, order("ord_3")), (.orderCancelled, 4, order("ord_2")),
            (.orderCancelled, 5, order("ord_3", reason: "dispute")),
        ] as [(EventType, Int, OrderMessage)] {
            try book.take(event(type, sequence, message), message, fees: fees, offset: seoul)
        }
        let day = SettlementDay(monday, offsetSeconds: 0)
        let posted = book.pages.reduce(into: [:]) { $0[$1.key.day] = $1.value }
        let report = try SettlementReport(posted: posted, listed: [day: 39_000])
        #expect(
            report.days == [
                .init(
                    day: "2027-03-01", gross: 60_000, fees: 3200, refunds: 20_000, disputes: 20_000, net: 16_800,
                    provider: 39_000, difference: -1000)
            ])
        #expect(
            report.csv == "day,gross,fees,refunds,disputes,net,provider,difference\r\n"
                + "2027-03-01,60000,3200,20000,20000,16800,39000,-1000\r\n")
    }

    @Test(
        "A text is never a formula, and never more than its cell",
        arguments: [
            ("plain", "plain"), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1", "'  =1"), ("\t=1", "'\t=1"), ("\u{FF1D}1", "'\u{FF1D}1"), ("a=1", "a=1"), ("|x", "'|x"),
            ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""), ("a\r\nb", "\"a\r\nb\""),
            ("=\"x\",1", "\"'=\"\"x\"\",1\""), ("", ""), ("\r=1", "\"'\r=1\""), ("\n", "\"'\n\""),
        ])
    func cells(text: String, written: String) {
        #expect(CSV.write([[.text(text), .number(-5), .empty]]) == written + ",-5,\r\n")
    }

    @Test("Differences as rows")
    func differences() throws {
        let day = SettlementDay(monday, offsetSeconds: 0)
        let rows = [
            Difference(
                .amountDiffers, day: day, expected: movement("a", .charge, 100), line: line("1", "a", .charge, 90)),
            Difference(.unknownToUs, day: day, line: line("=2", "b", nil, -5)),
        ].csv
        #expect(
            rows == "difference,day,order,payment,kind,expected,listed,currency,line,source\r\n"
                + "amountDiffers,2027-03-01,a,pi_a,charge,100,90,KRW,1,ch_1\r\n"
                + "unknownToUs,2027-03-01,b,pi_b,payout,,-5,KRW,'=2,ch_=2\r\n")
    }

    @Test("Days are those of the calendar, in whatever zone")
    func days() {
        #expect(SettlementDay(monday, offsetSeconds: -1).description == "2027-02-28")
        #expect(SettlementDay(Timestamp(milliseconds: 0), offsetSeconds: -43_200).description == "1969-12-31")
        let last = Timestamp(milliseconds: 253_402_300_799_999)
        #expect(SettlementDay(last, offsetSeconds: 50_400).description == "9999-12-31")
        #expect(SettlementDay("2027-02-29") == nil && SettlementDay("2027-3-1") == nil && SettlementDay("") == nil)
        #expect(SettlementDay("2028-02-29")?.description == "2028-02-29")
    }
}
