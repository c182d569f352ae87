package import Foundation
package import OnsaleMigrations

/// The migrations, which the package carries as the resources of this module, in a folder as Flyway wants it.
package enum OnsaleSchema {
    /// The migrations of a location: of the sale's whole schema, or of one folder of it.
    /// - Throws: ``MigrationError`` if the files are not beside the program, or wrong.
    package static func migrations(in location: String = "") throws(MigrationError) -> MigrationSet {
        try migrations(under: try root().appendingPathComponent(location, isDirectory: true))
    }

    /// The migrations of a service, which has a file or a schema of its own, with a history of its own.
    /// - Throws: ``MigrationError`` if the files are not beside the program, or wrong.
    package static func migrations(ofService name: String) throws(MigrationError) -> MigrationSet {
        try migrations(under: try folder("services").appendingPathComponent(name, isDirectory: true))
    }

    /// The services that have tables, by name.
    /// - Throws: ``MigrationError`` if the files are not beside the program.
    package static func services() throws(MigrationError) -> [String] {
        Array(Set(try paths(in: folder("services")).compactMap { $0.split(separator: "/").first.map(String.init) }))
            .sorted()
    }

    private static func migrations(under folder: URL) throws(MigrationError) -> MigrationSet {
        var migrations: [Migration] = []
        for path in try paths(in: folder) {
            guard let data = try? Data(contentsOf: folder.appendingPathComponent(path)) else {
                throw MigrationError(.incomplete, "\(folder.path)/\(path) cannot be read")
            }
            migrations.append(try Migration(script: path, bytes: Array(data)))
        }
        return try MigrationSet(migrations)
    }

    /// The folder with the sale's migrations: what Flyway is given as its location.
    /// - Throws: ``MigrationError`` if it is not beside the program.
    package static func root() throws(MigrationError) -> URL { try folder("migration") }

    private static func folder(_ name: String) throws(MigrationError) -> URL {
        // `Bundle.module` would end the process.
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        for place in [program, Bundle.main.bundleURL] {
            let folder = place.appendingPathComponent("onsale_OnsaleSchema.resources/\(name)", isDirectory: true)
            if FileManager.default.fileExists(atPath: folder.path) { return folder }
        }
        throw MigrationError(
            .incomplete,
            "the folder onsale_OnsaleSchema.resources is missing beside the program in \(program.path), or old: install "
                + "onsale with `make install`, which copies it")
    }

    /// The files under a folder, hidden ones excepted, as paths relative to it, sorted.
    private static func paths(in folder: URL) throws(MigrationError) -> [String] {
        guard let found = try? FileManager.default.subpathsOfDirectory(atPath: folder.path) else {
            throw MigrationError(.incomplete, "\(folder.path) cannot be read")
        }
        return found.filter { path in
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: "\(folder.path)/\(path)", isDirectory: &isFolder)
            return exists && !isFolder.boolValue && !path.split(separator: "/").contains { $0.hasPrefix(".") }
        }.sorted()
    }
}
