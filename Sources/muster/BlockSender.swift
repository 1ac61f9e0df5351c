import Basics
import Wire
import World

// Rows on their way to the workers: gathered as they come in blocks by city, a bounded number of bytes under way at
// once, so that the reader of the data waits for the disks of the workers. A block counts when its worker has it on
// disk. One that is not answered, or whose city has no home just now, is sent again; since a row names itself, sending
// twice stores once.

struct BlockSender {
    struct Totals {
        var new = 0
        var known = 0
        var refused = 0
        var rows: Int { new + known + refused }
    }

    private struct Flight {
        var envelope: Envelope
        var bytes: Int
        var firstSent: Double
        var sendAgainAt: Double
    }

    /// A few blocks for each worker: while one is stored, the next ones are already there.
    private static let flightBytesMax = 48 << 20
    private static let patienceSeconds = 60.0
    private static let resendSeconds = 10.0

    private let session: Session
    private let cities: [CityID: CityRow]
    private var writers: [RecordBlockWriter] = []
    /// Where in `writers` a city's is, by city number; none yet: -1.
    private var writerOfCity: [Int32] = []
    private var flights: [RequestID: Flight] = [:]
    private var flightBytes = 0
    private(set) var totals = Totals()
    /// Called for each row a worker refused, with the city's name and the reason.
    private let refused: (String, String) throws -> Void

    init(session: Session, cities: [CityRow], refused: @escaping (String, String) throws -> Void) {
        self.session = session
        self.cities = Dictionary(uniqueKeysWithValues: cities.map { ($0.city, $0) })
        self.refused = refused
    }

    mutating func add(_ rows: EncodedRows) throws {
        let number = Int(rows.city.number)
        if number >= writerOfCity.count || writerOfCity[number] < 0 { addWriter(for: rows.city) }
        let index = Int(writerOfCity[number])
        writers[index].append(rows)
        if writers[index].isFull { try launch(index) }
    }

    private mutating func addWriter(for city: CityID) {
        let missing = Int(city.number) + 1 - writerOfCity.count
        if missing > 0 { writerOfCity.append(contentsOf: repeatElement(-1, count: missing)) }
        writerOfCity[Int(city.number)] = Int32(writers.count)
        writers.append(RecordBlockWriter(city: city))
    }

    /// Sends what is left and waits until everything is acknowledged.
    mutating func finish() throws {
        for index in writers.indices { try launch(index) }
        while !flights.isEmpty { try land(milliseconds: 100) }
    }

    private mutating func launch(_ index: Int) throws {
        guard let block = writers[index].take() else { return }
        while !flights.isEmpty, flightBytes + block.count > Self.flightBytesMax { try land(milliseconds: 100) }
        let envelope = Envelope(
            ImportBlock(), request: session.nextRequest(), city: writers[index].city,
            deadlineMilliseconds: UInt32(Self.resendSeconds * 1000), bulk: [block])
        let now = monotonicSeconds()
        flights[envelope.request] = Flight(
            envelope: envelope, bytes: block.count, firstSent: now, sendAgainAt: now + Self.resendSeconds)
        flightBytes += block.count
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
        flightBytes -= flight.bytes
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
