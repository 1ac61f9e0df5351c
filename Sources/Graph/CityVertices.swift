// Who and what a city has, in the order of local numbers, with the records that features are made of.

import Basics
import World

/// The people and places of a city, numbered. Lives as long as a build.
struct CityVertices: Sendable {
    let city: CityID
    /// Residents ascending, then the halo ascending.
    let people: [Person]
    let residents: Int
    /// Ascending.
    let places: [Place]
    let personIndex: LocalIndex
    let placeIndex: LocalIndex
    /// Places of other cities, left out.
    let foreignPlaces: Int

    /// Of two records of the same person or place the later one counts.
    init(city: CityID, people: [Person], places: [Place]) {
        self.city = city
        let known = lastOfEach(people, by: \.id)
        let home = known.filter { $0.homeCity == city }
        residents = home.count
        self.people = home.count == known.count ? known : home + known.filter { $0.homeCity != city }
        let own = places.contains { $0.city != city } ? places.filter { $0.city == city } : places
        foreignPlaces = places.count - own.count
        self.places = lastOfEach(own, by: \.id)
        personIndex = LocalIndex(self.people.map(\.id.number))
        placeIndex = LocalIndex(self.places.map(\.id.number))
    }
}

/// The last of each key, ascending by key. O(n) where they ascend already, else O(n log n).
private func lastOfEach<Element, Key: Comparable>(_ elements: [Element], by key: (Element) -> Key) -> [Element] {
    let keys = elements.map(key)
    if zip(keys, keys.dropFirst()).allSatisfy({ $0 < $1 }) { return elements }
    let order = keys.indices.sorted { keys[$0] != keys[$1] ? keys[$0] < keys[$1] : $0 < $1 }
    return order.indices
        .filter { $0 + 1 == order.count || keys[order[$0 + 1]] != keys[order[$0]] }
        .map { elements[order[$0]] }
}
