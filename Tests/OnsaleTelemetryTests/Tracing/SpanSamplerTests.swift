import OnsaleCorrelation
import Seeded
import Synchronization
import Testing

@testable import OnsaleTelemetry

struct SpanSamplerTests {
    private func traceIDs(_ count: Int) -> [TraceContext.TraceID] {
        var random = SeededRandom(seed: 7)
        return (0..<count).compactMap { _ in TraceContext.TraceID(high: random.next(), low: random.next()) }
    }

    private func parent(_ traceID: TraceContext.TraceID, isSampled: Bool) -> TraceContext {
        TraceContext(traceID: traceID, spanID: 1, isSampled: isSampled)
    }

    @Test("A ratio keeps its share of traces, always the same, and all that a smaller one keeps")
    func ratio() {
        let ids = traceIDs(10_000)
        let tenth = SpanSampler(root: .ratio(0.1), isParentBased: true)
        let third = SpanSampler(root: .ratio(0.3), isParentBased: true)
        let kept = ids.filter { tenth.samples($0, parent: .none) }
        // Six standard deviations.
        #expect(abs(kept.count - 1000) < 180)
        #expect(kept == ids.filter { tenth.samples($0, parent: .none) })
        #expect(kept.allSatisfy { third.samples($0, parent: .none) })
    }

    @Test("Always, never, all and none of them")
    func extremes() {
        for id in traceIDs(100) {
            #expect(SpanSampler(root: .always, isParentBased: false).samples(id, parent: .none))
            #expect(!SpanSampler(root: .never, isParentBased: false).samples(id, parent: .none))
            #expect(SpanSampler(root: .ratio(1), isParentBased: false).samples(id, parent: .none))
            #expect(!SpanSampler(root: .ratio(0), isParentBased: false).samples(id, parent: .none))
        }
    }

    @Test("A parent in this process always decides", arguments: [true, false])
    func local(isSampled: Bool) {
        for id in traceIDs(1000) {
            for root in [SpanSampler.Rule.always, .never, .ratio(0.5)] {
                for isParentBased in [true, false] {
                    let sampler = SpanSampler(root: root, isParentBased: isParentBased) { 0 }
                    #expect(sampler.samples(id, parent: .local(parent(id, isSampled: isSampled))) == isSampled)
                }
            }
        }
    }

    @Test("Strangers have a bounded number of traces a second sampled, and then the root's rule decides")
    func strangers() {
        let now = Mutex<UInt64>(0)
        let sampler = SpanSampler(root: .never, isParentBased: true) { now.withLock { $0 } }
        func sampled() -> Int {
            traceIDs(1000).count { sampler.samples($0, parent: .remote(parent($0, isSampled: true), isSampled: true)) }
        }
        #expect(sampled() == SpanSampler.strangersPerSecondMax)
        now.withLock { $0 = 999_999_999 }
        #expect(sampled() == 0)
        now.withLock { $0 = 1_000_000_000 }
        #expect(sampled() == SpanSampler.strangersPerSecondMax)

        let generous = SpanSampler(root: .always, isParentBased: true) { 0 }
        #expect(traceIDs(1000).allSatisfy { generous.samples($0, parent: .remote(nil, isSampled: true)) })
    }

    @Test("Strangers who don't want a sample get none; who leaves it to us gets the root's rule")
    func otherStrangers() {
        let sampler = SpanSampler(root: .always, isParentBased: true) { 0 }
        for id in traceIDs(10) {
            #expect(!sampler.samples(id, parent: .remote(parent(id, isSampled: false), isSampled: false)))
            #expect(!sampler.samples(id, parent: .remote(nil, isSampled: false)))
            #expect(sampler.samples(id, parent: .remote(parent(id, isSampled: false), isSampled: nil)))
        }
        let deaf = SpanSampler(root: .never, isParentBased: false) { 0 }
        for id in traceIDs(10) {
            #expect(!deaf.samples(id, parent: .remote(parent(id, isSampled: true), isSampled: true)))
        }
    }

    @Test("No choice of ids gets a stranger more than the ratio's share", arguments: [true, false])
    func chosenIDs(isParentBased: Bool) {
        let sampler = SpanSampler(root: .ratio(0.01), isParentBased: isParentBased) { 0 }
        for isSampled in [true, nil] {
            let count = (1...10_000).count { number in
                // The smallest lower halves are within any ratio.
                guard let chosen = TraceContext.TraceID(high: UInt64(number), low: 1) else { return false }
                return sampler.samples(chosen, parent: .remote(parent(chosen, isSampled: true), isSampled: isSampled))
            }
            // Its hundred, the share, and six standard deviations.
            #expect(count < 100 + 100 + 60)
        }
    }
}
