import Graph

/// Who has been where in training, each pair once: the relation that positives, negatives, popularity and the
/// spectral start are about.
struct DistinctVisits: Sendable {
    /// Places of person p are at `offsets[p]..<offsets[p + 1]`.
    private(set) var offsets: [UInt32] = [0]
    /// Local places, ascending within a row.
    private(set) var places: [UInt32] = []
    /// How many distinct people visited each place.
    private(set) var visitors: [UInt32]

    /// `excluded` pairs, person << 32 | place, are left out.
    init(_ graph: CityGraph, without excluded: Set<UInt64> = []) {
        visitors = [UInt32](repeating: 0, count: graph.places.count)
        for person in 0..<UInt32(graph.people.count) {
            let row = graph.visitPlaces[graph.visits(of: person)].sorted()
            let start = places.count
            for place in row where places.count == start || places[places.count - 1] != place {
                if excluded.contains(UInt64(person) << 32 | UInt64(place)) { continue }
                places.append(place)
                visitors[Int(place)] += 1
            }
            offsets.append(UInt32(places.count))
        }
    }

    var people: Int { offsets.count - 1 }

    /// The same pairs as items of users.
    var lists: ItemLists { ItemLists(itemCount: visitors.count, offsets: offsets, items: places) }

    func row(_ person: Int) -> ArraySlice<UInt32> { places[Int(offsets[person])..<Int(offsets[person + 1])] }

    /// Bisection.
    func contains(_ person: Int, _ place: UInt32) -> Bool {
        var (low, high) = (Int(offsets[person]), Int(offsets[person + 1]))
        let end = high
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low < end && places[low] == place
    }
}
