import Foundation
import Synchronization

/// The terminal of this process: taken over for a picture, and given back whatever happens.
///
/// Global, because a process has one terminal and a signal handler sees nothing else. The handler restores with calls
/// that POSIX allows there (`write`, `tcsetattr`), and then lets the signal do what it does by default.
enum TopTerminal {
    /// Signals that end the process, by someone's wish or by a crash.
    private static let endings = [
        SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE, SIGPIPE,
    ]

    /// Alternate screen, no cursor, no wrapping at the right edge: the last column of the last row would scroll.
    private static let takeOver: StaticString = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l"
    private static let giveBack: StaticString = "\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    /// Whether standard output can show a picture that refreshes.
    static var canShowPictures: Bool {
        let kind = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return isatty(STDOUT_FILENO) == 1 && !kind.isEmpty && kind != "dumb"
    }

    /// <https://no-color.org>: any value but an empty one.
    static var wantsColours: Bool {
        (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    }

    /// The size now, in columns and rows; nil if standard output has none.
    static var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Shows an empty screen, hands over keys one by one and without echo, and sees to it that all ends with `leave`.
    static func enter() {
        // Once: after a suspension the terminal may still be as the shell had it for its own prompt.
        if !inputIsSaved.load(ordering: .relaxed), tcgetattr(STDIN_FILENO, &inputSettings) == 0 {
            inputIsSaved.store(true, ordering: .relaxed)
        }
        takeInput()
        isEntered.store(true, ordering: .relaxed)
        for number in endings {
            signal(number) { number in
                TopTerminal.leave()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        signal(SIGTSTP) { _ in suspensionIsWanted.store(true, ordering: .relaxed) }
        write(takeOver)
    }

    /// Gives the terminal back as it was. May be called from a signal handler, and more than once.
    static func leave() {
        guard isEntered.exchange(false, ordering: .relaxed) else { return }
        write(giveBack)
        if inputIsSaved.load(ordering: .relaxed) { tcsetattr(STDIN_FILENO, TCSANOW, &inputSettings) }
    }

    /// Stops if someone asked for that (Ctrl-Z), with the terminal given back meanwhile. Returns whether it did.
    static func suspendIfWanted() -> Bool {
        guard suspensionIsWanted.exchange(false, ordering: .relaxed) else { return false }
        leave()
        // To this thread, which so stops before it enters again; another one might take what is sent to the process.
        raise(SIGSTOP)
        enter()
        return true
    }

    /// The keys pressed since the last call, without waiting for any; nil if the terminal is gone.
    static func keys() -> [UInt8]? {
        guard inputIsSaved.load(ordering: .relaxed) else { return [] }
        takeInput()
        var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 0) > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    /// Draws a whole picture over the last one, without clearing it first, so that nothing flickers.
    /// - Throws: if the terminal is gone.
    static func draw(_ lines: [ScreenLine], inColour: Bool) throws {
        // Every line starts by its position and not by a line feed, which scrolls at the bottom.
        let text = lines.enumerated().map { "\u{1b}[\($0 + 1);1H\(inColour ? $1.coloured : $1.text)" }.joined()
        try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    /// Asks for keys one by one, again and again: a shell may set its own mode after it has let this process go on.
    private static func takeInput() {
        var settings = termios()
        let wanted = tcflag_t(ICANON | ECHO)
        // A process in the background would be stopped for trying.
        guard tcgetpgrp(STDIN_FILENO) == getpgrp(), tcgetattr(STDIN_FILENO, &settings) == 0,
            settings.c_lflag & wanted != 0
        else { return }
        settings.c_lflag &= ~wanted
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    private static func write(_ text: StaticString) {
        var left = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        while !left.isEmpty {
            #if canImport(Darwin)
                let count = Darwin.write(STDOUT_FILENO, left.baseAddress, left.count)
            #else
                let count = Glibc.write(STDOUT_FILENO, left.baseAddress, left.count)
            #endif
            guard count > 0 else { return }
            left = UnsafeRawBufferPointer(rebasing: left.dropFirst(count))
        }
    }
}

/// Written by `enter` alone, before a handler or `leave` may read it.
nonisolated(unsafe) private var inputSettings = termios()
private let inputIsSaved = Atomic(false)
private let isEntered = Atomic(false)
private let suspensionIsWanted = Atomic(false)
