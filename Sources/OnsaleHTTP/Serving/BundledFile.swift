public import Foundation

/// Files that lie beside the program, wherever it was installed.
///
/// `Bundle.module` ends the process when its folder is missing; here that is an ordinary absence.
public enum BundledFile {
    /// - Parameter target: the package's target that the file belongs to.
    public static func url(_ path: String, of target: String) -> URL? {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return [program, Bundle.main.bundleURL].lazy
            .map { $0.appendingPathComponent("onsale_\(target).resources/\(path)") }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
