import Foundation
import NIOCore
import NIOPosix

/// The sockets under streams.
enum StreamSocket {
    /// Whether the system has epoll, which the broadcaster waits on.
    #if os(Linux)
        static let isSupported = true
    #else
        static let isSupported = false
    #endif
    /// How long sent bytes may stay unacknowledged. Without this limit a client that vanished, as phones do in a
    /// tunnel, would count as present for a quarter of an hour.
    private static let unconfirmedMilliseconds: CInt = 30_000
    #if os(Linux)
        private static let userTimeout = CInt(18)
    #endif

    /// Duplicates the connection's socket and lets the framework close its own.
    /// - Returns: nil if there is no plain socket, or it still has something to write.
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
            limitUnacknowledgedTime(of: channel)
            channel.close(promise: nil)
            return socket
        }.get()
    }

    /// Must run on the channel's event loop.
    static func limitUnacknowledgedTime(of channel: any Channel) {
        #if os(Linux)
            try? channel.syncOptions?.setOption(
                ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: userTimeout)),
                value: SocketOptionValue(unconfirmedMilliseconds))
        #endif
    }
}
