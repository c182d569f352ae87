import ArgumentParser

/// Sells an arena when everyone comes in the same second.
@main
struct Onsale: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "onsale",
        abstract: "Sells an arena when everyone comes in the same second.",
        version: version,
        subcommands: [
            Serve.self, ClusterCommand.self, Rush.self, Verify.self, JournalCommand.self, Explain.self, TopCommand.self,
            WorkCommand.self, BusCommand.self, Forget.self, Migrate.self, ShowMigrations.self, Validate.self,
            Repair.self,
            PaymentsSandboxCommand.self,
        ])
}
