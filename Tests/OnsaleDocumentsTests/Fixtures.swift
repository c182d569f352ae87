import Foundation
import Logging
import OnsaleBus
import OnsaleDocuments
import OnsaleValues
import Servers

/// A token like those of the door: a compact JWS.
func barcode(_ number: Int) -> String {
    let header = #"{"alg":"EdDSA","kid":"kP"}"#
    let claims = #"{"tkt":"tkt_06BJ3Q9W8R000\#(number)0000ABCDEF","evt":"world-tour","plc":"F1-3-12"}"#
    let signature = (0..<64).map { UInt8(truncatingIfNeeded: $0 * 37 + number) }
    return [Array(header.utf8), Array(claims.utf8), signature].map(Base64URL.encode).joined(separator: ".")
}

func order(
    title: String = "한여름 밤의 콘서트: 서울 앙코르", venue: String = "올림픽공원 체조경기장, 서울 송파구",
    startsAt: String = "2027-08-14T10:30:00.000Z", zone: String? = "Asia/Seoul",
    id: String = "ord_06BJ3Q9W8R00010000ABCDEF",
    placedAt: String = "2027-03-01T10:00:00.000Z", seats: [String] = ["F1-3-12"], areas: [String] = ["Standing A"],
    category: String = "VIP", barcode code: (Int) -> String = barcode
) -> OrderMessage {
    var tickets: [OrderMessage.Ticket] = []
    for seat in seats {
        let number = tickets.count + 1
        tickets.append(.init(ticket: ticketID(number), seat: seat, category: category, barcode: code(number)))
    }
    for area in areas {
        let number = tickets.count + 1
        tickets.append(.init(ticket: ticketID(number), area: area, category: category, barcode: code(number)))
    }
    return OrderMessage(
        event: OnsaleEvent(
            id: "world-tour", title: title, venue: venue, startsAt: startsAt, currency: "KRW", timeZone: zone),
        order: id, buyer: "buyer", amount: 330_000, placedAt: placedAt,
        lines: [.init(category: category, unitAmount: 165_000, quantity: tickets.count)], tickets: tickets)
}

private func ticketID(_ number: Int) -> String { "tkt_06BJ3Q9W8R000\(number)0000ABCDEF" }

func sheet(_ message: OrderMessage, _ language: DocumentLanguage = .korean) throws -> TicketSheet {
    try TicketSheet.sheets(of: message, in: language, zones: SystemTimeZones())[0]
}

func renderer() -> TicketRenderer { TicketRenderer(notice: FontNotice(Logger(label: "test"))) }

/// Texts that nobody means well with, or that are merely long.
let hostileTexts: [String] = [
    "", " ", "\0\u{1b}[31m\u{7f}", String(repeating: "한글", count: 100), String(repeating: "가", count: 5000),
    String(repeating: "여름밤의 ", count: 60), String(repeating: "W", count: 200), String(repeating: "W ", count: 300),
    "\u{202e}gnp.tekcit\u{2066}", "a" + String(repeating: "\u{301}", count: 4000), "줄\n바꿈\r\n\t탭\u{2028}끝",
    "<script>alert(\"&amp;\")</script>]]>", "مرحبا بالعالم، حفلة كبيرة", String(repeating: "حفلة ", count: 60), "👩🏽‍❤️‍💋‍👨🏾🎫",
    "\u{fffe}\u{ffff}\u{feff}x", String(repeating: "\u{1f1f0}\u{1f1f7}", count: 100), "%s%n\\;,\"'", "ﷺﷺﷺﷺﷺ",
    "นี้ที่ กรุงเทพฯ", String(repeating: "\u{200d}", count: 500), String(repeating: "-", count: 300),
]

/// Runs an installed program.
/// - Returns: what it wrote to its output.
func run(_ program: String, _ arguments: String...) throws -> String { try run(program, arguments) }

private func run(_ program: String, _ arguments: [String]) throws -> String {
    try Program.run([program] + arguments)
}

/// Runs an installed program.
/// - Returns: what it wrote to its errors.
func complaints(_ program: String, _ arguments: String...) throws -> String {
    try run("sh", ["-c", "\"$@\" 2>&1 >/dev/null", "run", program] + arguments)
}

/// Runs `body` with a folder, which is gone afterward.
func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = NSTemporaryDirectory() + "onsale-documents-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}
