/// What is known of a mailbox that a code was mailed to. Pure: times are milliseconds.
///
/// While a code lives and has tries left, asking again mails the same one, so that nobody can spoil another's code by
/// asking. Who guesses has five tries a code and five codes in ten minutes, of a million. The newest mail's link carries a
/// proof too long to be guessed: it opens however often others have tried. A new code needs a new mail, of which there are
/// five in ten minutes, so whoever reads the newest one gets in.
struct SignInRecord: Hashable, Sendable {
    static let codeMilliseconds: Int64 = 600_000
    static let triesMax = 5
    /// As long as a code lives, so that whoever asks in another's name keeps them out no longer than that.
    static let windowMilliseconds: Int64 = 600_000
    static let mailsMax = 5

    /// What the code follows from; empty if there is none.
    var salt: String
    var expiresAt: Int64
    var tries: Int
    var mails: Int
    var windowEndsAt: Int64

    static let unknown = SignInRecord(salt: "", expiresAt: 0, tries: 0, mails: 0, windowEndsAt: 0)

    /// What becomes of a wish for a code.
    enum Asked: Hashable, Sendable {
        /// The code of the salt is to be mailed; it lives until then.
        case mail(salt: String, expiresAt: Int64)
        /// So many were mailed that this has to wait.
        case tooMany(retryAt: Int64)
    }

    /// What somebody gives to sign in.
    enum Proof: Hashable, Sendable {
        /// The six digits, which may be guessed.
        case digits
        /// What the mail's link carries, which can't be.
        case link
    }

    /// What becomes of a proof that somebody gives.
    enum Tried: Hashable, Sendable {
        case right
        case wrong
        /// No further try of this code counts.
        case tooMany(retryAt: Int64)
    }

    /// Somebody asks for a code.
    /// - Parameter salt: for a new one.
    mutating func ask(at now: Int64, salt fresh: String) -> Asked {
        if windowEndsAt <= now || windowEndsAt > now + SignInRecord.windowMilliseconds {
            mails = 0
            windowEndsAt = now + SignInRecord.windowMilliseconds
        }
        guard mails < SignInRecord.mailsMax else { return .tooMany(retryAt: windowEndsAt) }
        mails += 1
        if !isLive(at: now) || tries >= SignInRecord.triesMax {
            salt = fresh
            expiresAt = now + SignInRecord.codeMilliseconds
            tries = 0
        }
        return .mail(salt: salt, expiresAt: expiresAt)
    }

    /// Somebody gives a proof.
    /// - Parameter isRight: whether it is the one that follows from the salt.
    mutating func attempt(_ proof: Proof, at now: Int64, isRight: (_ salt: String) -> Bool) -> Tried {
        guard isLive(at: now) else { return .wrong }
        if proof == .digits {
            guard tries < SignInRecord.triesMax else { return .tooMany(retryAt: expiresAt) }
            tries += 1
        }
        guard isRight(salt) else { return .wrong }
        // It opens once.
        salt = ""
        return .right
    }

    /// A clock that was set back must not make a code live longer.
    private func isLive(at now: Int64) -> Bool {
        !salt.isEmpty && expiresAt > now && expiresAt <= now + SignInRecord.codeMilliseconds
    }
}
