package import Basics
import Graph
import Learn
import Nearest
package import World

/// Who asks for a recommendation, as this city knows them.
package struct Asker: Sendable {
    /// Row of the city's people; nil for somebody it has never heard of.
    let row: Int?
    /// [dimensions]
    let embedding: [Float]
    /// The 148 columns that reasons speak of.
    let features: [Float]
    /// Whether the model has met them; else all it knows is what their record says.
    package let isKnown: Bool
    /// Whether they live in another city.
    package let isAway: Bool
    /// Share of their visits in each neighborhood, their home one included.
    let areas: [Int: Float]
}

extension ServingCity {
    /// The share of visits from which on somebody is often in a neighborhood.
    static let oftenShare: Float = 0.1

    /// A resident, a guest, or somebody who came after the training; nil for a stranger.
    package func asker(_ person: PersonID) -> Asker? {
        guard let row = personRow(person) else { return nil }
        let features = Array(personFeatures(row))
        let isAway = !residents.contains(row)
        return Asker(
            row: row, embedding: Array(embeddings.person(row)), features: features, isKnown: knownPeople[row],
            isAway: isAway, areas: areas(row, home: isAway ? 0 : Int(features[PersonColumns.neighborhood])))
    }

    /// Somebody of another city, of whom only the record is known.
    package func asker(stranger person: Person) -> Asker {
        let features = featuresStated(by: person)
        return Asker(
            row: nil, embedding: embedPeople(features), features: features, isKnown: false,
            isAway: person.homeCity != graph.city,
            areas: [:])
    }

    /// In which of this city's neighborhoods somebody is, by their visits; where they live counts as much as all of
    /// them. Neighborhood 0 stands for an unknown one.
    func areas(_ row: Int, home: Int) -> [Int: Float] {
        var areas: [Int: Float] = [:]
        if row < graph.people.count {
            let visits = graph.visits(of: UInt32(row))
            for visit in visits {
                let place = Int(graph.visitPlaces[visit])
                let neighborhood = Int(graph.placeFeatures[place * PlaceColumns.count + PlaceColumns.neighborhood])
                if neighborhood != 0 { areas[neighborhood, default: 0] += 1 / Float(visits.count) }
            }
        }
        if home != 0 { areas[home] = 1 }
        return areas
    }
}
