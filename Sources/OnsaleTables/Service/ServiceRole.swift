/// A service as the program runs it: in `onsale serve`, or as a process of its own.
package protocol ServiceRole: Sendable {
    /// What people call it: in `--roles`, in logs, and as the group of its consumers.
    var name: String { get }

    /// Works until the task is cancelled. Ends soon then; what it has begun and not finished comes again.
    func run() async

    /// How it stands, for health and metrics: counts by name, such as `queued`. Cheap, and never older than some seconds.
    var counts: [String: Int] { get }

    /// Why it doesn't get on, in a sentence for the operator; nil if it does.
    var trouble: String? { get }
}
