import Crypto
import Foundation
import NIOCore

/// The web pages' files, prepared for serving.
///
/// Modules import each other by relative path, so all assets share one prefix that names their content. A path under it
/// never changes meaning and can be cached for ever.
struct PageFiles: Sendable {
    struct File: Sendable {
        let bytes: ByteBuffer
        /// nil if it would not be smaller.
        let gzipped: ByteBuffer?
        let contentType: String
        let tag: String
    }

    /// Keyed by path within the workspace: `pages/site/…` and `client/src/…`.
    let files: [String: File]
    /// The first part of every asset's path.
    let prefix: String

    private static let contentTypes = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml", "webmanifest": "application/manifest+json",
    ]

    /// Reads folders, each given with its path within the workspace. Files of unknown types are ignored.
    init(folders: [(path: String, url: URL)]) throws {
        var contents: [String: Data] = [:]
        for folder in folders {
            let root = folder.url.resolvingSymlinksInPath().path
            for case let url as URL in FileManager.default.enumerator(at: folder.url, includingPropertiesForKeys: nil)
                ?? .init()
            where PageFiles.contentTypes[url.pathExtension] != nil {
                let path = url.resolvingSymlinksInPath().path
                var content = try Data(contentsOf: url)
                if url.pathExtension == "js" {
                    content = Data(ScriptText.withoutComments(String(decoding: content, as: UTF8.self)).utf8)
                }
                contents[folder.path + path.dropFirst(root.count)] = content
            }
        }
        var hash = SHA256()
        for (path, content) in contents.sorted(by: { $0.key < $1.key }) {
            hash.update(data: Data(path.utf8))
            hash.update(data: content)
        }
        prefix = "/assets/" + hash.finalize().prefix(8).map { String(format: "%02x", $0) }.joined()
        let graph = ModuleGraph(
            contents.filter { $0.key.hasSuffix(".js") }.mapValues { String(decoding: $0, as: UTF8.self) })
        var files: [String: File] = [:]
        for (path, content) in contents {
            var bytes = ByteBuffer(bytes: content)
            let kind = URL(fileURLWithPath: path).pathExtension
            if kind == "html" {
                bytes = ByteBuffer(string: PageFiles.fill(String(decoding: content, as: UTF8.self), prefix, graph))
            }
            let tag = SHA256.hash(data: Data(bytes.readableBytesView)).prefix(12)
            files[path] = File(
                bytes: bytes, gzipped: Gzip.compress(bytes),
                contentType: PageFiles.contentTypes[kind] ?? "application/octet-stream",
                tag: "\"" + tag.map { String(format: "%02x", $0) }.joined() + "\"")
        }
        self.files = files
    }

    /// Fills in where assets are, and preloads every module the page's own will import, so that they load in parallel. A
    /// second script of a page is one that the first imports later.
    private static func fill(_ html: String, _ prefix: String, _ graph: ModuleGraph) -> String {
        var links = ""
        var linked: Set<String> = []
        for match in html.matches(of: /src="\{\{assets\}\}\/(.+?\.js)"/) {
            for path in graph.needed(by: String(match.1)) where linked.insert(path).inserted {
                links += "<link rel=\"modulepreload\" href=\"\(prefix)/\(path)\" />\n    "
            }
        }
        return html.replacing("{{assets}}", with: prefix).replacing(
            "<script", with: links + "<script", maxReplacements: 1)
    }
}

/// Which modules import which.
private struct ModuleGraph {
    private var imports: [String: [String]] = [:]

    init(_ modules: [String: String]) {
        for (path, text) in modules {
            let folder = path.split(separator: "/").dropLast().map(String.init)
            imports[path] = text.matches(of: /(?:from|import)\s*"(\.[^"]+)"/).map { match in
                var parts = folder
                for part in match.1.split(separator: "/") where part != "." {
                    if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
                }
                return parts.joined(separator: "/")
            }
        }
    }

    /// Every module that this one needs, except itself, in a stable order.
    func needed(by path: String) -> [String] {
        var found: Set<String> = []
        var open = [path]
        while let next = open.popLast() {
            for path in imports[next] ?? [] where imports[path] != nil && found.insert(path).inserted {
                open.append(path)
            }
        }
        return found.subtracting([path]).sorted()
    }
}
