import Foundation
import Testing

@testable import OnsaleHTTP

@Suite(.timeLimit(.minutes(1))) struct DiskWatchTests {
    private func bytes(_ state: DiskWatch.State) -> Int64? {
        if case .free(let bytes) = state { bytes } else { nil }
    }

    @Test("Before anybody has looked, nothing is known; then it is the room that the disk has")
    func room() async throws {
        let watch = DiskWatch(path: NSTemporaryDirectory())
        #expect(watch.state == .unknown)
        await watch.look()
        var figures = statvfs()
        try #require(statvfs(NSTemporaryDirectory(), &figures) == 0)
        let free = try #require(bytes(watch.state))
        #expect(free > 0 && free <= Int64(figures.f_blocks) * Int64(figures.f_frsize))
    }

    @Test("A folder that can't be looked at is failing, and the reason is told", arguments: ["gone/deeper", "\0", ""])
    func failing(path: String) async throws {
        let watch = DiskWatch(path: path.isEmpty ? "" : NSTemporaryDirectory() + UUID().uuidString + "/" + path)
        await watch.look()
        #expect(watch.state == .failing("No such file or directory"))
    }

    @Test("A look that begins later sees what is there by then")
    func looksAgain() async throws {
        let folder = NSTemporaryDirectory() + "onsale-test-" + UUID().uuidString
        let watch = DiskWatch(path: folder)
        for _ in 0..<3 {
            await see(watch, isThere: false)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            await see(watch, isThere: true)
            try FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Begins looks until one has seen it; the suite's time limit is the only one.
    private func see(_ watch: DiskWatch, isThere: Bool) async {
        while watch.state == .unknown || (bytes(watch.state) != nil) != isThere, !Task.isCancelled {
            watch.begin()
            await Task.yield()
        }
        #expect((bytes(watch.state) != nil) == isThere)
    }

    @Test("However many look at once, all of them see it, and the next look is as good as the first")
    func manyAtOnce() async throws {
        let watch = DiskWatch(path: NSTemporaryDirectory())
        await withTaskGroup(of: DiskWatch.State.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    for _ in 0..<50 { watch.begin() }
                    await watch.look()
                    return watch.state
                }
            }
            for await state in group { #expect(bytes(state) != nil) }
        }
        for _ in 0..<20 {
            await watch.look()
            #expect(bytes(watch.state) != nil)
        }
    }
}
