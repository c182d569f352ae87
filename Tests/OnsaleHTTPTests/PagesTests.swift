import Foundation
import NIOCore
import OnsaleQR
import Testing

@testable import OnsaleHTTP

/// What serving pages needs, without a server.
@Suite struct PagesTests {
    private func withFolder<Value>(_ files: [String: String], _ body: (URL) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onsale-pages-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (path, text) in files {
            let url = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        return try body(folder)
    }

    private let site = [
        "index.html":
            #"<link href="{{assets}}/pages/site/a.css"><script src="{{assets}}/pages/site/main.js"></script>"#,
        "main.js": #"import { a } from "./lib/a.js"; import("./late.js");"#,
        "lib/a.js": #"import "../lib/b.js"; import { c } from "./none.js";"#,
        "lib/b.js": #"export * from "./a.js";"#,
        "late.js": "",
        "secret.txt": "left alone",
    ]

    @Test("A page says where its assets are, and preloads exactly the modules it imports statically")
    func filling() throws {
        try withFolder(site) { folder in
            let pages = try PageFiles(folders: [("pages/site", folder)])
            let html = try #require(pages.files["pages/site/index.html"])
            let text = String(buffer: html.bytes)
            #expect(!text.contains("{{assets}}") && text.contains(#"src="\#(pages.prefix)/pages/site/main.js""#))
            let preloaded = text.matches(of: /rel="modulepreload" href="[^"]+\/pages\/site\/([^"]+)"/).map {
                String($0.1)
            }
            #expect(preloaded == ["lib/a.js", "lib/b.js"])
            #expect(pages.files.keys.sorted().contains("pages/site/secret.txt") == false)
        }
    }

    @Test("Scripts are served without the comments on lines of their own, and otherwise as they are")
    func comments() {
        let script = """
            /** A doc comment. */
            import { a } from "./a.js";
            // Why.
            /**
             * A longer one, with `a backtick.
             */
            const url = "https://x/*y*/"; // after code it stays
            const cast = /** @type {any} */ (a);
            /* c */ const kept = 1; /* d */
            const text = `
            // a line of text
            /* and another */
            ${a} \\` still text
            `;
              // indented
            done();
            """
        let served = ScriptText.withoutComments(script)
        #expect(
            served == """
                import { a } from "./a.js";
                const url = "https://x/*y*/"; // after code it stays
                const cast = /** @type {any} */ (a);
                /* c */ const kept = 1; /* d */
                const text = `
                // a line of text
                /* and another */
                ${a} \\` still text
                `;
                done();
                """)
        for odd in ["", "\n", "/* never ended\na();", "`\n// never ended"] {
            #expect(ScriptText.withoutComments(odd) == odd)
        }
    }

    @Test("A prefix's files never change: different content gets a different prefix")
    func prefix() throws {
        let first = try withFolder(site) { try PageFiles(folders: [("pages/site", $0)]).prefix }
        let same = try withFolder(site) { try PageFiles(folders: [("pages/site", $0)]).prefix }
        let other = try withFolder(site.merging(["late.js": ";"]) { $1 }) {
            try PageFiles(folders: [("pages/site", $0)]).prefix
        }
        #expect(first == same && first != other)
    }

    @Test("Text is gzipped and gets smaller; what wouldn't is left as it is")
    func gzip() throws {
        let text = ByteBuffer(string: String(repeating: "seat ", count: 1000))
        let gzipped = try #require(Gzip.compress(text))
        #expect(gzipped.readableBytes < 200 && Array(gzipped.readableBytesView.prefix(2)) == [0x1f, 0x8b])
        #expect(Gzip.compress(ByteBuffer(string: "x")) == nil && Gzip.compress(ByteBuffer()) == nil)
    }

    @Test("A QR code has its three corners and a quiet zone; text that is too long gets none")
    func qrCode() throws {
        let code = try #require(QRSymbol(String(repeating: "eyJhbGciOiJFZERTQSJ9.", count: 14)))
        var dark = Set<[Int]>()
        for run in code.runs { for x in 0..<run.length { dark.insert([run.row, run.column + x]) } }
        func isCorner(_ row: Int, _ column: Int) -> Bool {
            (0..<7).allSatisfy { y in
                (0..<7).allSatisfy { x in
                    let ring = max(abs(x - 3), abs(y - 3))
                    return dark.contains([row + y, column + x]) == (ring != 2)
                }
            }
        }
        let far = code.width - 7
        #expect(isCorner(0, 0) && isCorner(0, far) && isCorner(far, 0) && !isCorner(far, far))
        #expect(String(buffer: code.svg).contains(#"viewBox="0 0 \#(code.width + 8) \#(code.width + 8)""#))
        #expect(QRSymbol(String(repeating: "x", count: 4000)) == nil)
    }
}
