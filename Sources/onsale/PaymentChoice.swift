import Foundation
import OnsaleHTTP

/// Who takes the money.
enum PaymentChoice: Sendable {
    /// No one: our own provider pretends that everything is paid.
    case sandbox
    case provider(url: String, host: String, secretKey: String)

    private static let whatToChoose = """
        nobody has said who takes the money. Choose one:
          onsale serve --demo                      to look around: an arena is on sale, and no money moves
          ONSALE_PAYMENT_URL=sandbox onsale serve  to rehearse your own events: no money moves
          ONSALE_PAYMENT_URL=https://api.stripe.com ONSALE_PAYMENT_SECRET_KEY=sk_… onsale serve  to sell
        """

    init(_ settings: Settings, isDemo: Bool) throws(SetupError) {
        switch settings.text(.paymentURL) {
        case "sandbox"?: self = .sandbox
        case let text?:
            guard let url = URL(string: text), let host = url.host, url.scheme == "https" || url.scheme == "http",
                url.hasUsablePort
            else {
                throw SetupError("ONSALE_PAYMENT_URL must be “sandbox” or a payment provider's URL, not “\(text)”.")
            }
            guard url.scheme == "https" || ["127.0.0.1", "localhost", "::1"].contains(host) else {
                throw SetupError("ONSALE_PAYMENT_URL must be https, since the secret key is sent there.")
            }
            guard let secretKey = settings.text(.paymentSecretKey) else {
                throw SetupError("ONSALE_PAYMENT_URL needs ONSALE_PAYMENT_SECRET_KEY, the provider's secret key.")
            }
            self = .provider(url: text, host: host, secretKey: secretKey)
        case nil where isDemo: self = .sandbox
        case nil: throw SetupError(PaymentChoice.whatToChoose)
        }
    }

    /// As `/info` shows it.
    var name: String {
        switch self {
        case .sandbox: "sandbox"
        case .provider(_, let host, _): host
        }
    }
}
