import Basics
import Store

// An export reads a city page by page, table by table, and must see one moment of it. So the first page of an export
// holds that moment, under a number that later pages name. Few are kept, and none for long: an asker that went away
// does not say so.

/// The moments of one city that exports are reading.
struct ExportSnapshots {
    /// A moment, and the city's model at that time once it was asked for.
    struct Moment {
        let number: UInt64
        let rows: StoreSnapshot
        var model: CityModel?
        var usedAt: Double
    }

    /// More exports of one city than this at a time, and the one that has waited longest must begin again.
    static let countMax = 8
    /// A moment that nobody asked for in this time is given up.
    static let idleSeconds = 600.0

    private var moments: [Moment] = []
    /// Differs between two lives of a worker, so that a number of the former life finds nothing.
    private var random: SeededRandom

    init(city: CityID) {
        random = SeededRandom(seed: UInt64(monotonicSeconds() * 1e9)).child("exports", UInt64(city.number))
    }

    /// Keeps a new moment and returns its number.
    mutating func begin(_ rows: StoreSnapshot, at now: Double) -> UInt64 {
        drop(idleAt: now)
        if moments.count >= Self.countMax,
            let oldest = moments.indices.min(by: { moments[$0].usedAt < moments[$1].usedAt })
        {
            moments.remove(at: oldest)
        }
        let number = max(1, random.next())
        moments.append(Moment(number: number, rows: rows, usedAt: now))
        return number
    }

    /// The moment of a number; nil when it is not kept any more.
    mutating func moment(_ number: UInt64, at now: Double) -> Moment? {
        guard let index = moments.firstIndex(where: { $0.number == number }) else { return nil }
        moments[index].usedAt = now
        return moments[index]
    }

    /// Keeps the model beside the moment it was read from.
    mutating func keep(_ model: CityModel, of number: UInt64) {
        for index in moments.indices where moments[index].number == number { moments[index].model = model }
    }

    /// Gives up what nobody has asked for lately.
    mutating func drop(idleAt now: Double) {
        if !moments.isEmpty { moments.removeAll { now - $0.usedAt > Self.idleSeconds } }
    }

    /// Gives up everything: the store closes.
    mutating func dropAll() { moments = [] }
}
