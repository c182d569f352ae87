import Foundation
import Synchronization

/// Where pages come from: the files installed with the program, read once, or a folder read on every request, for
/// working on the pages.
final class PageLibrary: Sendable {
    private let folder: URL?
    private let read = Mutex<PageFiles?>(nil)

    /// - Parameter folder: the web workspace; nil for the installed files.
    init(folder: String?) {
        self.folder = folder.map { URL(fileURLWithPath: $0) }
    }

    /// - Returns: nil if there are no pages.
    func files() -> PageFiles? {
        if let folder {
            return try? PageFiles(
                folders: [
                    ("pages/site", folder.appendingPathComponent("pages/site")),
                    ("client/src", folder.appendingPathComponent("client/src")),
                ])
        }
        return read.withLock { read in
            if read == nil, let site = BundledFile.url("site", of: "OnsalePages"),
                let client = BundledFile.url("src", of: "OnsalePages")
            {
                read = try? PageFiles(folders: [("pages/site", site), ("client/src", client)])
            }
            return read
        }
    }
}
