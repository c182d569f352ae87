import OnsaleBus
import OnsaleDocuments
import OnsaleValues
import Testing

/// Reads a calendar as strictly as RFC 5545 is written, section 3.1 and 3.3.11.
struct StrictCalendar {
    let properties: [(name: String, value: String)]

    init(_ bytes: [UInt8]) throws {
        let text = try #require(String(validating: bytes, as: UTF8.self))
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f || $0 == "\r" || $0 == "\n" })
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        #expect(lines.removeLast().isEmpty)
        var unfolded: [[UInt8]] = []
        for line in lines {
            #expect(line.last == UInt8(ascii: "\r") && line.dropLast().firstIndex(of: UInt8(ascii: "\r")) == nil)
            #expect(line.count - 1 <= 75)
            #expect(String(validating: line, as: UTF8.self) != nil, "a fold inside a character")
            if line.first == UInt8(ascii: " "), let last = unfolded.popLast() {
                unfolded.append(last + line.dropFirst().dropLast())
            } else {
                unfolded.append(Array(line.dropLast()))
            }
        }
        properties = try unfolded.map { line in
            let colon = try #require(line.firstIndex(of: UInt8(ascii: ":")))
            let name = String(decoding: line[..<colon], as: UTF8.self)
            #expect(name.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
            return (
                name, ["SUMMARY", "LOCATION", "DESCRIPTION"].contains(name) ? try StrictCalendar.text(value) : value
            )
        }
    }

    subscript(_ name: String) -> [String] { properties.filter { $0.name == name }.map(\.value) }

    private static func text(_ escaped: String) throws -> String {
        var text = ""
        var scalars = escaped.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            #expect(scalar != ";" && scalar != ",", "a comma or semicolon that isn't escaped")
            guard scalar == "\\" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            let following = scalars.next()
            let next = try #require(following)
            #expect(["\\", ";", ",", "n", "N"].contains(next))
            text.unicodeScalars.append(next == "n" || next == "N" ? "\n" : next)
        }
        return text
    }
}

@Suite struct OrderCalendarTests {
    private func calendar(_ message: OrderMessage, isCancelled: Bool = false) throws -> StrictCalendar {
        let calendar = try OrderCalendar(
            message, in: .korean, zones: SystemTimeZones(), at: Timestamp(milliseconds: 1_800_000_000_000),
            isCancelled: isCancelled)
        return try StrictCalendar(calendar.file.own)
    }

    @Test("The event has one entry, with everything that a fan needs")
    func confirmed() throws {
        let read = try calendar(order())
        #expect(read["BEGIN"] == ["VCALENDAR", "VEVENT"] && read["END"] == ["VEVENT", "VCALENDAR"])
        #expect(read["VERSION"] == ["2.0"] && read["METHOD"].isEmpty && read["DTEND"].isEmpty)
        #expect(read["UID"] == ["ord_06BJ3Q9W8R00010000ABCDEF@onsale"])
        #expect(read["DTSTART"] == ["20270814T103000Z"] && read["DTSTAMP"] == ["20270115T080000Z"])
        #expect(read["STATUS"] == ["CONFIRMED"] && read["SEQUENCE"] == ["0"])
        #expect(read["SUMMARY"] == ["한여름 밤의 콘서트: 서울 앙코르"] && read["LOCATION"] == ["올림픽공원 체조경기장, 서울 송파구"])
        #expect(
            read["DESCRIPTION"] == [
                """
                2027년 8월 14일 토요일 오후 7:30, Asia/Seoul (UTC+09:00)
                1 / 2: F1구역 3열 12번 (VIP)
                2 / 2: Standing A (VIP)
                예매번호: ord_06BJ3Q9W8R00010000ABCDEF
                """
            ])
    }

    @Test("Void tickets cancel the same entry")
    func cancelled() throws {
        let before = try calendar(order())
        let after = try calendar(order(), isCancelled: true)
        #expect(before["UID"] == after["UID"])
        #expect(after["STATUS"] == ["CANCELLED"] && after["SEQUENCE"] == ["1"] && after["METHOD"].isEmpty)
    }

    @Test(
        "No text breaks out of its property", arguments: hostileTexts + ["x\r\nATTENDEE:mailto:a@b.c", "a\\nb;c,d\\"])
    func hostile(text: String) throws {
        let message = order(title: text, venue: text, seats: [text], category: text)
        let read = try calendar(message)
        let known = ["BEGIN", "VERSION", "PRODID", "CALSCALE", "BEGIN", "UID", "DTSTAMP", "DTSTART", "SUMMARY"]
        #expect(read.properties.map(\.name).starts(with: known))
        #expect(read["SUMMARY"] == [try sheet(message).event])
        #expect(read["ATTENDEE"].isEmpty)
    }
}
