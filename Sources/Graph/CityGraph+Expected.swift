// What a graph will take, from a census: `bytes` with expected numbers in the place of counts. Kept beside the arrays
// it speaks of; a test holds both against each other.

package import World

extension CityGraph {
    /// The memory that the arrays of a city's graph will occupy.
    package static func expectedBytes(of city: CityCensus, heldOutShare: Double = heldOutShareUsual) -> Double {
        let people = city.people + city.halo
        let edges = trainingVisits(of: city, heldOutShare)
        let heldOut = (city.visits - edges) * 0.7  // of these, places that were not visited before
        let shape = city.visitShape
        let secondsBytes: Double = shape.hasFractions ? 4 : shape.hasSeconds ? 2 : 0
        let visits = edges * (4 + 4 + 2 + secondsBytes + 4.0 / 64) + 4 * (people + city.places)
        let social = 4 * people + 2 * city.friendships * (4 + 3 * 4)
        let features = 4 * (people * Double(PersonColumns.count + 6) + city.places * Double(PlaceColumns.count + 6))
        let names = 8 * (3 * people + city.places) + 4 * people + indexBytes(people) + indexBytes(city.places)
        return visits + social + 9 * city.friendLabels + 4 * (city.people + heldOut) + features + names
    }

    /// The memory that a build needs beside the graph it makes: all rows as records, visits in pieces, and columns on
    /// their way from the pieces into the graph.
    package static func expectedBuildBytes(of city: CityCensus) -> Double {
        // A person's and a place's vectors lie on the heap, each with a head of 32 bytes.
        let person = Double(MemoryLayout<Person>.stride) + 4 * Double(6 + 100 + 30) + 4 * 32 + 40
        let place = Double(MemoryLayout<Place>.stride) + 4 * Double(6 + 100) + 2 * 32
        let rows = city.visits * (Double(MemoryLayout<Visit>.stride) * 1.125 + 10 + 4)
        let vertices = (city.people + city.halo) * person + city.places * place
        let friendships = city.friendships * Double(MemoryLayout<Friendship>.stride) * 2
        let labels = city.friendLabels * Double(MemoryLayout<FriendLabel>.stride) * 2
        return rows + vertices + friendships + labels
    }

    /// Visits that are not held out, when residents have as many as they have on average.
    private static func trainingVisits(of city: CityCensus, _ heldOutShare: Double) -> Double {
        let byResidents = city.visits * city.visitShape.residentShare
        let each = byResidents / max(1, city.people)
        let held = each < 5 ? 0 : max(1, each * heldOutShare - 0.45)
        return city.visits - min(byResidents, held * city.people)
    }

    /// `LocalIndex.bytes` of so many numbers.
    private static func indexBytes(_ count: Double) -> Double {
        var capacity = 2.0
        while capacity < count * 2 { capacity *= 2 }
        return 8 * count + 4 * capacity
    }
}
