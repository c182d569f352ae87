import OnsaleBus
import Seeded
import Testing

@testable import OnsaleKafka

@Suite struct IntakeTests {
    private func delivery(_ lane: Lane, _ offset: Int64) -> Delivery {
        Delivery(lane: lane, offset: offset, message: BusMessage(key: "k", headers: [], data: []))
    }

    private let lanes = (0..<4).map { Lane(.orders, $0) }

    @Test func whatIsOfAnotherGenerationIsNotDelivered() {
        var intake = Intake(messagesMax: 10, bytesMax: 1 << 20)
        intake.add(delivery(lanes[0], 0))
        #expect(!intake.hasNews(except: []))
        intake.assign([lanes[0]])
        intake.add(delivery(lanes[0], 5))
        intake.revoke([lanes[0], lanes[1]])
        intake.add(delivery(lanes[0], 6))
        let update = intake.take(limit: 10, except: [])
        #expect(update.lost == [lanes[0]] && update.deliveries.isEmpty)
        intake.assign([lanes[0]])
        intake.add(delivery(lanes[0], 5))
        #expect(intake.take(limit: 10, except: []).deliveries.map(\.offset) == [5])
    }

    @Test func aCrowdedLaneIsHaltedAndGoesOnWhereItStands() {
        var intake = Intake(messagesMax: 8, bytesMax: 1 << 20)
        intake.assign(lanes)
        for offset in 0..<9 { intake.add(delivery(lanes[2], Int64(offset))) }
        #expect(intake.flow() == Intake.Flow(halted: [lanes[2]]))
        #expect(intake.flow() == Intake.Flow())
        #expect(intake.take(limit: 7, except: []).deliveries.count == 7)
        #expect(intake.flow() == Intake.Flow(resumed: [lanes[2]: 9]))
        // What librdkafka repeats after it went on is passed over.
        for offset in 4..<11 { intake.add(delivery(lanes[2], Int64(offset))) }
        #expect(intake.take(limit: 20, except: []).deliveries.map(\.offset) == [7, 8, 9, 10])
    }

    @Test func noLaneGoesHungry() {
        var intake = Intake(messagesMax: 1_000, bytesMax: 1 << 20)
        intake.assign(lanes)
        for offset in 0..<500 { intake.add(delivery(lanes[0], Int64(offset))) }
        intake.add(delivery(lanes[3], 0))
        #expect(Set(intake.take(limit: 10, except: []).deliveries.map(\.lane)) == [lanes[0], lanes[3]])
    }

    /// Every lane is delivered without gap or repetition, whatever comes in between.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func model(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var intake = Intake(messagesMax: 16, bytesMax: 1 << 20)
        var held: Set<Lane> = []
        var fetched: [Lane: Int64] = [:]
        var delivered: [Lane: Int64] = [:]
        var start: [Lane: Int64] = [:]
        for _ in 0..<2_000 {
            guard let lane = lanes.randomElement(using: &random) else { return }
            switch Int.random(in: 0..<10, using: &random) {
            case 0 where held.remove(lane) != nil: intake.revoke([lane])
            case 1 where held.insert(lane).inserted:
                intake.assign([lane])
                // From where the group has come to, which may be before what was delivered.
                fetched[lane] = max(0, (delivered[lane] ?? 0) - 3)
                delivered[lane] = fetched[lane]
                start[lane] = fetched[lane]
            case 2...6:
                intake.add(delivery(lane, fetched[lane] ?? 0))
                if held.contains(lane) { fetched[lane, default: 0] += 1 }
            case 7 where held.contains(lane): fetched[lane] = max(start[lane] ?? 0, (fetched[lane] ?? 0) - 2)
            default:
                let paused = Set(lanes.filter { _ in Bool.random(using: &random) })
                let limit = Int.random(in: 1...20, using: &random)
                let update = intake.take(limit: limit, except: paused)
                #expect(update.deliveries.count <= limit)
                for delivery in update.deliveries {
                    #expect(held.contains(delivery.lane) && !paused.contains(delivery.lane))
                    #expect(delivery.offset == delivered[delivery.lane] ?? 0)
                    delivered[delivery.lane] = delivery.offset + 1
                }
            }
            #expect(intake.lanes == held)
        }
    }
}
