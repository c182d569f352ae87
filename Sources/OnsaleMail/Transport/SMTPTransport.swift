import CCurl

/// Hands mails over to a mail server through libcurl, on a few threads of its own, each with a connection that is kept for
/// the next mails.
///
/// Not libcurl's multi interface: its SMTP blocks while it waits for the answer to a mail, and a transfer that is taken
/// out of it ends its mail where it is, so that half a mail is delivered. It decides nothing about later attempts;
/// ``MailQueue`` does. Must be stopped, or the threads live on.
package final class SMTPTransport: Sendable {
    private let inbox: SMTPInbox
    private let threads: [SMTPThread]

    private static let initialized = curl_global_init(Int(CURL_GLOBAL_SSL))

    /// Starts the threads; they connect with their first mail.
    /// - Throws: ``SMTPTransportError`` if libcurl can't be used.
    package init(_ configuration: SMTPConfiguration, limits: SMTPLimits = SMTPLimits()) throws(SMTPTransportError) {
        guard SMTPTransport.initialized == CURLE_OK else {
            throw SMTPTransportError(description: "libcurl can't be used")
        }
        let inbox = SMTPInbox(mailsMax: limits.mailsMax)
        self.inbox = inbox
        threads = (0..<max(1, limits.connectionsMax)).map { number in
            SMTPThread("onsale.smtp.\(number)") {
                SMTPLoop(configuration, limits: limits, inbox: inbox).run()
            }
        }
    }

    /// Sends a mail. Takes no longer than twice the limit for one mail, and what waits before it; a cancelled task waits
    /// on.
    package func send(_ mail: OutgoingMail) async -> SMTPOutcome {
        let message = SMTPMessage(
            from: mail.from.address.description, to: mail.to.address.description, bytes: MIMEWriter.write(mail))
        return await withCheckedContinuation { continuation in
            let waiting = SMTPInbox.Waiting(message: message) { continuation.resume(returning: $0) }
            if let refusal = inbox.put(waiting) { continuation.resume(returning: refusal) }
        }
    }

    /// Ends the threads. Mails under way are given up, but for those that were all sent: their answers are waited for,
    /// so that they needn't be sent again. That, and taking leave, may take twice the limit for one mail.
    package func stop() async {
        inbox.stop(threads: threads.count)
        for thread in threads { await thread.end() }
    }
}

/// A mail in the form that the server gets.
struct SMTPMessage: Sendable {
    let from: String
    let to: String
    let bytes: [UInt8]
}

/// Why libcurl can't be used.
package struct SMTPTransportError: Error, CustomStringConvertible {
    package let description: String
}
