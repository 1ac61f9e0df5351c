// Who is here and who owns what. A worker's heartbeat carries what it knows about its cities, so the
// coordinator's picture is never older than one beat; a coordinator that restarts learns everything from
// the first beats it hears.

package import Basics

/// One city as its worker sees it.
package struct CityReport: Part {
    static let bytes = 140
    /// The city it is about.
    package var city: CityID
    /// The epoch the worker holds it under.
    package var epoch: Epoch
    /// Residents; halo copies are counted apart.
    package var people: UInt64
    /// Copies of people who live elsewhere.
    package var halo: UInt64
    /// Places stored.
    package var places: UInt64
    /// Visits stored.
    package var visits: UInt64
    /// Friendships stored, each once.
    package var friendships: UInt64
    /// Friend labels stored, each once.
    package var friendLabels: UInt64
    /// Gatherings stored.
    package var gatherings: UInt64
    /// Events committed and not yet acknowledged by the stream.
    package var outboxLag: UInt64
    /// Zero: no model is live.
    package var modelVersion: ModelVersion
    /// Plan seeds stored.
    package var seeds: UInt64
    /// How long the oldest of the events has waited that the stream does not have; 0: none waits. Milliseconds.
    package var outboxWait: UInt64
    /// The same of signals that wait in the stream.
    package var signalsWait: UInt64
    /// Signals that had an effect, ever.
    package var signalsTaken: UInt64
    /// Signals that were refused, ever.
    package var signalsRefused: UInt64
    /// Refused signals that lie in the stream of dead letters.
    package var deadLetters: UInt64
    /// The share of the ten best places that the index found when it was measured; below 0: there is none.
    package var indexRecall: Double

    package init(
        city: CityID, epoch: Epoch, people: UInt64 = 0, halo: UInt64 = 0, places: UInt64 = 0, visits: UInt64 = 0,
        friendships: UInt64 = 0, friendLabels: UInt64 = 0, gatherings: UInt64 = 0, outboxLag: UInt64 = 0,
        modelVersion: ModelVersion = ModelVersion(0), seeds: UInt64 = 0, outboxWait: UInt64 = 0,
        signalsWait: UInt64 = 0, signalsTaken: UInt64 = 0, signalsRefused: UInt64 = 0, deadLetters: UInt64 = 0,
        indexRecall: Double = -1
    ) {
        self.city = city
        self.epoch = epoch
        self.people = people
        self.halo = halo
        self.places = places
        self.visits = visits
        self.friendships = friendships
        self.friendLabels = friendLabels
        self.gatherings = gatherings
        self.outboxLag = outboxLag
        self.modelVersion = modelVersion
        self.seeds = seeds
        self.outboxWait = outboxWait
        self.signalsWait = signalsWait
        self.signalsTaken = signalsTaken
        self.signalsRefused = signalsRefused
        self.deadLetters = deadLetters
        self.indexRecall = indexRecall
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        city = try reader.getIdentifier()
        epoch = try reader.getIdentifier()
        people = try reader.get()
        halo = try reader.get()
        places = try reader.get()
        visits = try reader.get()
        friendships = try reader.get()
        friendLabels = try reader.get()
        gatherings = try reader.get()
        outboxLag = try reader.get()
        modelVersion = try reader.getIdentifier()
        seeds = try reader.get()
        outboxWait = try reader.get()
        signalsWait = try reader.get()
        signalsTaken = try reader.get()
        signalsRefused = try reader.get()
        deadLetters = try reader.get()
        indexRecall = try reader.getDouble()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(city)
        writer.put(epoch)
        writer.put(people)
        writer.put(halo)
        writer.put(places)
        writer.put(visits)
        writer.put(friendships)
        writer.put(friendLabels)
        writer.put(gatherings)
        writer.put(outboxLag)
        writer.put(modelVersion)
        writer.put(seeds)
        writer.put(outboxWait)
        writer.put(signalsWait)
        writer.put(signalsTaken)
        writer.put(signalsRefused)
        writer.put(deadLetters)
        writer.put(indexRecall)
    }
}

/// Worker to coordinator, once per heartbeat interval. Answer: `HeartbeatAnswer`.
package struct Heartbeat: Body {
    package static let kind = Kind.heartbeat
    /// Where other workers reach it.
    package var door: Door
    /// The number of the newest `PeerTable` it has; 0: none.
    package var peers: UInt64
    /// Every city the worker holds open.
    package var cities: [CityReport]

    package init(door: Door, peers: UInt64, cities: [CityReport]) {
        self.door = door
        self.peers = peers
        self.cities = cities
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        door = try Door(from: &reader)
        peers = try reader.get()
        cities = try reader.getList(smallest: CityReport.bytes)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(door)
        writer.put(peers)
        writer.put(list: cities)
    }
}

/// Coordinator to worker: it is alive and knows you. A worker it does not know gets `Refused` instead.
package struct HeartbeatAnswer: Body {
    package static let kind = Kind.heartbeatAnswer
    package init() {}
    package init(from reader: inout ByteReader) throws(ByteError) {}
    package func encode(into writer: inout ByteWriter) {}
}

/// Worker or command to coordinator: leaving on purpose. No answer.
package struct Goodbye: Body {
    package static let kind = Kind.goodbye
    package init() {}
    package init(from reader: inout ByteReader) throws(ByteError) {}
    package func encode(into writer: inout ByteWriter) {}
}

/// The ownership of one city.
package struct CityAssignment: Part {
    /// The city it is about.
    package var city: CityID
    /// Its name.
    package var name: String
    /// What the worker writes in front of every event from now on; a smaller one is fenced off.
    package var epoch: Epoch
    /// Whether it comes from another worker: then its files are those that were copied, and without them it is not
    /// opened.
    package var isArriving: Bool

    package init(city: CityID, name: String, epoch: Epoch, isArriving: Bool = false) {
        self.city = city
        self.name = name
        self.epoch = epoch
        self.isArriving = isArriving
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        city = try reader.getIdentifier()
        name = try reader.getName()
        epoch = try reader.getIdentifier()
        isArriving = try reader.getBool()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(city)
        writer.put(name)
        writer.put(epoch)
        writer.put(isArriving)
    }
}

/// Coordinator to worker: everything that is yours, not a difference. Answer: `Assigned` when all are open. A worker
/// closes nothing for it: a city that leaves is asked for by a `MoveOrder`, and one that it had closed for a move that
/// was given up is opened again.
package struct Assign: Body {
    package static let kind = Kind.assign
    /// The whole list, under the epochs that hold from now on.
    package var cities: [CityAssignment]

    package init(cities: [CityAssignment]) { self.cities = cities }

    package init(from reader: inout ByteReader) throws(ByteError) { cities = try reader.getList(smallest: 17) }

    package func encode(into writer: inout ByteWriter) { writer.put(list: cities) }
}

/// Worker to coordinator: the cities are open.
package struct Assigned: Body {
    package static let kind = Kind.assigned
    package init() {}
    package init(from reader: inout ByteReader) throws(ByteError) {}
    package func encode(into writer: inout ByteWriter) {}
}

/// Why a request was not done. The number travels.
package enum FailureCode: UInt16, CaseIterable, Sendable {
    /// Nobody here can do it now: ask again later.
    case unavailable = 1
    case unknownCity = 2
    /// A queue is full: ask again later.
    case busy = 3
    /// The asker's epoch is not the owner's.
    case staleEpoch = 4
    case badRequest = 5
    case `internal` = 6
    case deadline = 7
    case cancelled = 8
    /// The city has no trained model yet.
    case noModel = 9
    /// No city knows this person.
    case unknownPerson = 10
    /// The city has no such place.
    case unknownPlace = 11

    /// The word for logs and errors.
    package var name: String { String(describing: self) }

    /// Whether the same request may succeed later with nothing changed by the asker.
    package var isWorthRetrying: Bool { self == .unavailable || self == .busy || self == .deadline }
}

/// The answer to any request that was not done.
package struct Failure: Body {
    package static let kind = Kind.failure
    /// For programs; the detail is for people.
    package var code: FailureCode
    /// One line that names the thing, the place and the way out.
    package var detail: String

    package init(code: FailureCode, detail: String) {
        self.code = code
        self.detail = detail
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        let number = try reader.get(UInt16.self)
        guard let code = FailureCode(rawValue: number) else { throw .invalid("failure code \(number)") }
        self.code = code
        detail = try reader.getDetail()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(code.rawValue)
        writer.put(detail: detail)
    }
}
