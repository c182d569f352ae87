import Logging
import OnsaleCorrelation
import Testing
import Tracing

@testable import OnsaleTelemetry

struct CorrelationTests {
    private let provider = Logger.MetadataProvider.correlation

    private func work(_ correlation: Correlation, sampled: Bool = true) throws -> InstrumentationContext {
        var context = InstrumentationContext.topLevel
        context.traceContext = try Sample.context(sampled: sampled)
        context.correlation = correlation
        return context
    }

    @Test("Outside any work there is nothing to say")
    func outside() {
        #expect(provider.get().isEmpty && Correlation.current == nil)
    }

    @Test("A record names its trace and span, sampled or not, and what is known of the work", arguments: [true, false])
    func names(sampled: Bool) throws {
        let context = try work(Correlation(.init(requestID: "r", event: "gala")), sampled: sampled)
        InstrumentationContext.withValue(context) {
            #expect(
                provider.get() == [
                    "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331", "request_id": "r",
                    "event": "gala",
                ])
        }
    }

    @Test("What work learns later, in whatever task, all its records say from then on")
    func learns() async throws {
        let correlation = Correlation(.init(requestID: "r"))
        let context = try work(correlation)
        await InstrumentationContext.withValue(context) {
            #expect(provider.get()["buyer"] == nil)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    #expect(Correlation.current === correlation)
                    await Task { Correlation.current?.learn(buyer: "b1") }.value
                }
                await group.waitForAll()
                group.addTask { [provider] in
                    #expect(provider.get()["buyer"] == "b1" && provider.get()["trace_id"] != nil)
                    Correlation.current?.learn(order: "ord_1")
                }
            }
            #expect(provider.get()["buyer"] == "b1" && provider.get()["order"] == "ord_1")
            #expect(provider.get()["request_id"] == "r")
            // Work that isn't part of this one knows nothing of it.
            await Task.detached { [provider] in #expect(provider.get().isEmpty) }.value
        }
        #expect(provider.get().isEmpty)
        #expect(correlation.labels == .init(requestID: "r", event: nil, buyer: "b1", order: "ord_1"))
    }

    @Test("What is learnt replaces what was known, and what isn't told stays")
    func replaces() {
        let correlation = Correlation(.init(requestID: "r", event: "gala", buyer: "b1"))
        correlation.learn(event: "rock")
        #expect(correlation.labels == .init(requestID: "r", event: "rock", buyer: "b1"))
    }
}
