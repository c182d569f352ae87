/// The words that every ticket has.
struct TicketWords {
    let language: DocumentLanguage

    var admission: String { language.text("입장권", "Admission ticket") }
    var date: String { language.text("일시", "Date and time") }
    var venue: String { language.text("장소", "Venue") }
    var category: String { language.text("등급", "Category") }
    var order: String { language.text("예매번호", "Order") }
    var ticket: String { language.text("티켓번호", "Ticket") }
    var number: String { language.text("순번", "Number") }
    var scan: String { language.text("입구에서 이 코드를 보여 주세요", "Show this code at the entrance") }
    var fold: String { language.text("접는 선", "Fold here") }
    var atTheDoor: String { language.text("입장 안내", "At the door") }
    var terms: String { language.text("유의 사항", "Good to know") }

    func place(isSeat: Bool) -> String {
        isSeat ? language.text("좌석", "Seat") : language.text("구역 · 지정 좌석 없음", "Area · no assigned seat")
    }

    var advice: [String] {
        switch language {
        case .korean:
            [
                "이 종이를 A4 원래 크기(100%)로 인쇄하거나, 휴대전화 화면으로 보여 주셔도 됩니다.",
                "접는 선을 따라 접으면 코드가 접히지 않습니다. 코드가 구겨지거나 젖지 않게 해 주세요.",
                "입구가 붐빌 수 있으니 여유 있게 도착해 주세요.",
            ]
        case .english:
            [
                "Print this page on A4 at its actual size (100%), or show it on your phone.",
                "Fold along the marked lines: they keep clear of the code. Keep the code flat and dry.",
                "Entrances get busy, so please arrive in good time.",
            ]
        }
    }

    var conditions: String {
        switch language {
        case .korean:
            """
            코드 하나로 한 분이 한 번 입장합니다. 먼저 스캔된 티켓만 유효하니 코드를 다른 사람에게 보여 주거나 사진을 올리지 마세요. \
            취소하거나 환불받은 주문의 티켓은 인쇄했더라도 사용할 수 없습니다. 취소와 환불, 일정 변경은 예매하신 곳의 주문 화면에서 \
            확인하실 수 있습니다. 공연 시각은 표시된 시간대를 따릅니다.
            """
        case .english:
            """
            Each code admits one person once. The first scan counts, so show the code to nobody else and never post a \
            picture of it. Tickets of an order that was cancelled or refunded let nobody in, printed or not. Your order's \
            page, where you bought the tickets, has cancellations, refunds and changes of date. Times are in the zone \
            that is named beside them.
            """
        }
    }
}
