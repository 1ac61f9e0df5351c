// The settings of the three programs. `cluster/coordinator.conf` and `cluster/worker.conf` show the first two tables
// to people; a tidy test keeps them equal.

private let logLevel = Setting(
    "log-level", "the least grave events that are logged", .choice(["debug", "info", "warn", "error"]),
    default: "info")

private let coordinatorEndpoint = Setting(
    "coordinator", "where the coordinator listens for workers and commands", .text,
    default: "tcp://127.0.0.1:7400", scope: .cluster)

private let keyFile = Setting(
    "key-file", "this process's secret key; without one, everything must stay on this machine's loopback", .path)

private let serverKey = Setting(
    "server-key", "file with the public key that the coordinator must prove to have", .path, scope: .cluster)

extension SettingsTable {
    /// `muster-coordinator`.
    package static let coordinator = SettingsTable(
        program: "muster-coordinator",
        settings: [
            Setting(
                "endpoint", "where to listen for workers and commands; port 0 takes any free one", .text,
                default: "tcp://127.0.0.1:7400", scope: .cluster),
            Setting("http-address", "address that HTTP is served on", .text, default: "127.0.0.1"),
            Setting(
                "http-port", "port that HTTP is served on; 0 takes any free one", .integer(0...65_535),
                default: "7480"),
            Setting(
                "data", "folder of what the coordinator must remember; made when missing", .path,
                default: ".muster/coordinator/data"),
            keyFile,
            Setting("allowed-keys", "file with the public keys that may connect, one a line", .path, scope: .cluster),
            Setting(
                "patience", "how long a training round waits for a city whose worker is gone",
                .integer(1...86_400), default: "60", unit: "heartbeats of one second", scope: .cluster),
            Setting(
                "request-deadline", "how long a request may wait for a worker's answer when it does not say itself",
                .integer(100...600_000), default: "30000", unit: "milliseconds", scope: .cluster),
            logLevel,
        ])

    /// `muster-worker`.
    package static let worker = SettingsTable(
        program: "muster-worker",
        settings: [
            coordinatorEndpoint,
            Setting("name", "who this worker is, the same after every restart", .text, default: "worker-1"),
            Setting(
                "data", "folder of the cities that live here; made when missing", .path,
                default: ".muster/worker-1/data"),
            Setting(
                "peer-listen", "where to listen for other workers; port 0 or * takes any free one", .text,
                default: "tcp://127.0.0.1:*"),
            Setting(
                "peer-address",
                "where other workers find this one, port * as it listens; empty: where it listens", .text),
            keyFile,
            serverKey,
            Setting(
                "redis",
                "host and port, rediss://HOST:PORT for TLS, or socket path, of the Redis that takes the events", .text,
                default: "127.0.0.1:7479", scope: .cluster),
            .redisUser, .redisPasswordFile, .redisCAFile, .redisServerName, .redisCertificateFile, .redisKeyFile,
            Setting(
                "events", "where events go: to Redis, or nowhere, to be read from the cities by muster and HTTP",
                .choice(["redis", "local"]), default: "redis", scope: .cluster),
            Setting(
                "outbox-max", "events of a city that may wait for Redis; at that many the city plans no more",
                .integer(1...1_000_000_000), default: "1000000", unit: "events", scope: .cluster),
            Setting(
                "entries-kept",
                "newest entries of each stream that stay when all consumer groups have acknowledged them; "
                    + "0 never removes any", .integer(0...1_000_000_000), default: "1000000", unit: "entries",
                scope: .cluster),
            Setting("threads", "threads that compute; 0 takes one for each core", .integer(0...1024), default: "0"),
            Setting(
                "memory", "what trainings may use for all cities here; 0: four fifths of this machine's",
                .integer(0...1 << 30), default: "0", unit: "MiB"),
            Setting(
                "minimum", "people without whom a plan is not confirmed; never fewer than start it",
                .integer(2...100), default: "2", unit: "people", scope: .cluster),
            Setting(
                "wave", "invitations of one plan that wait for an answer at the same time, its starters' aside",
                .integer(1...100), default: "3", unit: "invitations", scope: .cluster),
            Setting(
                "silence", "after so long an invitation without an answer makes room for the next",
                .integer(1...720), default: "12", unit: "hours", scope: .cluster),
            Setting(
                "invitations-per-week", "invitations one person may get in seven days, of all plans of a city",
                .integer(1...1000), default: "4", unit: "invitations", scope: .cluster),
            Setting(
                "days-kept", "how long it is remembered what came of a seed that is over", .integer(7...36500),
                default: "180", unit: "days", scope: .cluster),
            Setting(
                "quiet-hours", "when nobody is invited, in the city's time, as 22-8; empty: never", .text,
                scope: .cluster),
            Setting(
                "city-clocks",
                "what the clocks of cities are ahead of UTC, in minutes, as Oslo=60,Lima=-300; others are in UTC",
                .text, scope: .cluster),
            Setting(
                "fit-bar", "the least chance, as the group scorer sees it, with which a group is confirmed",
                .number(0...1), default: "0.25", scope: .cluster),
            logLevel,
        ])

    /// `muster`. Verbs add rows of scope `.call` of their own.
    package static let command = SettingsTable(
        program: "muster",
        settings: [
            coordinatorEndpoint,
            keyFile,
            serverKey,
            Setting("home", "the run folder; its cluster.env says where the cluster is", .path, default: ".muster"),
            Setting("json", "answer in JSON on the standard output", .flag),
            Setting(
                "wait", "how long to wait for the coordinator's first answer", .integer(1...600), default: "10",
                unit: "seconds"),
        ])
}

/// How a program comes in at Redis.
extension Setting {
    package static let redisUser = Setting(
        "redis-user", "the user of that Redis's access list we are; empty for the default user", .text)
    package static let redisPasswordFile = Setting(
        "redis-password-file", "file with the password of that Redis", .path)
    package static let redisCAFile = Setting(
        "redis-ca-file", "file with the authorities that may vouch for a rediss:// Redis; none: the system's", .path)
    package static let redisServerName = Setting(
        "redis-server-name", "the name in that Redis's certificate; empty for the host of the address", .text)
    package static let redisCertificateFile = Setting(
        "redis-certificate-file", "file with our certificate, where that Redis asks for one", .path)
    package static let redisKeyFile = Setting("redis-key-file", "file with the key of our certificate", .path)
}
