import OnsaleBus
import OnsaleMail
import OnsaleValues
import Testing

/// What mails say.
@Suite struct MailTemplateTests {
    private func order(
        title: String = "봄 콘서트", amount: Int64 = 396_000, refunded: Int64 = 0, currency: String = "KRW"
    ) throws -> MailedOrder {
        let event = OnsaleEvent(
            id: "evt", title: title, venue: "고척스카이돔", startsAt: "2027-03-01T10:00:00.000Z", currency: currency,
            timeZone: "Asia/Seoul")
        let message = OrderMessage(
            event: event, order: "ord_1", buyer: "byr_1", amount: amount, refundedAmount: refunded,
            placedAt: "2027-01-01T10:00:00.000Z", lines: [.init(category: "R석", unitAmount: 198_000, quantity: 2)],
            tickets: [
                .init(ticket: "tkt_1", seat: "A-1-2", category: "R석", barcode: "SECRET"),
                .init(ticket: "tkt_2", area: "스탠딩", category: "R석", barcode: "SECRET"),
            ])
        return try #require(MailedOrder(message, link: WebLink("https://onsale.kr/orders/ord_1?a=1&b=2")))
    }

    @Test func ticketsAreToldInKoreanAsTheTradeWritesIt() throws {
        let content = MailTemplates.tickets(try order(), .korean)
        #expect(content.subject == "[예매완료] 봄 콘서트")
        for line in [
            "예매번호: ord_1", "관람일시: 2027년 3월 1일 (월) 오후 7:00", "공연장: 고척스카이돔", "매수: R석 2매 × 198,000원",
            "결제금액: 396,000원", "- R석 · A-1-2", "- R석 · 스탠딩",
        ] {
            #expect(content.text.contains(line + "\n"), "\(line)")
        }
        let english = MailTemplates.tickets(try order(), .english)
        #expect(english.text.contains("Starts: Monday, 1 March 2027, 7:00 PM\n"))
        #expect(english.text.contains("Paid: ₩396,000"))
        for text in [content.text, content.html ?? "", english.text, english.html ?? ""] {
            #expect(!text.contains("SECRET"))
        }
    }

    @Test func aRefundSaysWhy() throws {
        let whole = try order(refunded: 396_000)
        let reasons: [(RefundReason?, String, String)] = [
            (.buyer, "고객님의 요청", "As you asked"), (.organizer, "주최 측 사정", "The organizer has cancelled"),
            (.provider, "결제대행사", "payment provider"), (.dispute, "이의 제기", "disputed"),
            (.eligibility(words: "팬클럽 회원만\n예매할 수 있습니다."), "> 팬클럽 회원만\n> 예매할 수 있습니다.", "> 팬클럽 회원만"),
        ]
        for (reason, korean, english) in reasons {
            #expect(MailTemplates.refund(whole, why: reason, .korean).text.contains(korean))
            #expect(MailTemplates.refund(whole, why: reason, .english).text.contains(english))
        }
        #expect(MailTemplates.refund(whole, why: .buyer, .korean).subject == "[예매취소·환불] 봄 콘서트")
        let part = MailTemplates.refund(try order(refunded: 198_000), why: .organizer, .korean)
        #expect(part.subject == "[부분환불] 봄 콘서트" && part.text.contains("환불금액: 198,000원"))
        #expect(RefundReason("eligibility", words: "a") == .eligibility(words: "a"))
        #expect(RefundReason("card_declined") == nil)
    }

    @Test func aDeclinedOrderAndACodeSayWhatTheReaderNeeds() throws {
        let declined = MailTemplates.declined(try order(), reason: "만 19세 이상", .korean)
        #expect(declined.subject == "[예매불가] 봄 콘서트" && declined.text.contains("> 만 19세 이상"))
        for language in MailLanguage.allCases {
            let link = WebLink("https://onsale.kr/sign-in#123456")
            let content = MailTemplates.signIn(code: "123456", link: link, minutes: 10, language)
            #expect(content.subject.contains("123456") && content.text.contains("\n    123456\n"))
            #expect(content.text.contains("https://onsale.kr/sign-in#123456") && content.text.contains("10"))
            #expect(content.html?.contains("href=\"https://onsale.kr/sign-in#123456\"") == true)
        }
    }

    @Test func whatOrganizersTypeStaysTextInHTML() throws {
        let hostile = "<script>alert(1)</script>\" onload='x' & \r\nBcc: a@b.kr"
        let order = try order(title: hostile, refunded: 396_000)
        for language in MailLanguage.allCases {
            for content in [
                MailTemplates.tickets(order, language),
                MailTemplates.refund(order, why: .eligibility(words: hostile), language),
                MailTemplates.declined(order, reason: hostile, language),
            ] {
                let html = try #require(content.html)
                #expect(!html.contains("<script") && !html.contains("onload='") && html.contains("&lt;script&gt;"))
                #expect(html.contains("a=1&amp;b=2"))
                #expect(!content.subject.contains("\n") && !content.subject.contains("\r"))
            }
        }
        for url in ["javascript:alert(1)", "https://a.kr/\"onload=", "https://a.kr/<x>", "https://a.kr/ü", "//a.kr"] {
            #expect(WebLink(url) == nil, "\(url)")
        }
    }

    @Test func amountsAreWrittenByTheirCurrency() throws {
        for (amount, code, korean, english) in [
            (396_000, "KRW", "396,000원", "₩396,000"), (0, "KRW", "0원", "₩0"), (5, "USD", "0.05달러", "US$0.05"),
            (-123_456, "USD", "-1,234.56달러", "-US$1,234.56"), (1_000, "JPY", "1,000엔", "¥1,000"),
            (1_234_567, "KWD", "KWD 1,234.567", "KWD 1,234.567"), (100, "EUR", "1.00유로", "€1.00"),
            (99_900, "CHF", "CHF 999.00", "CHF 999.00"),
        ] as [(Int64, String, String, String)] {
            let currency = try #require(Currency(code: code))
            #expect(MoneyText.format(amount, currency, .korean) == korean)
            #expect(MoneyText.format(amount, currency, .english) == english)
        }
        #expect(MoneyText.format(.min, try #require(Currency(code: "KRW")), .korean).hasPrefix("-9,223,372"))
    }

    @Test func timesAreThoseOfTheVenue() throws {
        let moment = Timestamp(milliseconds: 1_803_859_200_000)
        #expect(VenueTime(moment, zone: "Asia/Seoul").offsetMinutes == 540)
        #expect(VenueTime(moment, zone: "Mars/Olympus").offsetMinutes == nil)
        #expect(VenueTime(moment, zone: nil).format(.english).hasSuffix("(UTC)"))
        let midnight = VenueTime(Timestamp(milliseconds: 1_709_218_800_000), offsetMinutes: 540)
        #expect(midnight.format(.korean) == "2024년 3월 1일 (금) 오전 12:00")
        let noon = VenueTime(Timestamp(milliseconds: 1_709_208_000_000), offsetMinutes: 0)
        #expect(noon.format(.english) == "Thursday, 29 February 2024, 12:00 PM")
    }
}
