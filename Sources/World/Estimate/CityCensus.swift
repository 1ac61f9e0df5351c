// What a city will hold, before it holds anything: numbers of rows, and the few facts about their shape that bytes
// depend on. A census is either counted from all rows or extrapolated from some of them, so its numbers have
// fractions. What they cost in memory and on disk is for the modules to say that keep them: Graph and Store.

/// The expected contents of one city.
package struct CityCensus: Equatable, Sendable {
    package let name: String
    /// People who live here.
    package var people = 0.0
    /// Copies of people who live elsewhere.
    package var halo = 0.0
    package var places = 0.0
    package var visits = 0.0
    /// Friendships and friend labels with at least one end here.
    package var friendships = 0.0
    package var friendLabels = 0.0
    package var gatherings = 0.0

    /// Bytes of one record in its own encoding, on average.
    package var personBytes = 0.0
    package var placeBytes = 0.0
    package var gatheringBytes = 0.0
    package var visitShape = VisitShape()

    package init(name: String) { self.name = name }

    /// Rows as they are sent.
    package var rows: Double { people + halo + places + visits + friendships + friendLabels + gatherings }
}

/// What visits of a city have in common.
package struct VisitShape: Equatable, Sendable {
    /// Share of the visits that people made who live here.
    package var residentShare = 1.0
    /// Share of the visits with time spent, likes, saves or shares.
    package var signalShare = 0.0
    /// Whether any visit has a time spent, and whether any is not a whole number of seconds.
    package var hasSeconds = false
    package var hasFractions = false
    /// How many bytes from its beginning a visit's key has in common with the key before it, on average, where a key
    /// is person, place and time in eight bytes each, and keys are sorted.
    package var sharedKeyBytes = 0.0

    package init() {}
}

/// All cities of a data set.
package struct WorldCensus: Sendable {
    /// In the order in which the data set names them.
    package var cities: [CityCensus] = []
    /// CPU seconds that reading all rows as records takes on one core of this machine.
    package var readSeconds = 0.0
    /// CPU seconds that encoding all rows into blocks, and decoding and judging them again, takes on one core.
    package var codecSeconds = 0.0
    /// Whether rows were counted one by one; else some of them stand for all.
    package var isExact = true

    package init() {}

    /// Rows as they are sent.
    package var rows: Double { cities.reduce(0) { $0 + $1.rows } }
}
