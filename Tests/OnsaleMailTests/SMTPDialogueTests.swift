import Testing

@testable import OnsaleMail

/// What an attempt comes to, by how far its dialogue got.
@Suite struct SMTPDialogueTests {
    private func dialogue(_ turns: [String]) -> SMTPDialogue {
        var dialogue = SMTPDialogue()
        for turn in turns {
            switch turn.first {
            case ">": dialogue.sent(Array((turn.dropFirst() + "\r\n").utf8))
            case "<": dialogue.heard(Array((turn.dropFirst() + "\r\n").utf8))
            default: dialogue.gaveAll()
            }
        }
        return dialogue
    }

    private let opening = ["<220 mail.test", ">EHLO onsale", "<250-mail.test", "<250 AUTH PLAIN"]
    private var recipient: [String] { opening + [">MAIL FROM:<a@b.kr>", "<250 OK", ">RCPT TO:<c@d.kr>"] }
    private var data: [String] { recipient + ["<250 OK", ">DATA"] }

    @Test func beforeTheMailItIsTheServerThatCannotBeReached() {
        for turns in [
            [], ["<421 too many connections"], ["<554 go away"], opening,
            opening + [">AUTH PLAIN", "<535 wrong"], opening + [">STARTTLS", "<454 no TLS"],
            opening + [">MAIL FROM:<a@b.kr>", "<530 sign in first"], opening + [">MAIL FROM:<a@b.kr>", "<550 not you"],
        ] {
            guard case .unreachable = dialogue(turns).outcome(failure: "failed") else {
                Issue.record("\(turns): \(dialogue(turns).outcome(failure: "failed"))")
                continue
            }
        }
    }

    @Test func aReplyAboutTheMailIsARefusalForNowOrForGood() {
        func outcome(_ turns: [String]) -> SMTPOutcome { dialogue(turns).outcome(failure: "failed") }
        #expect(
            outcome(recipient + ["<450 busy"])
                == .refusedForNow(SMTPRefusal(code: 450, text: "450 busy", isOfRecipient: true)))
        #expect(
            outcome(recipient + ["<550-no such", "<550 mailbox"])
                == .refusedForGood(SMTPRefusal(code: 550, text: "550-no such 550 mailbox", isOfRecipient: true)))
        #expect(
            outcome(opening + [">MAIL FROM:<a@b.kr>", "<552 too large"])
                == .refusedForGood(SMTPRefusal(code: 552, text: "552 too large")))
        #expect(outcome(data + ["<451 later"]) == .refusedForNow(SMTPRefusal(code: 451, text: "451 later")))
        #expect(
            outcome(data + ["<354 go on", "all", "<554 spam"])
                == .refusedForGood(SMTPRefusal(code: 554, text: "554 spam")))
        #expect(
            outcome(data + ["<354 go on", "all", "<451 later"])
                == .refusedForNow(SMTPRefusal(code: 451, text: "451 later")))
    }

    @Test func onlyAMailThatWasAllGivenAwayMayHaveArrived() {
        for turns in [data, data + ["<354 go on"], recipient, recipient + ["<250 OK"]] {
            guard case .refusedForNow(let refusal) = dialogue(turns).outcome(failure: "cut") else {
                Issue.record("\(turns)")
                continue
            }
            #expect(refusal.code == 0)
        }
        for turns in [["all"], ["<354 go on", "all"], ["all", "<354 go on"]] {
            guard case .unknown = dialogue(data + turns).outcome(failure: "cut") else {
                Issue.record("\(turns)")
                continue
            }
        }
        #expect(dialogue(data + ["<354 go on", "all", "<250 kept"]).outcome(failure: "cut") == .accepted)
    }

    @Test func whatTheServerSaysToTheLeaveTakingCountsForNothing() {
        let leave = [">QUIT", "<221 bye"]
        let turns = data + ["<354 go on", "all"]
        #expect(
            dialogue(turns + ["<554 spam"] + leave).outcome(failure: "failed")
                == .refusedForGood(SMTPRefusal(code: 554, text: "554 spam")))
        guard case .unknown = dialogue(turns + leave).outcome(failure: "late") else {
            Issue.record("accepted by a farewell")
            return
        }
    }

    @Test func nothingOfAServersWordsRingsOrEndsALine() {
        var dialogue = dialogue(recipient)
        dialogue.heard(Array("550 \u{1b}[31m\u{7}no\u{202e}\r\n".utf8) + [0xff])
        guard case .refusedForGood(let refusal) = dialogue.outcome(failure: "failed") else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.text.hasPrefix("550 [31mno"))
        #expect(refusal.text.utf8.count < 220)
    }
}
