// The feature matrices of a city. What a record states is encoded as stated; what it leaves open is derived
// from the training visits, and from nothing else: a held-out visit that leaked into a preference or a
// popularity would make every measured recall a lie.

import Basics
import Glibc
package import World

/// Features and time shares of all vertices of a city.
struct CityFeatures {
    /// [people, 148]
    let people: [Float]
    /// [places, 114]
    let places: [Float]
    /// Whether each person's record says what they like; what others like is derived from their visits.
    let statesTaste: [Bool]
    /// [people, 6]
    let personSlots: [Float]
    /// [places, 6]
    let placeSlots: [Float]

    init(people: [Person], places: [Place], visits: VisitEdges, areas: PersonAreas, pool: ComputePool) {
        self.places = placeFeatures(places, visits: visits, pool: pool)
        self.people = personFeatures(
            people, visits: visits, areas: areas, placeFeatures: self.places, pool: pool)
        statesTaste = people.map(\.statesTaste)
        personSlots = Self.personSlots(visits, pool: pool)
        placeSlots = Self.placeSlots(visits, pool: pool)
    }

    /// [people, 6]: of the person's training visits, the share in each time slot.
    private static func personSlots(_ visits: VisitEdges, pool: ComputePool) -> [Float] {
        let (offsets, packed) = (visits.offsets, visits.signals.packedParts)
        var shares = [Float](repeating: 0, count: (offsets.count - 1) * TimeSlot.count)
        pool.forEachRow(of: &shares, columns: TimeSlot.count) { person, row in
            let edges = Int(offsets[person])..<Int(offsets[person + 1])
            if edges.isEmpty { return }
            for edge in edges { row[Int(VisitSignals(packed: packed[edge], seconds: 0).slot)] += 1 }
            for slot in 0..<TimeSlot.count { row[slot] /= Float(edges.count) }
        }
        return shares
    }

    /// [places, 6], likewise by place.
    private static func placeSlots(_ visits: VisitEdges, pool: ComputePool) -> [Float] {
        let (offsets, tallies) = (visits.placeOffsets, visits.tallies)
        var shares = [Float](repeating: 0, count: (offsets.count - 1) * TimeSlot.count)
        pool.forEachRow(of: &shares, columns: TimeSlot.count) { place, row in
            let count = offsets[place + 1] - offsets[place]
            if count == 0 { return }
            for slot in PlaceTally.slots {
                row[slot] = Float(tallies[place * PlaceTally.count + slot]) / Float(count)
            }
        }
        return shares
    }
}

/// [places, 114]. Popularity that is not stated is counted: visits relative to the mean place, visits per day of
/// the time that the training visits span (one day at least), and the share of visits that were attended.
private func placeFeatures(_ places: [Place], visits: VisitEdges, pool: ComputePool) -> [Float] {
    var features = pool.zeros(places.count * PlaceColumns.count, of: Float.self)
    let mean = Float(visits.places.count) / Float(max(places.count, 1))
    let days = visits.spanInDays
    pool.forEachRow(of: &features, columns: PlaceColumns.count) { number, row in
        let place = places[number]
        write(
            place, place.popularity ?? countedPopularity(of: number, visits: visits, mean: mean, days: days), to: &row)
    }
    return features
}

/// What a place's record states, and how sought-after it is.
private func write(_ place: Place, _ popularity: PlacePopularity, to row: inout MutableSpan<Float>) {
    row[PlaceColumns.city] = Float(place.city.number)
    row[PlaceColumns.neighborhood] = Float(place.neighborhood)
    write(place.categories, to: PlaceColumns.categories, of: &row)
    write(place.fineTags, to: PlaceColumns.fineTags, of: &row)
    row[PlaceColumns.priceBand] = Float(place.priceBand)
    row[PlaceColumns.typicalSlot] = Float(place.typicalSlot)
    let first = PlaceColumns.popularity.lowerBound
    row[first] = log1pf(popularity.base) / 5
    row[first + 1] = log1pf(popularity.dailyVisits) / 5
    row[first + 2] = popularity.conversionRate
    row[first + 3] = popularity.novelty
}

/// The features of a place that nobody has visited yet.
package func featuresUnvisited(_ place: Place) -> [Float] {
    var features = [Float](repeating: 0, count: PlaceColumns.count)
    let nobody = PlacePopularity(
        base: 0, dailyVisits: 0, conversionRate: 0, novelty: PlacePopularity.novelty(ofBase: 0))
    var row = features.mutableSpan
    write(place, place.popularity ?? nobody, to: &row)
    return features
}

/// The features of a person of whom nothing but the record is known.
package func featuresStated(by person: Person) -> [Float] {
    var features = [Float](repeating: 0, count: PersonColumns.count)
    let areas = person.areaFrequencies.map(\.weight).sorted(by: >).prefix(PersonColumns.areas.count)
    var row = features.mutableSpan
    write(person, areas: Array(areas), to: &row)
    return features
}

/// What a person's record states; tastes that it leaves open stay as they are.
private func write(_ person: Person, areas: [Float], to row: inout MutableSpan<Float>) {
    row[PersonColumns.city] = Float(person.homeCity.number)
    row[PersonColumns.neighborhood] = Float(person.homeNeighborhood)
    write(person.categoryPreference, to: PersonColumns.categories, of: &row)
    write(person.finePreference, to: PersonColumns.fineTags, of: &row)
    write(person.vibePreference, to: PersonColumns.vibes, of: &row)
    for (rank, weight) in areas.enumerated() { row[PersonColumns.areas.lowerBound + rank] = weight }
    let behavior = [
        person.sessionsPerWeek / 10, person.viewsPerSession / 100, person.likesPerSession / 10,
        person.savesPerSession / 10, person.attendsPerMonth / 20,
    ]
    write(behavior.map { min($0, 1) }, to: PersonColumns.behavior, of: &row)
}

/// What the training visits say of a place. The specification's novelty, 1 / (1 + log(base)), is infinite at
/// base 1/e and negative below; `PlacePopularity.novelty(ofBase:)` stays above 0 and at most 1 for any base.
private func countedPopularity(of place: Int, visits: VisitEdges, mean: Float, days: Float) -> PlacePopularity {
    let edges = Int(visits.placeOffsets[place])..<Int(visits.placeOffsets[place + 1])
    let attended = visits.tallies[place * PlaceTally.count + PlaceTally.attended]
    let base = mean > 0 ? Float(edges.count) / mean : 0
    return PlacePopularity(
        base: base, dailyVisits: Float(edges.count) / days,
        conversionRate: edges.isEmpty ? 0 : Float(attended) / Float(edges.count),
        novelty: PlacePopularity.novelty(ofBase: base))
}

/// [people, 148]. Category and fine-tag preferences that are not stated are the shares of the visited places'
/// categories and fine tags; vibes and behavior cannot be told from visits and stay 0.
private func personFeatures(
    _ people: [Person], visits: VisitEdges, areas: PersonAreas, placeFeatures: [Float], pool: ComputePool
) -> [Float] {
    var features = pool.zeros(people.count * PersonColumns.count, of: Float.self)
    pool.forEachRow(of: &features, columns: PersonColumns.count) { number, row in
        let person = people[number]
        if !person.statesTaste {
            let edges = Int(visits.offsets[number])..<Int(visits.offsets[number + 1])
            addTastes(of: visits.places.span.extracting(edges), placeFeatures: placeFeatures.span, to: &row)
            normalize(PersonColumns.categories, of: &row)
            normalize(PersonColumns.fineTags, of: &row)
        }
        write(person, areas: areas.largestWeights(of: number, count: PersonColumns.areas.count), to: &row)
    }
    return features
}

extension Person {
    fileprivate var statesTaste: Bool { !categoryPreference.isEmpty && !finePreference.isEmpty }
}

/// Adds the category and fine-tag columns of places, which both kinds of vertices have in the same columns.
private func addTastes(of places: Span<UInt32>, placeFeatures: Span<Float>, to row: inout MutableSpan<Float>) {
    let columns = PersonColumns.categories.lowerBound..<PersonColumns.fineTags.upperBound
    for index in places.indices {
        let start = Int(places[index]) * PlaceColumns.count
        let place = placeFeatures.extracting(start..<start + PlaceColumns.count)
        for column in columns { row[column] += place[column] }
    }
}

/// Divides columns by their sum; leaves them when that is zero.
private func normalize(_ columns: Range<Int>, of row: inout MutableSpan<Float>) {
    var sum: Float = 0
    for column in columns { sum += row[column] }
    if sum <= 0 { return }
    for column in columns { row[column] /= sum }
}

/// Writes a stated vector over its columns; an empty one says nothing.
private func write(_ values: [Float], to columns: Range<Int>, of row: inout MutableSpan<Float>) {
    if values.isEmpty { return }
    precondition(values.count == columns.count, "a vector of \(values.count) entries for \(columns.count) columns")
    for (index, value) in values.enumerated() { row[columns.lowerBound + index] = value }
}
