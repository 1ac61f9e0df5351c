// Plan seeds: the questions Muster is there to answer. Planning is a job over cities; reading seeds is one request to
// the city's owner.

package import Basics

/// Command to coordinator: make plan seeds. Answer: `JobAccepted`.
package struct StartPlanning: Body {
    package static let kind = Kind.startPlanning
    /// Empty: all cities.
    package var cities: [CityID]
    /// How many seeds a city may have at most.
    package var seedsPerCity: UInt32
    /// All randomness of the work follows from it.
    package var seed: UInt64
    package var origin: InfluenceOrigin

    package init(cities: [CityID], seedsPerCity: UInt32, seed: UInt64, origin: InfluenceOrigin = .weightedCascade) {
        self.cities = cities
        self.seedsPerCity = seedsPerCity
        self.seed = seed
        self.origin = origin
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        cities = try reader.getIdentifiers()
        seedsPerCity = try reader.get()
        seed = try reader.get()
        origin = try InfluenceOrigin(from: &reader)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(identifiers: cities)
        writer.put(seedsPerCity)
        writer.put(seed)
        writer.put(origin)
    }
}

/// Coordinator to worker: plan the header's city. Answer: `Planned`. The same request again makes no seed twice.
package struct PlanCity: Body {
    package static let kind = Kind.planCity
    /// The job it belongs to.
    package var job: JobID
    /// How many seeds a city may have at most.
    package var seedsPerCity: UInt32
    /// All randomness of the work follows from it.
    package var seed: UInt64
    package var origin: InfluenceOrigin

    package init(job: JobID, seedsPerCity: UInt32, seed: UInt64, origin: InfluenceOrigin = .weightedCascade) {
        self.job = job
        self.seedsPerCity = seedsPerCity
        self.seed = seed
        self.origin = origin
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        seedsPerCity = try reader.get()
        seed = try reader.get()
        origin = try InfluenceOrigin(from: &reader)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(seedsPerCity)
        writer.put(seed)
        writer.put(origin)
    }
}

/// Worker to coordinator: the header's city is planned.
package struct Planned: Body {
    package static let kind = Kind.planned
    /// The job it belongs to.
    package var job: JobID
    /// Seeds the plan has.
    package var seeds: UInt32
    /// Those of them that are new and have become events.
    package var created: UInt32

    package init(job: JobID, seeds: UInt32, created: UInt32) {
        self.job = job
        self.seeds = seeds
        self.created = created
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        seeds = try reader.get()
        created = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(seeds)
        writer.put(created)
    }
}

/// Command to the header's city's owner: its best seeds. Answer: `Seeds`.
package struct SeedsRequest: Body {
    package static let kind = Kind.seedsRequest
    /// How many at most.
    package var count: UInt32

    package init(count: UInt32) { self.count = count }

    package init(from reader: inout ByteReader) throws(ByteError) { count = try reader.get() }

    package func encode(into writer: inout ByteWriter) { writer.put(count) }
}

/// One plan seed.
package struct SeedRow: Part {
    /// The same proposal has the same name.
    package var id: SeedID
    /// Where it will be.
    package var city: CityID
    /// A place of the city.
    package var venue: PlaceID
    /// Two or three.
    package var starters: [PersonID]
    /// The name of its time slot: morning, afternoon, evening, night, weekend_day or weekend_night.
    package var slot: String
    /// Probability that the starters go.
    package var conversion: Double
    /// People.
    package var expectedTurnout: Double
    /// What seeds are ranked by; comparable within a city.
    package var score: Double
    /// Whom to ask, best first.
    package var invites: [PersonID]

    package init(
        id: SeedID, city: CityID, venue: PlaceID, starters: [PersonID], slot: String, conversion: Double,
        expectedTurnout: Double, score: Double, invites: [PersonID]
    ) {
        self.id = id
        self.city = city
        self.venue = venue
        self.starters = starters
        self.slot = slot
        self.conversion = conversion
        self.expectedTurnout = expectedTurnout
        self.score = score
        self.invites = invites
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        id = try reader.getIdentifier()
        city = try reader.getIdentifier()
        venue = try reader.getIdentifier()
        starters = try reader.getIdentifiers()
        slot = try reader.getName()
        conversion = try reader.getDouble()
        expectedTurnout = try reader.getDouble()
        score = try reader.getDouble()
        invites = try reader.getIdentifiers()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(id)
        writer.put(city)
        writer.put(venue)
        writer.put(identifiers: starters)
        writer.put(slot)
        writer.put(conversion)
        writer.put(expectedTurnout)
        writer.put(score)
        writer.put(identifiers: invites)
    }
}

/// Worker to command: the city's seeds, best first.
package struct Seeds: Body {
    package static let kind = Kind.seeds
    /// Best first.
    package var seeds: [SeedRow]

    package init(seeds: [SeedRow]) { self.seeds = seeds }

    package init(from reader: inout ByteReader) throws(ByteError) { seeds = try reader.getList(smallest: 56) }

    package func encode(into writer: inout ByteWriter) { writer.put(list: seeds) }
}
