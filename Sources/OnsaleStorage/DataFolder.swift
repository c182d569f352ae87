public import Foundation
import OnsaleValues
import Synchronization

/// The folder in which everything of one process lives. It belongs to that process alone while it runs.
public final class DataFolder: Sendable {
    /// What keeps a folder from being used.
    public enum Failure: Error, CustomStringConvertible {
        case inUse(path: String)
        case unusable(path: String, reason: String)

        public var description: String {
            switch self {
            case .inUse(let path): "the data folder \(path) is in use by another onsale process"
            case .unusable(let path, let reason): "the data folder \(path) cannot be used: \(reason)"
            }
        }
    }

    public let url: URL
    private let lock: Int32

    /// Opens the folder, making it if need be, and locks it until the process ends or ``unlock()``.
    public init(path: String) throws {
        url = URL(fileURLWithPath: path, isDirectory: true)
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure.unusable(path: path, reason: "\(error.localizedDescription)")
        }
        lock = open(url.appendingPathComponent("lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Failure.unusable(path: path, reason: String(cString: strerror(errno))) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw Failure.inUse(path: path)
        }
    }

    /// Lets another process have the folder.
    public func unlock() {
        close(lock)
    }

    public func file(_ name: String) -> URL {
        url.appendingPathComponent(name)
    }

    /// When a secret may be made that is not there.
    public enum Making: Sendable {
        case always
        /// Only before anything has happened under it: with another one nobody would find their orders, and no ticket scan.
        case beforeJournal
    }

    /// The secret kept in the file, readable by its owner alone; made of 32 random bytes (in hex) if it is not there.
    /// - Throws: ``Failure`` when it is there and can't be read or is empty, or may not be made any more.
    public func secret(_ name: String, made: Making) throws -> String {
        let file = file(name)
        if let kept = try read(file) { return kept }
        if case .beforeJournal = made, FileManager.default.fileExists(atPath: self.file("journal.sqlite").path) {
            throw Failure.unusable(
                path: url.path,
                reason: "\(name) is missing, and what was sold so far rests on it. Put it back from a backup. If it is "
                    + "lost for good, make one by: openssl rand -hex 32 > \(file.path)")
        }
        var generator = SystemRandomNumberGenerator()
        let secret = Hex.encode((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        try write(Array((secret + "\n").utf8), to: file)
        return secret
    }

    /// - Returns: nil only where there is no such file.
    private func read(_ file: URL) throws -> String? {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw unusable(file, String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw unusable(file, String(cString: strerror(errno))) }
        let text = String(validating: buffer[..<count], as: UTF8.self)?.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let text, !text.isEmpty else { throw unusable(file, "it is empty, or no text") }
        return text
    }

    private func unusable(_ file: URL, _ reason: String) -> Failure {
        .unusable(path: url.path, reason: "\(file.lastPathComponent) cannot be read: \(reason)")
    }

    /// Writes a file that only its owner may read, synced with its folder, all of it or nothing.
    private func write(_ bytes: [UInt8], to file: URL) throws {
        let temporary = file.appendingPathExtension("new")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure.unusable(path: url.path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fsync(descriptor) == 0, rename(temporary.path, file.path) == 0, syncFolder()
        else {
            throw Failure.unusable(path: url.path, reason: String(cString: strerror(errno)))
        }
    }

    /// A new name is on disk when its folder is.
    private func syncFolder() -> Bool {
        let folder = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return false }
        defer { close(folder) }
        return fsync(folder) == 0
    }
}
