/// An ISO 4217 currency and the digits of its minor unit.
/// <https://www.six-group.com/en/products-services/financial-information/market-reference-data/data-standards.html>
public struct Currency: Hashable, Sendable {
    /// Three capital letters.
    public let code: String
    /// Decimal digits of the minor unit: 2 for cents, 0 for won.
    public let minorDigits: Int

    /// - Returns: nil unless ISO 4217 lists `code` as a currency people pay with (no metals, funds or test codes).
    public init?(code: String) {
        guard code.utf8.count == 3, let index = Currency.codes.firstIndex(of: code) else { return nil }
        self.code = Currency.codes[index]
        minorDigits = Currency.noMinorUnit.contains(code) ? 0 : Currency.threeDigits.contains(code) ? 3 : 2
    }

    private static let codes = Set(
        """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
        CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG \
        HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA \
        MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD \
        RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX \
        USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
        """.split(separator: " ").map(String.init))

    private static let noMinorUnit: Set<String> = [
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
    ]

    private static let threeDigits: Set<String> = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
}

extension Currency {
    /// An amount in minor units as text for people who read logs and journals, such as `198,000 KRW`.
    package static func text(_ amount: Int64, in code: String) -> String {
        let digits = Currency(code: code)?.minorDigits ?? 0
        let padded = String(amount.magnitude)
        let text = String(repeating: "0", count: max(0, digits + 1 - padded.count)) + padded
        var whole = String(text.dropLast(digits))
        var index = whole.count - 3
        while index > 0 {
            whole.insert(",", at: whole.index(whole.startIndex, offsetBy: index))
            index -= 3
        }
        let fraction = digits == 0 ? "" : "." + text.suffix(digits)
        return (amount < 0 ? "−" : "") + whole + fraction + " " + code
    }
}
