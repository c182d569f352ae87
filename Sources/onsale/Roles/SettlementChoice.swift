import AsyncHTTPClient
import Foundation
import Logging
import OnsaleBus
import OnsaleEngine
import OnsalePayments
import OnsaleSettlement
import OnsaleTables
import OnsaleValues

/// What organizers are charged, and whose days count.
struct SettlementChoice: Sendable {
    private let fees: FeeSchedule
    private let offset: ZoneOffset

    init(_ settings: Settings) throws(SetupError) {
        let zone = settings.text(.timeZone) ?? "UTC"
        guard let offset = SettlementConfiguration.systemOffset(fallback: zone) else {
            throw SetupError("ONSALE_TIME_ZONE is a time zone of IANA's, such as Asia/Seoul, not “\(zone)”.")
        }
        self.offset = offset
        do {
            guard let path = settings.text(.fees) else {
                fees = try FeeSchedule([])
                return
            }
            // One byte more than is read shows a file that is too large.
            guard let file = FileHandle(forReadingAtPath: path),
                let bytes = try? file.read(upToCount: FeeSchedule.bytesMax + 1)
            else { throw SetupError("ONSALE_FEES names a file that can't be read: \(path)") }
            fees = try FeeSchedule(json: Array(bytes))
        } catch let error as FeeScheduleError {
            throw SetupError("the fees of ONSALE_FEES can't be used: the file \(error.description)")
        } catch let error as SetupError {
            throw error
        } catch {
            throw SetupError("ONSALE_FEES: \(error)")
        }
    }

    func role(tables: any Tables, bus: any EventBus, statement: (any ProviderStatement)?) -> SettlementRole {
        SettlementRole(
            tables: tables, bus: bus, statement: statement,
            configuration: SettlementConfiguration(
                fees: fees, offset: offset, now: { Timestamp(milliseconds: SystemClock.wallMilliseconds()) }),
            logger: Logger(label: "onsale.settlement"))
    }
}

/// The provider's list, wherever the provider is when it is read: a sandbox has another port after a restart.
struct ProviderList: ProviderStatement {
    private struct Away: Error, CustomStringConvertible {
        let description = "the sandbox inside onsale serve has not started yet"
    }

    /// Where a server tells where its sandbox is.
    static let sandboxPortFile = "sandbox.port"

    let payments: PaymentChoice
    /// Of the server whose sandbox takes the money.
    let folder: String
    let client: HTTPClient

    func read(since: Int64, _ body: @Sendable ([ProviderLine]) async throws -> Void) async throws {
        try await StripeStatement(gateway()).read(since: since, body)
    }

    private func gateway() throws -> StripeGateway {
        let (url, key): (String, String)
        switch payments {
        case .provider(let provider, _, let secretKey): (url, key) = (provider, secretKey)
        case .sandbox:
            guard let port = text(ProviderList.sandboxPortFile).flatMap({ Int($0) }),
                let secret = text(Secrets.sandboxFile)
            else { throw Away() }
            (url, key) = ("http://127.0.0.1:\(port)", secret)
        }
        return StripeGateway(baseURL: url, secretKey: key, publicURL: "", client: client)
    }

    private func text(_ file: String) -> String? {
        (try? String(contentsOfFile: folder + "/" + file, encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
