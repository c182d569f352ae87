import CCurl

/// What each of the transport's threads does: take a mail, let libcurl send it, tell what came of it.
struct SMTPLoop {
    private let configuration: SMTPConfiguration
    private let limits: SMTPLimits
    private let inbox: SMTPInbox

    init(_ configuration: SMTPConfiguration, limits: SMTPLimits, inbox: SMTPInbox) {
        self.configuration = configuration
        self.limits = limits
        self.inbox = inbox
    }

    func run() {
        // It keeps the connection from one mail to the next.
        let handle = curl_easy_init()
        defer { if let handle { curl_easy_cleanup(handle) } }
        while let waiting = inbox.next() {
            guard let handle else {
                inbox.settle(waiting, .unreachable("libcurl has no memory."))
                continue
            }
            inbox.settle(waiting, send(waiting.message, by: handle))
        }
    }

    private func send(_ message: SMTPMessage, by handle: UnsafeMutableRawPointer) -> SMTPOutcome {
        let first = SMTPTransfer(message, by: handle, inbox: inbox)
        let outcome = first.perform(to: configuration, limits: limits, onNewConnection: false)
        guard first.wasOnStaleConnection, !inbox.isStopping else { return outcome }
        return SMTPTransfer(message, by: handle, inbox: inbox)
            .perform(to: configuration, limits: limits, onNewConnection: true)
    }
}
