/// The words of mails about orders, as the trade has them in each language.
struct OrderWords: Sendable {
    let language: MailLanguage
    let order: String
    let title: String
    let startsAt: String
    let venue: String
    let tickets: String
    let amount: String
    let refundedAmount: String
    let seats: String
    let orderButton: String
    let organizerSays: String
    let footer: String
    let ticketsSubject: String
    let ticketsHeading: String
    let ticketsIntroduction: String
    let ticketsNote: String
    let refundSubject: String
    let refundHeading: String
    let partialRefundSubject: String
    let partialRefundHeading: String
    let refundNote: String
    let partialRefundNote: String
    let cancelledSubject: String
    let cancelledHeading: String
    let cancelledNote: String
    let disputeNote: String
    let declinedSubject: String
    let declinedHeading: String
    let declinedIntroduction: String
    let declinedNote: String

    func count(_ quantity: Int) -> String {
        switch language {
        case .korean: "\(quantity)매"
        case .english: "\(quantity)"
        }
    }

    /// Why it goes back, and how much of it.
    func refundIntroduction(_ why: RefundReason?, isWhole: Bool) -> String {
        switch language {
        case .korean: koreanCause(why) + (isWhole ? "예매가 취소되어 결제 금액을 전액 환불해 드립니다." : "결제 금액의 일부를 환불해 드립니다.")
        case .english:
            isWhole
                ? englishCause(why) + " You get back all you paid."
                : "You get back part of what you paid for your order."
        }
    }

    /// Why an order is cancelled for which nothing was paid.
    func cancelledIntroduction(_ why: RefundReason?) -> String {
        switch language {
        case .korean: koreanCause(why) + "예매가 취소되었습니다."
        case .english: why == nil ? "Your order was cancelled." : englishCause(why)
        }
    }

    private func koreanCause(_ why: RefundReason?) -> String {
        switch why {
        case .buyer: "고객님의 요청에 따라 "
        case .organizer: "주최 측 사정으로 "
        case .eligibility: "예매 자격이 확인되지 않아 "
        case .provider: "결제대행사(PG)에서 결제가 취소됨에 따라 "
        case .dispute: "카드사에 이의 제기가 접수됨에 따라 "
        case nil: ""
        }
    }

    private func englishCause(_ why: RefundReason?) -> String {
        switch why {
        case .buyer: "As you asked, we have cancelled your order."
        case .organizer: "The organizer has cancelled your order."
        case .eligibility:
            "Your order was cancelled because the organizer could not confirm that you may buy these tickets."
        case .provider: "The payment for your order was returned by the payment provider."
        case .dispute: "The payment for your order was disputed with the card issuer."
        case nil: "Your order has been refunded."
        }
    }
}

extension OrderWords {
    static let korean = OrderWords(
        language: .korean, order: "예매번호", title: "공연명", startsAt: "관람일시", venue: "공연장", tickets: "매수",
        amount: "결제금액", refundedAmount: "환불금액", seats: "좌석 정보", orderButton: "예매 내역 확인",
        organizerSays: "주최 측 안내:", footer: "본 메일은 발신 전용입니다.",
        ticketsSubject: "[예매완료]", ticketsHeading: "예매가 완료되었습니다",
        ticketsIntroduction: "예매해 주셔서 감사합니다. 티켓은 첨부 파일로 보내 드립니다. 입장 시 화면이나 출력물로 제시해 주세요.",
        ticketsNote: "티켓의 바코드를 가진 사람은 누구나 입장할 수 있으니 다른 사람에게 공유하지 마세요.",
        refundSubject: "[예매취소·환불]", refundHeading: "예매 취소 및 환불 안내",
        partialRefundSubject: "[부분환불]", partialRefundHeading: "부분 환불 안내",
        refundNote: "환불은 결제하신 수단으로 처리되며, 카드사에 따라 영업일 기준 3~7일이 걸릴 수 있습니다. 취소된 티켓으로는 입장하실 수 없습니다.",
        partialRefundNote: "환불은 결제하신 수단으로 처리되며, 카드사에 따라 영업일 기준 3~7일이 걸릴 수 있습니다.",
        cancelledSubject: "[예매취소]", cancelledHeading: "예매 취소 안내",
        cancelledNote: "취소된 티켓으로는 입장하실 수 없습니다.",
        disputeNote: "이의 제기가 접수된 티켓으로는 입장하실 수 없습니다. 직접 신청하지 않으셨다면 카드사에 문의해 주세요.",
        declinedSubject: "[예매불가]", declinedHeading: "예매가 이루어지지 않았습니다",
        declinedIntroduction: "예매 자격이 확인되지 않아 예매가 이루어지지 않았습니다.",
        declinedNote: "결제는 진행되지 않았습니다. 카드 승인 내역이 있는 경우 자동으로 취소됩니다.")

    static let english = OrderWords(
        language: .english, order: "Order", title: "Event", startsAt: "Starts", venue: "Venue", tickets: "Tickets",
        amount: "Paid", refundedAmount: "Refunded", seats: "Your seats", orderButton: "See your order",
        organizerSays: "The organizer says:", footer: "Nobody reads replies to this mail.",
        ticketsSubject: "Your tickets:", ticketsHeading: "Your tickets are here",
        ticketsIntroduction:
            "Thank you for your order. Your tickets are attached: show them on your phone or on paper.",
        ticketsNote: "Whoever has a ticket's barcode gets in, so don't share it.",
        refundSubject: "Cancelled and refunded:", refundHeading: "Your order was cancelled and refunded",
        partialRefundSubject: "Partly refunded:", partialRefundHeading: "Part of your order was refunded",
        refundNote:
            "The money goes back the way you paid. It may take your bank 3 to 7 working days. Cancelled tickets "
            + "let nobody in.",
        partialRefundNote: "The money goes back the way you paid. It may take your bank 3 to 7 working days.",
        cancelledSubject: "Cancelled:", cancelledHeading: "Your order was cancelled",
        cancelledNote: "Cancelled tickets let nobody in.",
        disputeNote: "Disputed tickets let nobody in. If it wasn't you, please ask your card issuer.",
        declinedSubject: "Not booked:", declinedHeading: "Your order was not accepted",
        declinedIntroduction: "The organizer could not confirm that you may buy these tickets, so nothing was booked.",
        declinedNote: "You have not been charged. If your bank shows an authorization, it will be released by itself.")
}
