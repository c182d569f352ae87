/// The words of a mail with a code.
struct SignInWords: Sendable {
    let subject: String
    let heading: String
    let introduction: String
    let button: String
    let note: String
    let footer: String

    init(_ language: MailLanguage, code: String, minutes: Int) {
        switch language {
        case .korean:
            subject = "로그인 인증번호 \(code)"
            heading = "로그인 인증번호"
            introduction = "아래 인증번호 6자리를 \(minutes)분 안에 입력해 주세요."
            button = "바로 로그인"
            note = "인증번호는 누구에게도 알려 주지 마세요. 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다."
            footer = OrderWords.korean.footer
        case .english:
            subject = "\(code) is your sign-in code"
            heading = "Your sign-in code"
            introduction = "Type these six digits within \(minutes) minutes."
            button = "Sign in"
            note = "Tell this code to nobody. If you didn't ask for it, ignore this mail."
            footer = OrderWords.english.footer
        }
    }
}

/// Words of the mail about an endpoint of webhooks, for the organizer.
struct EndpointWords: Sendable {
    let subject: String
    let heading: String
    let reason: String
    let note: String
    let footer: String

    init(_ language: MailLanguage, _ reason: EndpointOff.Reason) {
        switch language {
        case .korean:
            subject = "웹훅 전송이 중지되었습니다"
            heading = "웹훅 전송 중지"
            self.reason =
                switch reason {
                case .gone: "아래 주소가 410(Gone)으로 응답하여 더 이상 웹훅을 보내지 않습니다."
                case .failing: "아래 주소로 보낸 웹훅이 3일 동안 한 번도 성공하지 못해 전송을 중지했습니다."
                case .backlog: "아래 주소에 보내지 못한 웹훅이 보관 한도를 넘어 전송을 중지했습니다."
                }
            note = "주소를 확인한 뒤 주최자 페이지의 웹훅 메뉴에서 다시 켤 수 있습니다. 꺼져 있는 동안 발생한 알림은 전송되지 않습니다."
            footer = OrderWords.korean.footer
        case .english:
            subject = "A webhook endpoint was switched off"
            heading = "Webhooks switched off"
            self.reason =
                switch reason {
                case .gone: "This address answered 410 (Gone), so no webhooks are sent to it any more."
                case .failing: "No webhook to this address has succeeded for three days, so no more are sent."
                case .backlog: "More webhooks wait for this address than are kept, so no more are sent."
                }
            note =
                "Check the address, then switch it on again on the organizer's page, under Webhooks. It doesn't get what "
                + "happens while it is off."
            footer = OrderWords.english.footer
        }
    }
}
