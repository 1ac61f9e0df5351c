// Who and what a city has, in the order of local numbers, with the records that features are made of.

import Basics
package import World

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

    /// Of two records of the same person or place the later one counts. `cut` says who lives here and what stands
    /// here; the others are halo, and left out.
    init(city: CityID, people: [Person], places: [Place], cut: CityCut? = nil) {
        self.city = city
        let cut = cut ?? CityCut(hasPerson: { $0.homeCity == city }, hasPlace: { $0.city == city })
        let known = lastOfEach(people, by: \.id)
        let home = known.filter(cut.hasPerson)
        residents = home.count
        self.people = home.count == known.count ? known : home + known.filter { !cut.hasPerson($0) }
        let own = places.allSatisfy(cut.hasPlace) ? places : places.filter(cut.hasPlace)
        foreignPlaces = places.count - own.count
        self.places = lastOfEach(own, by: \.id)
        personIndex = LocalIndex(self.people.map(\.id.number))
        placeIndex = LocalIndex(self.places.map(\.id.number))
    }
}

/// Which people and places a graph has as its own, where that is not what their records say: a part of a world that is
/// not cut by cities.
package struct CityCut: Sendable {
    let hasPerson: @Sendable (Person) -> Bool
    let hasPlace: @Sendable (Place) -> Bool

    package init(hasPerson: @escaping @Sendable (Person) -> Bool, hasPlace: @escaping @Sendable (Place) -> Bool) {
        self.hasPerson = hasPerson
        self.hasPlace = hasPlace
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
