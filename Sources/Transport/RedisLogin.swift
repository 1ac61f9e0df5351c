package import Basics

/// Who we are to Redis, and how we make sure that it is the right one.
package struct RedisLogin: Equatable, Sendable {
    /// nil: the default user.
    package var user: String?
    /// nil: none is given.
    package var password: String?
    package var trust: RedisTrust

    package init(user: String? = nil, password: String? = nil, trust: RedisTrust = RedisTrust()) {
        self.user = user
        self.password = password
        self.trust = trust
    }

    /// As the settings of a program say, which are those of `RedisLogin.settings`.
    package init(_ settings: Settings) throws {
        let user = settings.text("redis-user")
        let password = try settings.path("redis-password-file").map { path in
            let text = String(decoding: try readSmallFile(path), as: UTF8.self)
            return text.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? ""
        }
        if password == nil, !user.isEmpty { throw RedisError.passwordMissing(user: user) }
        let name = settings.text("redis-server-name")
        self.init(
            user: user.isEmpty ? nil : user, password: password,
            trust: RedisTrust(
                authorities: settings.path("redis-ca-file"), serverName: name.isEmpty ? nil : name,
                certificate: settings.path("redis-certificate-file"), key: settings.path("redis-key-file")))
    }
}

/// What an encrypted connection is judged by. Files are PEM.
package struct RedisTrust: Equatable, Sendable {
    /// The authorities that are believed; nil: those that the system believes.
    package var authorities: String?
    /// The name that must stand in Redis' certificate; nil: the host of the address.
    package var serverName: String?
    /// Our own certificate, with those that lead to its authority, for a Redis that asks for one.
    package var certificate: String?
    /// The key of that certificate.
    package var key: String?

    package init(
        authorities: String? = nil, serverName: String? = nil, certificate: String? = nil, key: String? = nil
    ) {
        self.authorities = authorities
        self.serverName = serverName
        self.certificate = certificate
        self.key = key
    }
}
