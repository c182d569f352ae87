import OnsaleSale
import OnsaleTelemetry
import OnsaleValues
import Testing

@testable import OnsaleEngine
@testable import OnsaleMonitoring
@testable import OnsaleWaitingRoom

@Suite(.timeLimit(.minutes(5))) struct EngineMetricsTests {
    /// What a batch history ought to have counted: every fact is applied by itself to a copy of the event, and what
    /// changed there is counted.
    private struct Fold {
        var orders: [OrderState: Int] = [:]
        var holds: [String: Int] = [:]
        var calls: [String: Int] = [:]
        var passes: [String: Int] = [:]
        var joins = 0
        var kinds: [String: Int] = [:]
        var steps: [String: Int] = [:]
        var undone: [String: Int] = [:]

        init(_ stage: Stage) throws {
            var mirror = Partition(definition: stage.partition.definition)
            for batch in stage.batches {
                for fact in batch.facts {
                    kinds[Fold.kind(fact), default: 0] += 1
                    guard case .sale(let sale) = fact else {
                        if case .line(let line) = fact { count(line) }
                        if case .created = fact { continue }
                        try mirror.replay(fact, at: batch.at)
                        continue
                    }
                    let before = sale.order.flatMap { mirror.sale.order($0)?.state }
                    try mirror.replay(fact, at: batch.at)
                    let after = sale.order.flatMap { mirror.sale.order($0)?.state }
                    if let after, after != before { orders[after, default: 0] += 1 }
                    count(sale, after)
                }
            }
        }

        private static func kind(_ fact: Fact) -> String {
            switch fact {
            case .created: "eventCreated"
            case .audited: "audited"
            case .epochBegun: "epochBegun"
            case .profileChanged: "profileChanged"
            case .sale(let fact): Mirror(reflecting: fact).children.first?.label ?? ""
            case .line(let fact): Mirror(reflecting: fact).children.first?.label ?? ""
            }
        }

        private mutating func count(_ fact: LineFact) {
            switch fact {
            case .joined: joins += 1
            case .called: calls["called", default: 0] += 1
            case .callLapsed: calls["lapsed", default: 0] += 1
            case .callWithdrawn: calls["withdrawn", default: 0] += 1
            case .passGranted: passes["granted", default: 0] += 1
            case .passExpired, .passGivenUp, .passEnded: passes["ended", default: 0] += 1
            default: break
            }
        }

        private mutating func count(_ fact: SaleFact, _ state: OrderState?) {
            switch fact {
            case .held: holds["made", default: 0] += 1
            case .orderPlaced: holds["ordered", default: 0] += 1
            case .holdReleased: holds["released", default: 0] += 1
            case .holdExpired: holds["expired", default: 0] += 1
            case .orderAuthorized: steps["authorize", default: 0] += 1
            case .orderConfirmed: steps["capture", default: 0] += 1
            case .voided: undo("void")
            case .strayReturned: undo("return_stray")
            case .orderDeclined, .orderExpired: undone["release", default: 0] += 1
            // Of a cancelled order it is what somebody wanted.
            case .refunded where state == .refunded: steps["refund", default: 0] += 1
            case .refunded: undo("refund")
            default: break
            }
        }

        private mutating func undo(_ step: String) {
            steps[step, default: 0] += 1
            undone[step, default: 0] += 1
        }
    }

    private func series(_ family: String, _ label: String, _ counts: [String: Int]) -> [String: Double] {
        let isOfEvent = !["kind", "step"].contains(label)
        return Dictionary(
            uniqueKeysWithValues: counts.map { key, count in
                ("\(family){\(isOfEvent ? "event=\"show\"," : "")\(label)=\"\(key)\"}", Double(count))
            })
    }

    @Test(
        "Everything that happens is counted once, in batches of one command or of many",
        arguments: 1...12 as ClosedRange<UInt64>, [1, 12])
    func counts(seed: UInt64, batch: Int) throws {
        let meter = Meter()
        let stage = meter.watch { () -> Stage in
            let stage = Stage(followers: [EngineMetrics()])
            stage.live(seed: seed, steps: 600, batch: batch)
            return stage
        }
        let fold = try Fold(stage)
        let orders = Dictionary(uniqueKeysWithValues: fold.orders.map { ($0.key.name, $0.value) })
        #expect(meter.counts("onsale_orders_total") == series("onsale_orders_total", "state", orders))
        #expect(meter.counts("onsale_holds_total") == series("onsale_holds_total", "outcome", fold.holds))
        #expect(meter.counts("onsale_calls_total") == series("onsale_calls_total", "outcome", fold.calls))
        #expect(meter.counts("onsale_passes_total") == series("onsale_passes_total", "outcome", fold.passes))
        #expect(meter.counts("onsale_joins_total") == ["onsale_joins_total{event=\"show\"}": Double(fold.joins)])
        #expect(meter.counts("onsale_facts_total") == series("onsale_facts_total", "kind", fold.kinds))
        #expect(meter.counts("onsale_saga_steps_total") == series("onsale_saga_steps_total", "step", fold.steps))
        #expect(
            meter.counts("onsale_compensations_total") == series("onsale_compensations_total", "kind", fold.undone))
        #expect(Int(meter.sum("onsale_facts_total")) == stage.batches.reduce(0) { $0 + $1.facts.count })
        // The history had something of everything that matters.
        #expect(fold.orders.count >= 6 && fold.joins > 5 && fold.kinds.count > 12, "\(fold.orders)")
    }

    @Test("A partial refund of the provider's and the rest of it, in one batch, are one order refunded")
    func refundsInOneBatch() throws {
        let meter = Meter()
        try meter.watch {
            let stage = Stage(followers: [EngineMetrics()])
            let order = try confirmed(on: stage)
            stage.run(SettlePayment(order.id, [.refunded(total: 500)]))
            stage.run(SettlePayment(order.id, [.refunded(total: 2000)]))
            stage.commit()
            #expect(stage.partition.sale.order(order.id)?.state == .refunded)
        }
        #expect(meter.page["onsale_orders_total{event=\"show\",state=\"refunded\"}"] == 1)
    }

    @Test("A refund that fails afterwards and is made again, in one batch, is two of each")
    func refundTwiceInOneBatch() throws {
        let meter = Meter()
        try meter.watch {
            let stage = Stage(followers: [EngineMetrics()])
            let order = try confirmed(on: stage)
            stage.run(CancelOrder(order.id, buyer: nil, key: nil))
            for total in [2000, 0, 2000] as [Int64] { stage.run(SettlePayment(order.id, [.refunded(total: total)])) }
            stage.commit()
            #expect(stage.partition.sale.order(order.id)?.state == .refunded)
        }
        let page = meter.page
        #expect(page["onsale_orders_total{event=\"show\",state=\"refunding\"}"] == 2)
        #expect(page["onsale_orders_total{event=\"show\",state=\"refunded\"}"] == 2)
        // Somebody wanted it so.
        #expect(page["onsale_compensations_total{kind=\"refund\"}"] == 0)
    }

    private func confirmed(on stage: Stage) throws -> Order {
        stage.run(JoinLine(Stage.buyer(1)))
        stage.wait(seconds: 600)
        let call = try #require(stage.partition.line.calls.keys.first)
        stage.run(ClaimPass(of: call, buyer: stage.partition.line.places.buyer(of: call)))
        let pass = try #require(stage.partition.line.passes.values.first)
        func key(_ number: UInt64) -> IdempotencyKey {
            IdempotencyKey(key: Digest128(high: 9, low: number), fingerprint: Digest128(high: 9, low: 0))
        }
        stage.run(HoldPlaces(.seats([SeatIndex(3)]), buyer: pass.buyer, pass: pass.id, key: key(1)))
        stage.run(PlaceOrder(HoldID(1), buyer: pass.buyer, paymentMethod: "pm_x", trace: nil, key: key(2)))
        let order = try #require(stage.partition.sale.order(OrderID(1)))
        stage.run(SettlePayment(order.id, [.captured(intent: "pi", amount: order.amount)]))
        stage.commit()
        return order
    }

    @Test("What an event stands at is what its view says", arguments: 1...6 as ClosedRange<UInt64>)
    func gauges(seed: UInt64) throws {
        let meter = Meter()
        let (metrics, stage) = meter.watch { () -> (EngineMetrics, Stage) in
            let metrics = EngineMetrics()
            let stage = Stage(followers: [metrics])
            stage.live(seed: seed, steps: 400, batch: 3)
            return (metrics, stage)
        }
        let (view, now, sale) = (stage.view, stage.now, stage.partition.sale)
        meter.registry.collect { metrics.collect([view], now: now, into: &$0) }
        let page = meter.page
        func seats(_ state: String) -> Double? { page["onsale_seats{event=\"show\",state=\"\(state)\"}"] }
        #expect(seats("free") == Double(view.counts.free) && seats("held") == Double(view.counts.held))
        #expect(seats("sold") == Double(view.counts.sold) && seats("blocked") == Double(view.counts.blocked))
        #expect(meter.sum("onsale_seats") == 40)
        for (name, state) in [
            ("authorizing", .authorizing), ("requires_action", .requiresAction), ("capturing", .capturing),
            ("refunding", .refunding),
        ] as [(String, OrderState)] {
            let orders = sale.orders.count { $0.state == state }
            #expect(page["onsale_open_orders{event=\"show\",state=\"\(name)\"}"] == Double(orders))
        }
        let gross = page["onsale_gross_minor_units{currency=\"EUR\",event=\"show\"}"]
        let refunded = page["onsale_refunded_minor_units{currency=\"EUR\",event=\"show\"}"]
        #expect(gross == Double(sale.ledger.gross) && refunded == Double(sale.ledger.refunded))
        #expect(page["onsale_waiting{event=\"show\"}"] == Double(view.line.waiting))
        #expect(page["onsale_active_shoppers{event=\"show\"}"] == Double(view.line.activeShoppers))
        #expect(page["onsale_shoppers_max{event=\"show\"}"] == 5)
        #expect(page["onsale_line_numbers_per_second{event=\"show\"}"] == view.line.numbersPerMinute / 60)
        #expect(
            meter.counts("onsale_event_phase") == [
                "onsale_event_phase{event=\"show\",phase=\"\(view.phase(at: now).rawValue)\"}": 1
            ])
        #expect(page["onsale_rule_breaches"] == 0)
    }

    @Test("However many events there are, fifty have labels, and what counters rise by is what has happened")
    func manyEvents() throws {
        let meter = Meter()
        try meter.watch {
            let metrics = EngineMetrics()
            let stages = (0..<65).map { Stage("e\($0)", followers: [metrics]) }
            var joins = 0
            var orders = 0
            var last = meter.page
            // A series that jumps would be taken for as many sales, and one that lags would hide some.
            func check() {
                let page = meter.page
                #expect(rise("onsale_joins_total", last, page) == joins)
                #expect(rise("onsale_orders_total", last, page) == orders)
                (last, joins, orders) = (page, 0, 0)
            }
            for (number, stage) in stages.enumerated() {
                // Each is busier than all before.
                for buyer in 0..<number + 2 {
                    stage.run(JoinLine(Stage.buyer(buyer)))
                    joins += 1
                    stage.commit()
                }
                if number == 3 {
                    _ = try confirmed(on: stage)
                    // Placed, authorized and confirmed.
                    orders += 3
                }
                check()
            }
            for stage in stages.reversed() {
                for buyer in 1000..<1200 { stage.run(JoinLine(Stage.buyer(buyer))) }
                stage.commit()
                joins += 200
                check()
            }
            // One goes out of service, and one comes back.
            metrics.leave("e0")
            metrics.leave("e64")
            check()
            metrics.resume(stages[0].partition, at: .empty("e0"))
            check()
            let events = Set(meter.page.keys.filter { $0.hasPrefix("onsale_joins_total{") })
            #expect(events.count <= BusyEvents.max + 1 && events.contains("onsale_joins_total{event=\"_other\"}"))

            // What the others stand at is told together, and each but once.
            let (views, now) = (stages.map(\.view), stages[1].now)
            meter.registry.collect { metrics.collect(views, now: now, into: &$0) }
            #expect(Int(meter.sum("onsale_seats")) == 40 * 65)
            #expect(Int(meter.sum("onsale_waiting")) == views.reduce(0) { $0 + $1.line.waiting })
            #expect(meter.sum("onsale_gross_minor_units") == 2000)
            #expect(meter.counts("onsale_event_phase").count <= BusyEvents.max)
            #expect(meter.page["onsale_metric_series_dropped_total"] == 0)
        }
    }

    /// How much a family's counters rose in all, as Prometheus reckons: what falls has begun anew.
    private func rise(_ family: String, _ before: [String: Double], _ after: [String: Double]) -> Int {
        Int(
            after.filter { $0.key.hasPrefix(family + "{") }.reduce(0) { sum, series in
                let old = before[series.key] ?? 0
                return sum + (series.value >= old ? series.value - old : series.value)
            })
    }

    @Test("The series of an event begin at zero, so that its first order is an increase")
    func beginsAtZero() {
        let meter = Meter()
        meter.watch {
            let metrics = EngineMetrics()
            metrics.resume(Partition(definition: Stage.definition("quiet")), at: .empty("quiet"))
        }
        let page = meter.page
        for state in OrderState.allCases {
            #expect(page["onsale_orders_total{event=\"quiet\",state=\"\(state.name)\"}"] == 0)
        }
        #expect(page["onsale_joins_total{event=\"quiet\"}"] == 0)
        #expect(page["onsale_compensations_total{kind=\"void\"}"] == 0)
    }
}
