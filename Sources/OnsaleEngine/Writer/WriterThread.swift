import Foundation
import OnsaleValues
import Synchronization

/// Drives the writer's loop in the program: waits for mail, or until something is due, and gives the loop its turn. While
/// a batch syncs the next one gathers.
final class WriterThread: Sendable {
    private static let idleTurnsMax = 3
    private static let idlePauseMillisecondsMax: Int64 = 250

    private let mailbox: Mailbox
    private let clock: any WallClock
    private let turnCount = Atomic<Int>(0)
    private let ended = DispatchSemaphore(value: 0)

    init(mailbox: Mailbox, clock: any WallClock) {
        self.mailbox = mailbox
        self.clock = clock
    }

    /// How often the loop has turned.
    var turns: Int { turnCount.load(ordering: .relaxed) }

    func start(_ makeLoop: @escaping @Sendable () -> WriterLoop) {
        let thread = Thread { [self] in
            run(makeLoop())
            ended.signal()
        }
        thread.name = "onsale.writer"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Answers what waits, puts a snapshot of every event away and ends the thread.
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
            // Something that is due and yet not done would have us turn for ever: ever rarer then.
            let pause = min(WriterThread.idlePauseMillisecondsMax, Int64(idleTurns - WriterThread.idleTurnsMax))
            let (mail, isStopping) = mailbox.take(waitingAtMost: max(untilDue, pause))
            turnCount.add(1, ordering: .relaxed)
            let isEmpty = mail.isEmpty
            let hasWorked = loop.turn(mail, now: clock.now())
            idleTurns = hasWorked || untilDue > 0 ? 0 : idleTurns + 1
            if isStopping, isEmpty, !hasWorked {
                mailbox.close()
                loop.finish()
                return
            }
        }
    }
}
