import Basics
import Wire
import World

// Rows on their way to the workers: collected into blocks by city, a bounded number of blocks under way at once. A
// block counts when its worker has it on disk. One that is not answered, or whose city has no home just now, is sent
// again; since a row names itself, sending twice stores once.

struct BlockSender {
    struct Totals {
        var new = 0
        var known = 0
        var refused = 0
        var rows: Int { new + known + refused }
    }

    private struct Flight {
        var envelope: Envelope
        var rows: Int
        var firstSent: Double
        var sendAgainAt: Double
    }

    private static let rowsPerBlock = 4096
    private static let flightsMax = 24
    private static let patienceSeconds = 60.0
    private static let resendSeconds = 10.0

    private let session: Session
    private let cities: [CityID: CityRow]
    private var waiting: [CityID: [Record]] = [:]
    private var flights: [RequestID: Flight] = [:]
    private(set) var totals = Totals()
    /// Called for each row a worker refused, with the city's name and the reason.
    private let refused: (String, String) throws -> Void

    init(session: Session, cities: [CityRow], refused: @escaping (String, String) throws -> Void) {
        self.session = session
        self.cities = Dictionary(uniqueKeysWithValues: cities.map { ($0.city, $0) })
        self.refused = refused
    }

    mutating func add(_ record: Record, to city: CityID) throws {
        waiting[city, default: []].append(record)
        if waiting[city, default: []].count >= Self.rowsPerBlock { try launch(city) }
    }

    /// Sends what is left and waits until everything is acknowledged.
    mutating func finish() throws {
        for city in waiting.keys.sorted() { try launch(city) }
        while !flights.isEmpty { try land(milliseconds: 100) }
    }

    private mutating func launch(_ city: CityID) throws {
        guard let records = waiting.removeValue(forKey: city), !records.isEmpty else { return }
        while flights.count >= Self.flightsMax { try land(milliseconds: 100) }
        let envelope = Envelope(
            ImportBlock(), request: session.nextRequest(), city: city,
            deadlineMilliseconds: UInt32(Self.resendSeconds * 1000),
            bulk: [RecordBlock(city: city, records: records).encoded()])
        let now = monotonicSeconds()
        flights[envelope.request] = Flight(
            envelope: envelope, rows: records.count, firstSent: now, sendAgainAt: now + Self.resendSeconds)
        try session.send(envelope)
        while try land(milliseconds: 0) {}
    }

    /// Takes one answer, if one is there in time, and sends again what is due.
    @discardableResult
    private mutating func land(milliseconds: Int) throws -> Bool {
        let answer = try session.receive(milliseconds: milliseconds)
        if let answer, let flight = flights[answer.request] { try take(answer, flight) }
        try sendAgain()
        return answer != nil
    }

    private mutating func take(_ answer: Envelope, _ flight: Flight) throws {
        // Answers need not name their city; what they answer does.
        let city = name(of: flight)
        if answer.kind == .failure {
            let failure = try answer.decode(Failure.self)
            guard failure.code.isWorthRetrying else { throw CommandError("\(city): \(failure.detail)") }
            if monotonicSeconds() - flight.firstSent > Self.patienceSeconds { throw givenUp(city, failure.detail) }
            flights[answer.request]?.sendAgainAt = monotonicSeconds() + 0.25
            return
        }
        let outcome = try answer.decode(Imported.self)
        flights[answer.request] = nil
        totals.new += Int(outcome.new)
        totals.known += Int(outcome.known)
        totals.refused += outcome.rejects.count
        for reject in outcome.rejects { try refused(city, reject.reason) }
    }

    private mutating func sendAgain() throws {
        let now = monotonicSeconds()
        for (request, flight) in flights where flight.sendAgainAt <= now {
            if now - flight.firstSent > Self.patienceSeconds {
                throw givenUp(name(of: flight), "no answer")
            }
            flights[request]?.sendAgainAt = now + Self.resendSeconds
            try session.send(flight.envelope)
        }
    }

    private func name(of flight: Flight) -> String { flight.envelope.city.flatMap { cities[$0]?.name } ?? "?" }

    private func givenUp(_ city: String, _ reason: String) -> CommandError {
        CommandError(
            "\(city) took no rows for \(Int(Self.patienceSeconds)) s: \(reason). \(grouped(totals.rows)) rows are "
                + "stored and safe; muster status shows which worker is missing, and importing again loads the rest")
    }
}
