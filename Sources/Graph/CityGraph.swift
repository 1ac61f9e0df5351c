// One city as flat arrays: people, places, and three relations between them in compressed rows (CSR).
//
// A vertex is a local number: people count from 0 with the residents first, places count from 0. Everything
// about vertex v stands at row v of some array, everything about its edges between two offsets. Models,
// samplers and cascades read these arrays directly.
//
// The last visits of every resident are held out: they appear in no edge, no share, no popularity and no
// derived preference, only in `heldOutPlaces`, where evaluation finds what it must predict.
//
// A visit takes 10 bytes in both directions together, 12 or 14 where times spent are known: its place, its packed
// signals, and by place its number; who made it follows from the number (`PlaceVisitors`).
//
// Immutable, so that any number of threads may read. Not here: changes since the build (`GraphDelta`, folded into a
// new graph that takes the place of the old one).

package import Basics

/// One city's people, places, friendships and training visits, ready to compute on.
package final class CityGraph: Sendable {
    package let city: CityID
    /// Residents (home is this city) ascending, then the halo (home elsewhere) ascending.
    package let people: [PersonID]
    /// `people[0..<residents]` live here.
    package let residents: Int
    /// Ascending.
    package let places: [PlaceID]

    /// Friends of person p are at `socialOffsets[p]..<socialOffsets[p + 1]`; every friendship stands in both rows.
    package let socialOffsets: [UInt32]
    /// Local person at the other end, ascending within a row.
    package let socialNeighbors: [UInt32]
    /// [edges, 3], see `FriendshipColumns`.
    package let socialFeatures: [Float]

    /// Friend label l is of the local people `labelPairs[2 * l]` and `labelPairs[2 * l + 1]`, the lower one first and
    /// a resident; pairs are ascending.
    package let labelPairs: [UInt32]
    /// What each friend label says.
    package let labelOutcomes: [FriendOutcome]

    /// Training visits of person p are at `visitOffsets[p]..<visitOffsets[p + 1]`, earliest first.
    package let visitOffsets: [UInt32]
    /// Local place of each training visit.
    package let visitPlaces: [UInt32]
    /// Signals of each training visit.
    package let visitSignals: VisitSignalColumn

    /// The same visits by place: those of place q are at `placeOffsets[q]..<placeOffsets[q + 1]`.
    package let placeOffsets: [UInt32]
    /// Index of each in the person-major arrays, ascending within a row.
    package let placeEdges: [UInt32]

    /// Held-out places of resident p are at `heldOutOffsets[p]..<heldOutOffsets[p + 1]`; residents + 1 entries.
    package let heldOutOffsets: [UInt32]
    /// Distinct places, ascending within a row, that the resident visited in the held-out part only.
    package let heldOutPlaces: [UInt32]

    /// [people, 148], see `PersonColumns`.
    package let personFeatures: [Float]
    /// Whether a person's tastes are stated; where not, those columns of `personFeatures` tell of their visits, and a
    /// model that is to predict visits must not read them.
    package let statesTaste: [Bool]
    /// Where people say they are found.
    package let statedAreas: StatedAreas
    /// [places, 114], see `PlaceColumns`.
    package let placeFeatures: [Float]
    /// [people, 6]: share of the person's training visits in each time slot; sums to 1, or all 0 without visits.
    package let personSlots: [Float]
    /// [places, 6]: share of the place's training visits in each time slot; sums to 1, or all 0 without visits.
    package let placeSlots: [Float]

    /// What was handed in and could not be placed.
    package let skipped: SkippedRecords
    /// Of every resident's visits, the share that is held out.
    package let heldOutShare: Double
    /// [people, 2]: when each person's first and last training visit took place; what a fold needs of times.
    let visitSpans: [Int64]
    private let owners: EdgeOwners

    private let personIndex: LocalIndex
    private let placeIndex: LocalIndex

    init(
        city: CityID, people: [PersonID], residents: Int, places: [PlaceID],
        social: SocialEdges, labels: FriendLabels, visits: VisitEdges, features: CityFeatures,
        skipped: SkippedRecords, heldOutShare: Double = heldOutShareUsual
    ) {
        self.city = city
        self.people = people
        self.residents = residents
        self.places = places
        socialOffsets = social.offsets
        socialNeighbors = social.neighbors
        socialFeatures = social.features
        labelPairs = labels.pairs
        labelOutcomes = labels.outcomes
        visitOffsets = visits.offsets
        visitPlaces = visits.places
        visitSignals = visits.signals
        placeOffsets = visits.placeOffsets
        placeEdges = visits.placeEdges
        heldOutOffsets = visits.heldOutOffsets
        heldOutPlaces = visits.heldOutPlaces
        personFeatures = features.people
        statesTaste = features.statesTaste
        statedAreas = features.statedAreas
        placeFeatures = features.places
        personSlots = features.personSlots
        placeSlots = features.placeSlots
        self.skipped = skipped
        self.heldOutShare = heldOutShare
        visitSpans = visits.spans
        owners = EdgeOwners(offsets: visits.offsets)
        personIndex = LocalIndex(people.map(\.number))
        placeIndex = LocalIndex(places.map(\.number))
    }

    /// The local number of a person, resident or halo; nil for a stranger. O(1).
    package func localPerson(_ person: PersonID) -> UInt32? { personIndex.position(of: person.number) }

    /// Where a local person lives.
    package func home(of person: UInt32) -> CityID {
        CityID(UInt32(personFeatures[Int(person) * PersonColumns.count + PersonColumns.city]))
    }

    /// When a local person's last training visit took place, milliseconds since 1970; 0 without visits.
    package func lastTrainingTime(of person: UInt32) -> Int64 { visitSpans[2 * Int(person) + 1] }

    /// The local number of a place; nil when it is not of this city. O(1).
    package func localPlace(_ place: PlaceID) -> UInt32? { placeIndex.position(of: place.number) }

    /// Where the friends of a local person stand in the social arrays.
    package func friends(of person: UInt32) -> Range<Int> { Self.row(socialOffsets, person) }

    /// Where the training visits of a local person stand in the visit arrays.
    package func visits(of person: UInt32) -> Range<Int> { Self.row(visitOffsets, person) }

    /// Where the training visits to a local place stand in the place-major arrays.
    package func visitors(of place: UInt32) -> Range<Int> { Self.row(placeOffsets, place) }

    /// Local person of each visit in the place-major arrays, ascending within a row.
    package var placeVisitors: PlaceVisitors {
        PlaceVisitors(owners: owners, visitOffsets: visitOffsets, edges: placeEdges)
    }

    /// Where the held-out places of a resident stand in `heldOutPlaces`.
    package func heldOut(of resident: UInt32) -> Range<Int> { Self.row(heldOutOffsets, resident) }

    /// The memory that its arrays occupy.
    package var bytes: Int {
        let features = [socialFeatures, personFeatures, placeFeatures, personSlots, placeSlots]
        return visitBytes + 4 * (socialOffsets.count + socialNeighbors.count + labelPairs.count) + labelOutcomes.count
            + 4 * (heldOutOffsets.count + heldOutPlaces.count) + features.reduce(0) { $0 + 4 * $1.count }
            + 8 * (people.count + places.count + visitSpans.count) + statedAreas.bytes
            + personIndex.bytes + placeIndex.bytes
    }

    /// The part of `bytes` that the visits take, in both directions, offsets included.
    package var visitBytes: Int {
        4 * (visitOffsets.count + visitPlaces.count + placeOffsets.count + placeEdges.count)
            + visitSignals.bytes + owners.bytes
    }

    private static func row(_ offsets: [UInt32], _ vertex: UInt32) -> Range<Int> {
        Int(offsets[Int(vertex)])..<Int(offsets[Int(vertex) + 1])
    }
}

/// Rows that named a vertex this city does not have, by kind. They are left out of the graph.
package struct SkippedRecords: Sendable, Equatable {
    /// Visits whose person or place is missing.
    package var visits = 0
    /// Friendships with a missing end, or of a person with itself.
    package var friendships = 0
    /// Places of another city.
    package var places = 0
    /// Friend labels with a missing end, of a person with itself, or of two people who live elsewhere.
    package var friendLabels = 0
}
