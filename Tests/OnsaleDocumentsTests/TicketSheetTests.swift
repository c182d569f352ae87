import OnsaleBus
import OnsaleDocuments
import OnsaleValues
import Testing

@Suite struct TicketSheetTests {
    @Test("A name of three parts is said as section, row and seat; others stay as they are")
    func places() {
        #expect(PlaceName.seat("F1-3-12", in: .korean) == "F1구역 3열 12번")
        #expect(PlaceName.seat("가구역-3열-12번", in: .korean) == "가구역 3열 12번")
        #expect(PlaceName.seat("F1-3-12", in: .english) == "Section\u{a0}F1, Row\u{a0}3, Seat\u{a0}12")
        for name in ["12", "A-12", "1-2-3-4", "A--3", "-1-2", "1-2-", "F1 3 12"] {
            for language in DocumentLanguage.allCases { #expect(PlaceName.seat(name, in: language) == name) }
        }
    }

    @Test("The time is the venue's own, in words")
    func time() throws {
        let korean = try sheet(order()).startsAt
        #expect(korean.date(in: .korean) == "2027년 8월 14일 토요일")
        #expect(korean.time(in: .korean) == "오후 7:30")
        #expect(korean.zoneName == "Asia/Seoul (UTC+09:00)")
        #expect(korean.date(in: .english) == "Saturday, 14 August 2027")
        #expect(korean.time(in: .english) == "19:30")
        let winter = try sheet(order(startsAt: "2027-01-01T03:05:00Z", zone: "America/New_York")).startsAt
        #expect(winter.date(in: .english) == "Thursday, 31 December 2026")
        #expect(winter.time(in: .english) == "22:05")
        #expect(winter.zoneName == "America/New_York (UTC−05:00)")
        let summer = try sheet(order(startsAt: "2027-07-01T16:00:00Z", zone: "America/New_York")).startsAt
        #expect(summer.time(in: .korean) == "오후 12:00")
        let midnight = try sheet(order(startsAt: "2027-07-01T15:00:00Z")).startsAt
        #expect(midnight.time(in: .korean) == "오전 12:00")
        #expect(midnight.date(in: .korean) == "2027년 7월 2일 금요일")
    }

    @Test(
        "Without a zone that is known, or where its year can't be written, the time is in UTC and says so",
        arguments: [nil, "", "Mars/Olympus", "../../etc/passwd", "Asia/Seoul\n", String(repeating: "A", count: 5000)])
    func withoutZone(zone: String?) throws {
        let time = try sheet(order(zone: zone)).startsAt
        #expect(time.zoneName == "UTC")
        #expect(time.time(in: .english) == "10:30")
    }

    @Test("The ends of time are in UTC rather than in a year without a name")
    func endsOfTime() throws {
        let last = try sheet(order(startsAt: "9999-12-31T23:00:00Z")).startsAt
        #expect(last.date(in: .english) == "Friday, 31 December 9999")
        #expect(last.zoneName == "UTC")
        let first = try sheet(order(startsAt: "1970-01-01T00:00:00Z", zone: "America/New_York")).startsAt
        #expect(first.date(in: .korean) == "1970년 1월 1일 목요일")
    }

    @Test("Tickets are numbered within their order, seats and areas alike")
    func numbers() throws {
        let sheets = try TicketSheet.sheets(
            of: order(seats: ["F1-3-12", "F1-3-13"], areas: ["Standing A"]), in: .korean, zones: SystemTimeZones())
        #expect(sheets.map(\.number) == [1, 2, 3])
        #expect(sheets.allSatisfy { $0.count == 3 })
        #expect(sheets.map(\.place) == ["F1구역 3열 12번", "F1구역 3열 13번", "Standing A"])
        #expect(sheets.map(\.isSeat) == [true, true, false])
        #expect(sheets.map(\.barcode) == [barcode(1), barcode(2), barcode(3)])
    }

    @Test("A stranger's text is one short line that XML may have", arguments: hostileTexts)
    func plain(text: String) throws {
        let sheet = try sheet(order(title: text, venue: text, seats: [text], category: text))
        for line in [sheet.event, sheet.venue ?? "", sheet.category, sheet.place] {
            #expect(line.count <= 602)
            #expect(
                line.unicodeScalars.allSatisfy {
                    $0.properties.generalCategory != .control && $0.value != 0xfffe && $0.value != 0xffff
                        && !(0x202a...0x202e).contains($0.value) && !(0x2066...0x2069).contains($0.value)
                })
            #expect(line.unicodeScalars.count <= 2410)
        }
    }

    @Test("An order that can't be printed is refused, and told why")
    func refusals() {
        func refusal(_ message: OrderMessage) -> String? {
            do throws(UnprintableOrder) {
                _ = try TicketSheet.sheets(of: message, in: .korean, zones: SystemTimeZones())
                return nil
            } catch {
                return error.description
            }
        }
        #expect(refusal(order()) == nil)
        #expect(refusal(order(id: "../x"))?.contains("public ID") == true)
        #expect(refusal(order(id: ""))?.contains("public ID") == true)
        #expect(refusal(order(seats: [], areas: [])) == "has no tickets")
        #expect(refusal(order(areas: Array(repeating: "A", count: 200)))?.contains("201 tickets") == true)
        #expect(refusal(order(startsAt: "tomorrow"))?.contains("startsAt") == true)
        #expect(refusal(order { _ in "" })?.contains("barcode") == true)
        #expect(refusal(order { _ in "a b" })?.contains("barcode") == true)
        #expect(refusal(order { _ in String(repeating: "x", count: 1001) })?.contains("barcode") == true)
        var neither = order()
        neither.tickets[0].seat = nil
        #expect(refusal(neither)?.contains("exactly one") == true)
        neither.tickets[0].seat = "1"
        neither.tickets[0].area = "A"
        #expect(refusal(neither)?.contains("exactly one") == true)
        neither.tickets[0].ticket = "tkt/1"
        #expect(refusal(neither)?.contains("number 1, without a public ID") == true)
    }
}
