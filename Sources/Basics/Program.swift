import Glibc

/// The frame of a program that runs until it is asked to stop: settings, log, words nobody knows, faults, exit codes.
///
/// Exit codes: 0 stopped when asked, 1 a fault, 2 settings that cannot be used, 128 + signal when asked to stop twice.
package enum Program {
    /// Calls `body` with the settings decided and the log started.
    package static func run(
        _ table: SettingsTable, arguments: [String], environment: [String: String], build: String,
        _ body: (Settings) throws -> Void
    ) {
        do {
            let settings = try table.load(arguments: Array(arguments.dropFirst()), environment: environment)
            if settings.asksForHelp { return complain(table.usage) }
            if let word = settings.rest.first {
                complain("\(table.program): '\(word)' is one word too many; --help shows the settings")
                exit(2)
            }
            Log.start(program: table.program, level: Log.Level(rawValue: settings.text("log-level")) ?? .info)
            Log.info("starting", ["build": build, "settings": settings.describe()])
            try body(settings)
            Log.info("stopped")
        } catch {
            complain("\(table.program): \(error)")
            exit(error is SettingsError ? 2 : 1)
        }
    }

    /// The flag that the first SIGTERM or SIGINT raises, after which `wake` is called; the second one ends the process.
    package static func stopFlag(wake: @escaping @Sendable () -> Void) -> StopFlag {
        let stop = StopFlag()
        onTermination { signal in
            Log.info("asked to stop", ["signal": signal])
            if !stop.raise() { exit(128 + signal) }
            wake()
        }
        return stop
    }
}
