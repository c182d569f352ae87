import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The page where the sandbox's payer confirms a payment, as on a bank's.
enum SandboxPage {
    static let path = "/authenticate/"

    /// An intent waiting for its payer.
    static func record(
        _ intent: StripeProtocol.Intent, returnURL: String?, origin: String
    ) -> SandboxStore.Record {
        let secret =
            String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
        var intent = intent
        intent.status = .requiresAction
        intent.amountCapturable = 0
        intent.nextAction = .init(
            type: "redirect_to_url",
            redirect: .init(url: "\(origin)\(path)\(intent.id)/\(secret)", returnURL: returnURL))
        return SandboxStore.Record(
            intent: intent, refunded: 0,
            authentication: .init(secret: secret, returnURL: returnURL.flatMap(webURL)))
    }

    /// Only web pages are returned to.
    private static func webURL(_ text: String) -> String? {
        text.hasPrefix("http://") || text.hasPrefix("https://") ? text : nil
    }

    static func outcome(json: String) -> String? {
        struct Asked: Decodable {
            let outcome: String
        }
        return (try? JSONDecoder().decode(Asked.self, from: Data(json.utf8)))?.outcome
    }

    /// What a webhook says about an intent.
    static func object(_ type: String, _ intent: StripeProtocol.Intent) -> StripeProtocol.Event.Object {
        guard type.hasPrefix("charge."), case .id(let charge)? = intent.latestCharge else {
            return .init(
                id: intent.id, object: "payment_intent", metadata: intent.metadata, status: intent.status.name)
        }
        return .init(id: charge, object: "charge", paymentIntent: intent.id, metadata: intent.metadata)
    }

    static func page(for record: SandboxStore.Record) -> Response {
        let intent = record.intent
        let isOpen = intent.status == .requiresAction
        let words =
            isOpen
            ? """
            <p>Confirm a payment of <strong>\(intent.amount) \(intent.currency.uppercased())</strong> (minor units)?</p>
            <form method="post"><button name="outcome" value="agree">Agree</button>
            <button name="outcome" value="refuse">Refuse</button></form>
            """
            : "<p>This payment has been answered already.</p>"
        let html = """
            <!doctype html><html lang="en"><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1"><title>Payments sandbox</title>
            <style>body{font:1.1rem/1.5 system-ui;max-width:26rem;margin:15vh auto;padding:0 1rem}
            button{font:inherit;padding:.6rem 1.2rem;margin-right:.5rem}</style>
            <h1>Payments sandbox</h1><p>A bank would ask its customer here. No money moves.</p>\(words)</html>
            """
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            ], body: .init(byteBuffer: ByteBuffer(string: html)))
    }
}

extension HTTPField.Name {
    fileprivate static var contentSecurityPolicy: HTTPField.Name {
        guard let name = HTTPField.Name("Content-Security-Policy") else { preconditionFailure("that is a field name") }
        return name
    }
}
