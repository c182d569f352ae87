import OnsaleBus
import OnsaleValues
import Testing

@testable import OnsaleEligibility

/// What is asked, how it is signed, and what counts as an answer.
@Suite struct AskTests {
    @Test("The question has order, buyer, tickets and proof, and no barcode")
    func body() throws {
        let ask = try ask()
        #expect(
            String(decoding: ask.body, as: UTF8.self)
                == #"{"buyer":"byr_1","order":"ord_1","proof":"fan 7","tickets":"#
                + #"[{"category":"R","seat":"A-1","ticket":"tkt_1"}]}"#)
        #expect(ask.id == "eligibility_ord_1" && ask.deadline == monday.adding(seconds: 60))
        #expect(ask.cause == "evt_1/7" && ask.traceparent == "00-1-2-01")
    }

    @Test("Only confirmed orders of events with a check are asked about")
    func none() throws {
        let (unchecked, checked) = (order(url: nil), order())
        #expect(try EligibilityAsk(confirmed(unchecked), unchecked) == nil)
        #expect(try EligibilityAsk(confirmed(checked, type: .orderCancelled), checked) == nil)
    }

    @Test("What nobody can be asked about is refused")
    func unusable() {
        for message in [
            order(deadlineSeconds: 0), order(deadlineSeconds: 604_801), order(url: "ftp://fans.example/"),
            order(url: "https://"), order(url: "https://a.example/" + String(repeating: "x", count: 2048)),
        ] {
            #expect(throws: UnusableAsk.self) { try EligibilityAsk(confirmed(message), message) }
        }
        #expect(throws: UnusableAsk.self) { try EligibilityAsk(confirmed(order("ord_2")), order()) }
    }

    @Test("Calls at once are counted by scheme, host and port")
    func endpoints() {
        #expect(EligibilityAsk.origin("https://A.example:8443/x?y#z") == "https://a.example:8443")
        #expect(EligibilityAsk.origin("http://a.example?x") == "http://a.example")
    }

    @Test("The signature is that of Standard Webhooks' own example")
    func signature() throws {
        let secret = try #require(EligibilitySecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = secret.sign(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        for text in ["", "whsec_", "whsec_!!!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA"] {
            #expect(EligibilitySecret(text) == nil, "\(text)")
        }
    }

    @Test("A request has the headers, one signature for each secret, and the same ID each time")
    func request() throws {
        let secret = try #require(EligibilitySecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        var desk = EligibilityDesk()
        _ = desk.open(try ask())
        let call = try #require(desk.calls(at: monday).first)
        let request = EligibilityRequest(call, secrets: [secret, secret], at: after(1999))
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(headers["webhook-id"] == "eligibility_ord_1" && headers["webhook-timestamp"] == "1803859201")
        let one = secret.sign(id: "eligibility_ord_1", seconds: 1_803_859_201, body: call.ask.body)
        #expect(headers["webhook-signature"] == one + " " + one)
        #expect(request.timeout == .seconds(10))
    }

    private func read(_ text: String, status: Int = 200) -> EligibilityAnswer? {
        EligibilityAnswer(EligibilityResponse(status: status, body: Array(text.utf8)))
    }

    @Test("Answers, with members that nobody knows")
    func answers() {
        #expect(read(#"{"eligible": true}"#) == yes)
        #expect(read(#"{"eligible": false, "reason": "no member", "more": [1]}"#, status: 202) == no)
        #expect(read(#"{"eligible": true, "reason": null}"#) == yes)
    }

    @Test(
        "Whatever else comes is no answer",
        arguments: [
            "", "true", "[]", "{}", #"{"eligible": "true"}"#, #"{"eligible": 1}"#, #"{"eligible": null}"#,
            #"{"eligible": false, "eligible": true}"#, #"{"eligible": true, "reason": 5}"#, #"{"eligible": true"#,
            String(repeating: "[", count: 60_000),
            #"{"eligible": true, "reason": ""# + String(repeating: "x", count: 65_536) + #""}"#, "\u{0}",
        ])
    func noAnswers(text: String) {
        #expect(read(text) == nil)
    }

    @Test(
        "Only a status of success carries an answer", arguments: [100, 199, 300, 302, 400, 404, 410, 500, 503, 0, -1])
    func statuses(status: Int) {
        #expect(read(#"{"eligible": false}"#, status: status) == nil)
    }

    @Test("A reason is one line without control characters, and not too long")
    func reasons() {
        func reason(_ text: String) -> String? { EligibilityAnswer(isEligible: false, reason: text).reason }
        #expect(reason("a\r\nBcc: x\u{1b}[31m\u{0}\u{85}\u{2028}\u{202e}b") == "aBcc: x[31mb")
        #expect(reason(String(repeating: "가", count: 501))?.count == 500)
        #expect(reason("e" + String(repeating: "\u{301}", count: 100_000))?.unicodeScalars.count ?? 0 <= 2000)
        #expect(reason(" \n ") == nil && reason("") == nil)
    }
}
