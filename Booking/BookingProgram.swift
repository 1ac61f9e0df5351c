import Basics
import FoundationEssentials
import Glibc
import Transport

/// muster-booking: the reference consumer. It reads the events of all cities as one member of a consumer group, has
/// each seed booked by an HTTP webhook once, and tells Muster what came of it. Small, and meant to be read by whoever
/// writes their own; what it must do is in docs/API.md, and `muster-bench consumer` checks it.
@main
enum BookingProgram {
    static let settings = SettingsTable(
        program: "muster-booking",
        settings: [
            Setting(
                "redis", "host and port, or socket path, of the Redis that has the events", .text,
                default: "127.0.0.1:7479", scope: .cluster),
            .redisUser, .redisPasswordFile, .redisCAFile, .redisServerName, .redisCertificateFile, .redisKeyFile,
            Setting(
                "group", "the consumer group; all processes of one group share the work", .text, default: "booking"),
            Setting(
                "name", "this member of the group; no other's, and the same after a restart", .text, default: "one"),
            Setting("data", "folder in which it remembers what was booked", .path, default: ".muster/booking/data"),
            Setting(
                "webhook", "http://HOST:PORT/PATH that books; empty: every request counts as booked", .text),
            Setting(
                "webhook-timeout", "how long one attempt may take", .integer(10...600_000), default: "5000",
                unit: "milliseconds"),
            Setting("attempts", "attempts before an entry is left for later", .integer(1...100), default: "4"),
            Setting(
                "claim-after", "how long another member may keep an entry before it is taken over",
                .integer(100...86_400_000), default: "60000", unit: "milliseconds"),
            Setting(
                "book-on", "the event that asks for a booking", .choice(["booking.requested", "seed.created"]),
                default: "booking.requested"),
            Setting(
                "log-level", "the least grave events that are logged", .choice(["debug", "info", "warn", "error"]),
                default: "info"),
        ])

    static func main() {
        Program.run(
            settings, arguments: CommandLine.arguments, environment: ProcessInfo.processInfo.environment,
            build: "1"
        ) { settings in
            let stop = Program.stopFlag {}
            let bookings = try Bookings(directory: settings.text("data"))
            let webhook =
                try settings.text("webhook").isEmpty
                ? nil : Webhook(settings.text("webhook"), milliseconds: settings.integer("webhook-timeout"))
            let consumer = BookingConsumer(
                redis: RedisConsumer(
                    address: settings.text("redis"), login: try RedisLogin(settings), group: settings.text("group"),
                    consumer: settings.text("name")),
                bookings: bookings, webhook: webhook, attempts: settings.integer("attempts"),
                claimMilliseconds: settings.integer("claim-after"), wanted: "muster.\(settings.text("book-on")).v1")
            consumer.run(until: stop)
            bookings.close()
        }
    }
}
