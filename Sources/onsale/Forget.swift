import ArgumentParser
import Foundation
import OnsaleEngine
import OnsaleHTTP
import OnsaleMail
import OnsaleTables
import OnsaleValues

/// `onsale forget`: destroys the key under which a buyer's address is kept.
struct Forget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Forget a buyer's address for good.",
        discussion: """
            What a buyer does with DELETE /v1/me, for whoever asks the organizer. Orders stay, without an address: tickets \
            that were bought are still good, and no mail comes any more. A server may be running. Exits with 1 if there \
            is nothing to forget.
            """)

    @Argument(help: "byr_…, or the address with which a buyer signed in.")
    var buyer: String

    @Option(help: "The data folder (ONSALE_DATA; ./onsale-data).")
    var data: String?

    @Option(help: "The database that nodes share (DATABASE_URL).")
    var database: String?

    func run() async throws {
        let store = try ReadStore(data: data, database: database)
        let secret = store.tokenSecret
        guard let id = BuyerID(text: buyer) ?? secret.flatMap({ BuyerID(address: buyer, tokenSecret: $0) }) else {
            throw failure("“\(Terminal.plain(buyer))” is no byr_…, and no e-mail address", 2)
        }
        guard let place = store.place else { throw failure("no addresses are kept there", 1) }
        let tables: any Tables
        do { tables = try place.open("contacts", migrates: false) } catch { throw failure("\(error)", 2) }
        let result: Result<Bool, any Error>
        do {
            let contacts = try MailKit.contacts(tables, secret: Secrets.services(at: place))
            result = .success(try await contacts.shred(id))
        } catch { result = .failure(error) }
        await tables.close()
        switch result {
        case .success(true): FileHandle.printLine("Forgotten: \(id.text)")
        case .success(false): throw failure("no address is kept of \(id.text)", 1)
        case .failure(let error): throw failure("\(error)", 2)
        }
    }

    private func failure(_ reason: String, _ code: Int32) -> ExitCode {
        FileHandle.printError("onsale: \(reason)")
        return ExitCode(code)
    }
}
