import Foundation
import OnsaleValues
import Synchronization

/// Whether changes can be written.
package enum WriterHealth: Sendable, Equatable {
    case well
    /// The disk is full, so changes are refused.
    case full
    /// A write has not come back for so long.
    case stuck(seconds: Int)
}

/// Drives the writer loop in the program: waits until mail comes or something is due, then runs a turn. While one batch
/// syncs, the next one gathers.
final class WriterThread: Sendable {
    private static let idleTurnsMax = 3
    private static let silenceNanosecondsMax: UInt64 = 5_000_000_000
    private static let idlePauseMillisecondsMax: Int64 = 250

    private let mailbox: Mailbox
    private let clock: any WallClock
    private let turnCount = Atomic<Int>(0)
    private let lastTurn = Atomic<UInt64>(DispatchTime.now().uptimeNanoseconds)
    private let isFull = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    init(mailbox: Mailbox, clock: any WallClock) {
        self.mailbox = mailbox
        self.clock = clock
    }

    /// How many turns the loop has made.
    var turns: Int { turnCount.load(ordering: .relaxed) }

    var health: WriterHealth {
        // Read first, or a turn in between would come after now.
        let last = lastTurn.load(ordering: .acquiring)
        let silence = DispatchTime.now().uptimeNanoseconds - last
        // At rest it turns once a second.
        if silence > WriterThread.silenceNanosecondsMax { return .stuck(seconds: Int(silence / 1_000_000_000)) }
        return isFull.load(ordering: .relaxed) ? .full : .well
    }

    func start(_ makeLoop: @escaping @Sendable () -> WriterLoop) {
        let thread = Thread { [self] in
            run(makeLoop())
            ended.signal()
        }
        thread.name = "onsale.writer"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Answers everyone still waiting, saves snapshots and ends the thread.
    func stop() async {
        mailbox.stop()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().async { [self] in
                ended.wait()
                continuation.resume()
            }
        }
    }

    private func run(_ loop: WriterLoop) {
        var idleTurns = 0
        while true {
            let now = clock.now()
            let untilDue = max(0, loop.nextDue(now: now).milliseconds - now.milliseconds)
            // If something stays due but can't be done, back off instead of spinning.
            let pause = min(WriterThread.idlePauseMillisecondsMax, Int64(idleTurns - WriterThread.idleTurnsMax))
            let (mail, isStopping) = mailbox.take(waitingAtMost: max(untilDue, pause))
            turnCount.add(1, ordering: .relaxed)
            let isEmpty = mail.isEmpty
            let hasWorked = loop.turn(mail, now: clock.now())
            lastTurn.store(DispatchTime.now().uptimeNanoseconds, ordering: .releasing)
            isFull.store(loop.isFull(at: now), ordering: .relaxed)
            idleTurns = hasWorked || untilDue > 0 ? 0 : idleTurns + 1
            if isStopping, isEmpty, !hasWorked, !loop.isAwaitingJournal {
                mailbox.close()
                loop.finish()
                return
            }
        }
    }
}
