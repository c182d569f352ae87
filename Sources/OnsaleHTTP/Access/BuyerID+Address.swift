package import OnsaleValues

extension BuyerID {
    /// The buyer behind an e-mail address, as sessions made here have it; nil if it is no address.
    /// - Parameter tokenSecret: the data folder's `token.key`.
    package init?(address: String, tokenSecret: String) {
        guard let mailbox = MailAddress(address) else { return nil }
        self = Login(mode: .open, pepper: tokenSecret).buyer(mailbox)
    }
}
