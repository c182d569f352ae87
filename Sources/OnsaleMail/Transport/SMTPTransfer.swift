import CCurl

/// One attempt to send a mail through libcurl. It belongs to one thread; a class because libcurl's callbacks find it by
/// its address.
final class SMTPTransfer {
    private let message: SMTPMessage
    private let handle: UnsafeMutableRawPointer
    private let inbox: SMTPInbox
    private var dialogue = SMTPDialogue()
    private var given = 0
    /// Whether libcurl took a connection that an earlier mail had left, and it was of no use any more.
    private(set) var wasOnStaleConnection = false

    init(_ message: SMTPMessage, by handle: UnsafeMutableRawPointer, inbox: SMTPInbox) {
        self.message = message
        self.handle = handle
        self.inbox = inbox
    }

    /// Sends it. Blocks, no longer than the limits say.
    func perform(to server: SMTPConfiguration, limits: SMTPLimits, onNewConnection: Bool) -> SMTPOutcome {
        guard let recipients = curl_slist_append(nil, "<\(message.to)>") else {
            return .unreachable("libcurl has no memory.")
        }
        defer { curl_slist_free_all(recipients) }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CURL_ERROR_SIZE)) { errorText in
            errorText.initialize(repeating: 0)
            curl_easy_reset(handle)
            // Neither options nor addresses outlive the attempt; the connection does.
            defer { curl_easy_reset(handle) }
            var codes = options(server, limits, onNewConnection: onNewConnection) + callbacks()
            codes.append(onsale_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients))
            codes.append(onsale_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText.baseAddress))
            guard codes.allSatisfy({ $0 == CURLE_OK }) else { return .unreachable("libcurl is too old.") }
            let result = curl_easy_perform(handle)
            var connects = 0
            _ = onsale_curl_get_long(handle, CURLINFO_NUM_CONNECTS, &connects)
            wasOnStaleConnection = result != CURLE_OK && connects == 0 && !onNewConnection && dialogue.wasStale
            guard result != CURLE_OK else { return dialogue.outcome(failure: nil) }
            let details = errorText.baseAddress.map { String(cString: $0) } ?? ""
            return dialogue.outcome(failure: details.isEmpty ? String(cString: curl_easy_strerror(result)) : details)
        }
    }

    private func options(_ server: SMTPConfiguration, _ limits: SMTPLimits, onNewConnection: Bool) -> [CURLcode] {
        var codes = [
            string(CURLOPT_URL, server.url), string(CURLOPT_PROTOCOLS_STR, "smtp,smtps"),
            // Whatever the environment says.
            string(CURLOPT_PROXY, ""),
            string(CURLOPT_MAIL_FROM, "<\(message.from)>"),
            long(CURLOPT_UPLOAD, 1), long(CURLOPT_NOSIGNAL, 1),
            long(CURLOPT_FRESH_CONNECT, onNewConnection ? 1 : 0), long(CURLOPT_MAXCONNECTS, 1),
            onsale_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(message.bytes.count)),
            long(CURLOPT_CONNECTTIMEOUT_MS, limits.connectMilliseconds),
            long(CURLOPT_TIMEOUT_MS, limits.wholeMilliseconds),
            long(CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, limits.wholeMilliseconds / 1_000)),
            long(CURLOPT_USE_SSL, Int(server.security == .none ? CURLUSESSL_NONE.rawValue : CURLUSESSL_ALL.rawValue)),
            long(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
        ]
        if let user = server.user, let password = server.password {
            codes += [string(CURLOPT_USERNAME, user), string(CURLOPT_PASSWORD, password)]
        }
        if let authorities = server.authorities {
            // Those and no others.
            codes += [string(CURLOPT_CAINFO, authorities), string(CURLOPT_CAPATH, nil)]
        }
        return codes
    }

    private func callbacks() -> [CURLcode] {
        let context = Unmanaged.passUnretained(self).toOpaque()
        return [
            onsale_curl_set_read(handle, SMTPTransfer.read, context),
            onsale_curl_set_debug(handle, SMTPTransfer.follow, context), long(CURLOPT_VERBOSE, 1),
            onsale_curl_set_progress(handle, SMTPTransfer.mayGoOn, context), long(CURLOPT_NOPROGRESS, 0),
        ]
    }

    private func string(_ option: CURLoption, _ value: String?) -> CURLcode {
        onsale_curl_set_string(handle, option, value)
    }

    private func long(_ option: CURLoption, _ value: Int) -> CURLcode { onsale_curl_set_long(handle, option, value) }

    // MARK: libcurl's callbacks

    private static let read: curl_read_callback = { buffer, size, count, context in
        guard let buffer, let context else { return Int(CURL_READFUNC_ABORT) }
        let transfer = Unmanaged<SMTPTransfer>.fromOpaque(context).takeUnretainedValue()
        return transfer.give(UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
    }

    private static let follow: curl_debug_callback = { _, kind, bytes, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<SMTPTransfer>.fromOpaque(context).takeUnretainedValue()
        let text = UnsafeRawBufferPointer(start: bytes, count: count)
        switch kind {
        case CURLINFO_HEADER_OUT: transfer.dialogue.sent(text)
        case CURLINFO_HEADER_IN: transfer.dialogue.heard(text)
        default: break
        }
        return 0
    }

    private static let mayGoOn: curl_xferinfo_callback = { context, _, _, _, _ in
        guard let context else { return 1 }
        let transfer = Unmanaged<SMTPTransfer>.fromOpaque(context).takeUnretainedValue()
        // A mail that was all given away is waited for, lest it come twice.
        return transfer.inbox.isStopping && transfer.dialogue.stage < .ended ? 1 : 0
    }

    private func give(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, message.bytes.count - given)
        message.bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[given..<given + count]))
        }
        given += count
        // libcurl knows the size, and may end the mail without asking for more.
        if given == message.bytes.count { dialogue.gaveAll() }
        return count
    }
}
