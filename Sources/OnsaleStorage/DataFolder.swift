public import Foundation
import OnsaleValues
import Synchronization

/// The folder with all data of one process, which has exclusive use of it while running.
public final class DataFolder: Sendable {
    /// Why a folder can't be used.
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

    /// Opens the folder, creating it if necessary, and locks it until ``unlock()`` or the end of the process.
    /// - Throws: ``Failure``.
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

    /// Releases the folder for another process.
    public func unlock() {
        close(lock)
    }

    public func file(_ name: String) -> URL {
        url.appendingPathComponent(name)
    }

    /// When a missing secret may be created.
    public enum Making: Sendable {
        case always
        /// Only before the journal exists: under a new secret nobody would find their orders, and no ticket would scan.
        case beforeJournal
    }

    /// The secret in the file, which only its owner can read. If the file is missing, creates it from 32 random bytes,
    /// in hex.
    /// - Throws: ``Failure`` if the file is unreadable or empty, or is missing and may not be created any more.
    public func secret(_ name: String, made: Making) throws -> String {
        let file = file(name)
        if let kept = try read(file) { return kept }
        if case .beforeJournal = made, FileManager.default.fileExists(atPath: self.file("journal.sqlite").path) {
            throw Failure.unusable(
                path: url.path,
                reason: "\(name) is missing, and everything sold so far depends on it. Restore it from a backup. If it "
                    + "is lost for good, make a new one: openssl rand -hex 32 > \(file.path)")
        }
        var generator = SystemRandomNumberGenerator()
        let secret = Hex.encode((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        try write(Array((secret + "\n").utf8), to: file)
        return secret
    }

    /// Writes a secret into a file that only its owner can read.
    /// - Returns: the file's path.
    /// - Throws: ``Failure``.
    public func keep(_ secret: String, as name: String) throws -> String {
        try write(Array((secret + "\n").utf8), to: file(name))
        return file(name).path
    }

    /// - Returns: nil only if the file doesn't exist.
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
        guard let text, !text.isEmpty else { throw unusable(file, "it is empty or not text") }
        return text
    }

    private func unusable(_ file: URL, _ reason: String) -> Failure {
        .unusable(path: url.path, reason: "\(file.lastPathComponent) cannot be read: \(reason)")
    }

    /// Writes a file atomically, readable by its owner only, and syncs it and its folder.
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

    /// A renamed file is durable only once its folder is synced.
    private func syncFolder() -> Bool {
        let folder = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return false }
        defer { close(folder) }
        return fsync(folder) == 0
    }
}
