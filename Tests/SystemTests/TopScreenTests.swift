import Testing

@testable import onsale

/// What `onsale top` shows, without a server or a terminal.
@Suite struct TopScreenTests {
    @Test("At 80 by 24 the picture is this one")
    func snapshot() {
        let lines = TopExample.screen(columns: 80, rows: 24).lines()
        #expect(lines.map(\.plain) == TopExample.picture)
    }

    @Test(
        "Whatever the terminal's size, the picture has exactly that, and ends with the last line",
        arguments: [(80, 24), (120, 40), (200, 60), (80, 12), (20, 5), (1, 1), (0, 0)])
    func size(columns: Int, rows: Int) {
        let lines = TopExample.screen(columns: columns, rows: rows).lines()
        #expect(lines.map(\.width) == Array(repeating: columns, count: rows))
        #expect(lines.map { $0.text.count } == Array(repeating: columns, count: rows))
        if rows > 0 { #expect(lines.last?.text.hasPrefix("22:00:04".prefix(columns)) == true) }
    }

    @Test("On a greater terminal there are more events, their whole names and a longer bar")
    func greater() {
        let lines = TopExample.screen(columns: 120, rows: 40).lines().map(\.plain)
        #expect(lines.contains { $0.hasPrefix("club-7 ") })
        #expect(lines.contains { $0.hasPrefix("a-very-long-name-of-it  ") })
        #expect(lines.contains { $0.contains("37% ██▉ ") })
        #expect(!lines.contains { $0.hasSuffix(" more") })
    }

    @Test("What the metrics don't tell is a dash and never 0")
    func missing() {
        let model = TopModel(before: TopExample.sample(0, "other 1\n"), now: TopExample.sample(2, "other 2\n"))
        let lines = TopScreen(model: model, footer: .init(), columns: 120, rows: nil, intervalSeconds: 2).lines()
        #expect(
            lines.map(\.plain) == [
                "onsale –  up –  CPU –  RSS –  event loop p99 –", "ready –  provider –  rule breaches –", "",
                "HTTP     – requests/s  active –  – errors/s  p50 –  p99 –", "         problems –",
                "Writer   – batches/s of –  commit p50 – p99 –  sync p99 –", "         inbox –",
                "Provider calls/s –", "         p99 –  orders running –  waiting –", "Streams  –  –/s  – skips/s", "",
                "no events", "", "no sample yet",
            ])
        let known = TopExample.sample(2, "onsale_event_phase{event=\"show\",phase=\"lobby\"} 1\n")
        let table = TopTable(events: TopModel(before: nil, now: known).events, columns: 80).lines(linesMax: nil)
        #expect(
            table.last?.text.split(separator: " ") == ["show", "lobby", "–", "–", "–", "–", "–", "–", "–", "–/–", "–"])
        #expect(TopModel(before: nil, now: known).alarms.isEmpty)
    }

    @Test("Shoppers without a cap stand alone")
    func uncapped() {
        let event = TopEvent(event: "show", shoppers: 289, shoppersMax: 0)
        let row = TopTable(events: [event], columns: 80).lines(linesMax: nil).last
        #expect(row?.text.contains(" 289 ") == true)
    }

    @Test("What must not be stands at the very top, in red")
    func alarms() throws {
        let text = """
            onsale_rule_breaches 2\nonsale_events{state="out_of_service"} 1\nonsale_provider_up 0
            onsale_ready{part="disk"} 0\nonsale_ready{part="journal"} 1
            """
        let model = TopModel(before: nil, now: TopExample.sample(0, text))
        let lines = TopScreen(model: model, footer: .init(), columns: 80, rows: 24, intervalSeconds: 2).lines()
        let first = try #require(lines.first)
        #expect(first.plain == "2 RULE BREACHES, 1 out of service, disk not ready, provider down")
        #expect(first.coloured.hasPrefix("\u{1b}[1;31m2 RULE BREACHES"))
        #expect(TopExample.screen(columns: 80, rows: 24).lines().first?.plain.hasPrefix("onsale 0.1.0") == true)
    }

    @Test("A name sends nothing to the terminal but printable characters")
    func harmless() {
        let text = "onsale_seats{event=\"\u{1b}[2Jé\\n\u{202e}\",state=\"sold\"} 1\n"
        let model = TopModel(before: nil, now: TopExample.sample(0, text))
        let screen = TopScreen(
            model: model, footer: .init(error: "a\u{7}b"), columns: 80, rows: 24, intervalSeconds: 2)
        let picture = screen.lines().map(\.text).joined()
        #expect(picture.contains("?[2J"))
        #expect(picture.contains("a?b"))
        #expect(!picture.unicodeScalars.contains { $0.value < 32 || $0.value == 127 || $0.value == 0x202e })
    }

    @Test("The fastest selling event is first, and the others together are last")
    func order() {
        let before = TopExample.text(second: 0)
        let model = TopModel(
            before: TopExample.sample(0, before), now: TopExample.sample(2, TopExample.text(second: 2)))
        #expect(model.events.prefix(2).map(\.event) == ["show", "a-very-long-name-of-it"])
        #expect(model.events.last?.event == "_other")
        #expect(model.events.first?.soldPerSecond == 40)
        #expect(model.events.first?.confirmedPerSecond == 20)
        #expect(model.events.first?.declinedPerSecond == 0)
    }

    /// Seats sold and orders confirmed, by event.
    private static func sales(_ events: [String: (sold: Int, confirmed: Int)], loaded: Int = 60) -> String {
        events.sorted { $0.key < $1.key }.map { event, sales in
            "onsale_seats{event=\"\(event)\",state=\"sold\"} \(sales.sold)\n"
                + "onsale_orders_total{event=\"\(event)\",state=\"confirmed\"} \(sales.confirmed)\n"
        }
        .joined() + "onsale_events{state=\"loaded\"} \(loaded)\n"
    }

    @Test("What a new event sells in its first interval shows at once, and at the top")
    func newEvent() throws {
        let before = TopExample.sample(0, Self.sales(["club": (40, 20)]))
        let now = TopExample.sample(4, Self.sales(["club": (44, 22), "show": (24, 12)]))
        let events = TopModel(before: before, now: now).events
        #expect(events.map(\.event) == ["show", "club"])
        #expect(events.map(\.confirmedPerSecond) == [3, 0.5])
        #expect(events.map(\.soldPerSecond) == [nil, 1], "what it had sold before that isn't known")
        let row = try #require(TopTable(events: events, columns: 80).lines(linesMax: nil).dropFirst().first)
        #expect(row.text.contains(" 3.0 "))
    }

    @Test("Events that join or leave the others together bring no sales along, nor take any")
    func othersChange() {
        let steps = [
            Self.sales(["a": (10, 5), "_other": (9000, 30)]), Self.sales(["a": (12, 6), "_other": (9004, 32)]),
            // Its label goes to an event that had sold 8,000 among the others.
            Self.sales(["b": (8002, 1), "_other": (1016, 32)]), Self.sales(["b": (8004, 2), "_other": (1018, 33)]),
            // One that had sold 500 is put to rest.
            Self.sales(["b": (8004, 2), "_other": (518, 33)], loaded: 59),
        ]
        var history = SoldHistory()
        var last: TopSample?
        var rates: [[Double?]] = []
        for (index, text) in steps.enumerated() {
            let now = TopExample.sample(Double(index) * 2, text)
            let events = TopModel(before: last, now: now).events
            history.add(events, at: now.unixSeconds)
            if let other = events.last { rates.append([other.soldPerSecond, other.confirmedPerSecond]) }
            last = now
        }
        #expect(rates == [[nil, nil], [2, 1], [nil, 0], [1, 0.5], [nil, 0]])
        #expect(history.chart(of: "_other", intervalSeconds: 2).soldByInterval == [4, nil, 2, nil])
        #expect(history.chart(of: "b", intervalSeconds: 2).soldByInterval == [2, 0])
    }

    @Test("A chart leaves a blank where it isn't known what was sold")
    func unknownSales() {
        var history = SoldHistory()
        for (second, sold, rate) in [(0.0, 5.0, nil as Double?), (30, 8, 0.1), (61, 9000, nil), (121, 9004, 0.1)] {
            history.add([TopEvent(event: "_other", sold: sold, soldPerSecond: rate)], at: 600 + second)
        }
        let chart = history.chart(of: "_other", intervalSeconds: 60)
        #expect(chart.soldByInterval == [3, nil, 4])
        #expect(chart.soldByMinute == [3, nil, 4])
        #expect(TopSparkline.bars(chart.soldByInterval, width: 80) == "▇ █")
        let unknown = TopChart(event: "_other", soldByInterval: [3, nil], soldByMinute: [])
        #expect(TopSparkline.lines(unknown, columns: 80, intervalSeconds: 2).first?.plain.hasSuffix("█  –") == true)
    }

    @Test("A chart has what was sold in each interval, the mean over a gap, and nothing for what came back")
    func chart() {
        var history = SoldHistory()
        for (second, sold) in [(0.0, 10.0), (2, 14), (4, 14), (6, 12), (12, 42)] {
            history.add([TopEvent(event: "show", sold: sold)], at: 600 + second)
        }
        let chart = history.chart(of: "show", intervalSeconds: 2)
        #expect(chart.soldByInterval == [4, 0, 0, 10])
        #expect(chart.soldByMinute.isEmpty, "less than a minute")
        #expect(history.chart(of: "other", intervalSeconds: 2).soldByInterval.isEmpty)
        #expect(TopSparkline.bars(chart.soldByInterval, width: 80) == "▄▁▁█")
        #expect(TopSparkline.bars(chart.soldByInterval, width: 2) == "▁█")
        #expect(TopSparkline.bars([0, 0], width: 80) == "▁▁")
        #expect(TopSparkline.bars([1, 1000], width: 80) == "▂█", "something never looks like nothing")
    }

    @Test("The past of the timeline goes on with what is seen now")
    func past() throws {
        let json = #"""
            {"step": 60, "points": [
            {"at": "1970-01-01T00:02:00.000Z", "sold": 50, "held": 1}, {"at": "1970-01-01T00:01:00Z", "sold": 20},
            {"at": "soon", "sold": 1}, {"at": "1970-01-01T00:04:00.000Z", "sold": 60}]}
            """#
        let timeline = try TopTimeline(json: Array(json.utf8))
        #expect(timeline.points.map(\.unixSeconds) == [60, 120, 240])
        var history = SoldHistory()
        history.setPast(timeline, of: "show")
        history.add([TopEvent(event: "show", sold: 63)], at: 250)
        history.add([TopEvent(event: "show", sold: 70)], at: 301)
        let chart = history.chart(of: "show", intervalSeconds: 60)
        #expect(chart.soldByMinute == [0, 30, 0, 13, 7])
        #expect(chart.soldByInterval == [7])
        #expect(throws: (any Error).self) { try TopTimeline(json: Array("[]".utf8)) }
    }

    @Test("Numbers are as people read them")
    func numbers() {
        #expect(
            [0, 999, 1000, 12_345, -1234567, 0.5].map { TopNumber.count($0) }
                == ["0", "999", "1,000", "12,345", "-1,234,567", "1"])
        #expect(
            [0, 0.01, 3.44, 9.94, 9.96, 12_345.6].map { TopNumber.rate($0) }
                == ["0", "<0.1", "3.4", "9.9", "10", "12,346"])
        #expect(
            [0, 12e-6, 3.4e-3, 0.34, 1.2, 150].map { TopNumber.seconds($0) }
                == ["0 µs", "12.0 µs", "3.4 ms", "340 ms", "1.2 s", "2.5 min"])
        #expect(
            [0, 12, 1234, 12.3e6, 250e6, 4e12].map { TopNumber.bytes($0) }
                == ["0 B", "12 B", "1.2 kB", "12.3 MB", "250 MB", "4.0 TB"])
        #expect(
            [0, 0.001, 0.12, 0.999, 1, 1.4].map { TopNumber.percent($0) }
                == ["0%", "<1%", "12%", "99%", "100%", "140%"])
        #expect(
            [0, 59, 725, 11_520, 273_600].map { TopNumber.age($0) }
                == ["0 s", "59 s", "12 min 5 s", "3 h 12 min", "3 d 4 h"])
        #expect(
            [12_345, 123_456, 1_234_567, 7].map { TopNumber.fit($0, width: 6) }
                == ["12,345", "123456", "1.2M", "7"])
        let strange: [Double?] = [nil, .nan, .infinity, -.infinity]
        for format in [TopNumber.count, TopNumber.rate, TopNumber.seconds, TopNumber.bytes, TopNumber.percent] {
            #expect(strange.map(format) == Array(repeating: "–", count: 4))
        }
        #expect(TopNumber.count(1e300) == "–")
    }
}
