/// Signing in and lining up.
extension Shape {
    static let createSession = Shape.object([
        .required(
            "email", .text(pattern: #"^[^@\x00-\x20\x7F]+@[^@\x00-\x20\x7F]+$"#, length: 0...254), "At most 254 bytes."),
        .optional(
            "code", .text.orNull,
            "What was mailed, where `ONSALE_LOGIN` is `mail`: six digits, or what the link carries."),
    ])
    .named("CreateSession", examples: [["email": "fan@example.com"]])

    static let codeMailed = Shape.object([.required("expiresAt", .time, "Until then the code opens.")])
        .named("CodeMailed", "A code is on its way.")

    static let session = Shape.object([
        .required("token", .text, "JWT: the `session` bearer token."),
        .required("buyer", .text, "`byr_…`; the same for the same address."),
        .required("expiresAt", .time),
    ])
    .named("Session", "Who you are.")

    static let waitingRoomPhase = Shape.word("closed", "lobby", "open", "paused", "soldOut")
        .named("WaitingRoomPhase", "Where the waiting room stands.")

    static let placeTicket = Shape.object([
        .required("ticket", .text, "JWT that stands for the place."),
        .required("number", .count(1...).orNull, "Place in line; null before the draw."),
        .optional("lobbyIndex", .count, "For those who came to the lobby: how many came before."),
        .required("phase", .waitingRoomPhase),
    ])
    .named("PlaceTicket", "A place in line.")

    static let waitingRoom = Shape.object([
        .required("phase", .waitingRoomPhase),
        .required("opensAt", .time),
        .required("issued", .count, "Numbers given out so far; 0 before the draw."),
        .required(
            "admittedThrough", .count,
            "The largest number called so far; your position is max(0, number − admittedThrough)."),
        .required(
            "admittedPerMinute", .count,
            "Numbers by which the line moves in a minute, as measured; those who have left count too. So position / admittedPerMinute is about how many minutes it takes."
        ),
        .required("activeShoppers", .count, "Passes alive."),
        .required("free", .count, "Places free."),
        .required(
            "drawCommitment", .text(pattern: "^[0-9a-f]{64}$").orNull,
            "SHA-256 of the seed, in hex, from the lobby's first second; null without a lobby."),
        .required("drawSeed", .text(pattern: "^[0-9a-f]{64}$").orNull, "The draw's seed in hex; null before the draw."),
        .required("lobbySize", .count.orNull, "The lobby's entrants, so far while it is open; null without a lobby."),
        .required(
            "entrantsHash", .text(pattern: "^[0-9a-f]{64}$").orNull,
            "SHA-256 of the list of entrants, in hex; null before the draw."),
    ])
    .named("WaitingRoom", "How the line stands, the same for everybody.")

    static let claimPass = Shape.object([
        .required("ticket", .text, "The ticket that joining gave.")
    ])
    .named("ClaimPass")

    static let pass = Shape.object([
        .required("pass", .text, "JWT: the `pass` bearer token."),
        .required("expiresAt", .time, "When it stops to admit."),
    ])
    .named("Pass", "Leave to shop for a while.")
}
