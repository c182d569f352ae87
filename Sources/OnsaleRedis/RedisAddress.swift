/// Where Redis is and how to sign in, as `ONSALE_REDIS_URL` says it: `redis://[user:password@]host[:port][/database]`, or
/// `redis+sentinel://[[user]:password@]host[:port],host[:port]/master-name[/database]`.
///
/// What it prints, in text, debugging or a mirror, has no password.
package struct RedisAddress: Sendable, Equatable {
    package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
        package let host: String
        package let port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    package enum Place: Sendable, Equatable {
        case server(Endpoint)
        /// Each Sentinel knows where the master of that name is.
        case sentinels([Endpoint], master: String)
    }

    package let place: Place
    package let user: String?
    /// Also offered to a Sentinel that asks for one.
    let password: String?
    package let database: Int

    init(place: Place, user: String? = nil, password: String? = nil, database: Int = 0) {
        self.place = place
        self.user = user
        self.password = password
        self.database = database
    }
}

extension RedisAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        let signIn = password == nil ? "" : "\(user ?? ""):***@"
        let path = database == 0 ? "" : "/\(database)"
        switch place {
        case .server(let endpoint): return "redis://\(signIn)\(endpoint)\(path)"
        case .sentinels(let endpoints, let master):
            let list = endpoints.map(\.description).joined(separator: ",")
            return "redis+sentinel://\(signIn)\(list)/\(master)\(path)"
        }
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: ["address": description]) }
}
