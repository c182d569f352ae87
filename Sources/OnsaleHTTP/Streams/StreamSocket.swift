import Foundation
import NIOCore
import NIOPosix

/// The sockets under streams.
enum StreamSocket {
    /// Whether there is epoll, which the broadcaster waits on.
    #if os(Linux)
        static let isSupported = true
    #else
        static let isSupported = false
    #endif
    /// How long what was sent may stay unconfirmed. Without a limit a client that has vanished, as phones do in a tunnel,
    /// would count as present for a quarter of an hour.
    private static let unconfirmedMilliseconds: CInt = 30_000
    #if os(Linux)
        private static let userTimeout = CInt(18)
    #endif

    /// Duplicates the connection's socket and lets the framework close its own.
    /// - Returns: nil where there is no plain socket, or something is still to be written to it.
    static func take(from channel: any Channel) async throws -> Int32? {
        try await channel.eventLoop.submit { () -> Int32? in
            let operations = channel.pipeline.syncOperations
            guard let unsent = try? channel.syncOptions?.getOption(.bufferedWritableBytes), unsent == 0 else {
                return nil
            }
            let socket = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { handle in
                fcntl(handle, F_DUPFD_CLOEXEC, 0)
            }
            guard let socket, socket >= 0 else { return nil }
            limitSilence(of: channel)
            channel.close(promise: nil)
            return socket
        }.get()
    }

    /// On the channel's event loop.
    static func limitSilence(of channel: any Channel) {
        #if os(Linux)
            try? channel.syncOptions?.setOption(
                ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: userTimeout)),
                value: SocketOptionValue(unconfirmedMilliseconds))
        #endif
    }
}
