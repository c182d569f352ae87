import OnsaleBus

/// What the service writes, in the reader's language.
package enum MailTemplates {
    /// The tickets, which are attached.
    package static func tickets(_ order: MailedOrder, _ language: MailLanguage) -> MailContent {
        let words = language == .korean ? OrderWords.korean : OrderWords.english
        var parts: [MailPart] = [.paragraph(words.ticketsIntroduction), .facts(facts(order, words, language))]
        if !order.seats.isEmpty { parts.append(.list(title: words.seats, items: order.seats)) }
        if let link = order.link { parts.append(.button(title: words.orderButton, link)) }
        parts.append(.note(words.ticketsNote))
        return MailLayout(
            language: language, subject: "\(words.ticketsSubject) \(order.message.event.title)",
            heading: words.ticketsHeading, parts: parts, footer: words.footer
        ).content
    }

    /// Money that goes back, and why.
    package static func refund(_ order: MailedOrder, why: RefundReason?, _ language: MailLanguage) -> MailContent {
        let words = language == .korean ? OrderWords.korean : OrderWords.english
        let isWhole = order.message.refundedAmount >= order.message.amount
        var parts: [MailPart] = [.paragraph(words.refundIntroduction(why, isWhole: isWhole))]
        if case .eligibility(let reason?) = why { parts += quote(reason, words) }
        var facts = facts(order, words, language)
        facts.append((words.refundedAmount, order.money(order.message.refundedAmount, language)))
        parts.append(.facts(facts))
        if let link = order.link { parts.append(.button(title: words.orderButton, link)) }
        let note = isWhole ? words.refundNote : words.partialRefundNote
        parts.append(.note(why == .dispute ? words.disputeNote : note))
        return MailLayout(
            language: language,
            subject: "\(isWhole ? words.refundSubject : words.partialRefundSubject) \(order.message.event.title)",
            heading: isWhole ? words.refundHeading : words.partialRefundHeading, parts: parts, footer: words.footer
        ).content
    }

    /// An order that is cancelled, for which nothing was paid.
    package static func cancelled(_ order: MailedOrder, why: RefundReason?, _ language: MailLanguage) -> MailContent {
        let words = language == .korean ? OrderWords.korean : OrderWords.english
        var parts: [MailPart] = [.paragraph(words.cancelledIntroduction(why))]
        if case .eligibility(let reason?) = why { parts += quote(reason, words) }
        parts.append(.facts(facts(order, words, language)))
        if let link = order.link { parts.append(.button(title: words.orderButton, link)) }
        parts.append(.note(words.cancelledNote))
        return MailLayout(
            language: language, subject: "\(words.cancelledSubject) \(order.message.event.title)",
            heading: words.cancelledHeading, parts: parts, footer: words.footer
        ).content
    }

    /// An order that the check of eligibility has declined, in the organizer's words.
    package static func declined(_ order: MailedOrder, reason: String?, _ language: MailLanguage) -> MailContent {
        let words = language == .korean ? OrderWords.korean : OrderWords.english
        var parts: [MailPart] = [.paragraph(words.declinedIntroduction)]
        if let reason { parts += quote(reason, words) }
        parts.append(.facts(facts(order, words, language)))
        if let link = order.link { parts.append(.button(title: words.orderButton, link)) }
        parts.append(.note(words.declinedNote))
        return MailLayout(
            language: language, subject: "\(words.declinedSubject) \(order.message.event.title)",
            heading: words.declinedHeading, parts: parts, footer: words.footer
        ).content
    }

    /// A code to sign in with.
    /// - Parameters:
    ///   - code: six digits.
    ///   - minutes: how long it lives.
    package static func signIn(code: String, link: WebLink?, minutes: Int, _ language: MailLanguage) -> MailContent {
        let words = SignInWords(language, code: code, minutes: minutes)
        var parts: [MailPart] = [.paragraph(words.introduction), .code(code)]
        if let link { parts.append(.button(title: words.button, link)) }
        parts.append(.note(words.note))
        return MailLayout(
            language: language, subject: words.subject, heading: words.heading, parts: parts, footer: words.footer
        ).content
    }

    /// An endpoint of webhooks that was switched off; for the organizer.
    package static func endpointOff(_ off: EndpointOff, _ language: MailLanguage) -> MailContent {
        let words = EndpointWords(language, off.reason)
        return MailLayout(
            language: language, subject: words.subject, heading: words.heading,
            parts: [.paragraph(words.reason), .quote(HeaderText.clean(off.url)), .note(words.note)],
            footer: words.footer
        ).content
    }

    private static func quote(_ reason: String, _ words: OrderWords) -> [MailPart] {
        reason.isEmpty ? [] : [.paragraph(words.organizerSays), .quote(reason)]
    }

    private static func facts(
        _ order: MailedOrder, _ words: OrderWords, _ language: MailLanguage
    ) -> [(name: String, value: String)] {
        let message = order.message
        let bought = message.lines.prefix(32).map { line in
            "\(line.category) \(words.count(line.quantity)) × \(order.money(line.unitAmount, language))"
        }
        return [
            (words.order, message.order), (words.title, HeaderText.clean(message.event.title)),
            (words.startsAt, order.startsAt.format(language)), (words.venue, HeaderText.clean(message.event.venue)),
            (words.tickets, bought.joined(separator: ", ")), (words.amount, order.money(message.amount, language)),
        ]
    }
}
