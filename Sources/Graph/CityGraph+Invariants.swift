// What must hold of every city graph. Kernels gather through these arrays without further checks of meaning,
// so tests ask for all of it after every build. It costs about as much as the build itself.

import Basics
import World

extension CityGraph {
    /// The broken promises of this graph, in words; none when it is sound. For tests and for the debugging of a
    /// shard. O(edges · log(edges of a vertex)).
    package func checkInvariants() -> [String] {
        var broken: [String] = []
        func expect(_ holds: Bool, _ promise: String) { if !holds { broken.append(promise) } }

        expect(residents <= people.count, "residents are people")
        let (home, halo) = (people.prefix(residents), people.dropFirst(residents))
        expect(isAscending(home) && isAscending(halo), "residents and halo are each ascending")
        expect(isAscending(places[...]), "places are ascending")
        for (number, person) in people.enumerated() where localPerson(person) != UInt32(number) {
            broken.append("person \(person) is found at its own number")
        }
        for (number, place) in places.enumerated() where localPlace(place) != UInt32(number) {
            broken.append("place \(place) is found at its own number")
        }

        let sound =
            isPartition(socialOffsets, rows: people.count, of: socialNeighbors.count)
            && isPartition(visitOffsets, rows: people.count, of: visitPlaces.count)
            && isPartition(placeOffsets, rows: places.count, of: placeEdges.count)
            && isPartition(heldOutOffsets, rows: residents, of: heldOutPlaces.count)
        expect(sound, "offsets start at 0, never fall, and end at the number of edges")
        let inRange =
            socialNeighbors.allSatisfy { $0 < people.count } && visitPlaces.allSatisfy { $0 < places.count }
            && placeVisitors.allSatisfy { $0 < people.count } && placeEdges.allSatisfy { $0 < visitPlaces.count }
            && heldOutPlaces.allSatisfy { $0 < places.count } && labelPairs.allSatisfy { $0 < people.count }
        expect(inRange, "every edge names a vertex of the city")
        let fits =
            visitSignals.count == visitPlaces.count && placeVisitors.count == placeEdges.count
            && placeEdges.count == visitPlaces.count
            && labelPairs.count == labelOutcomes.count * 2
            && socialFeatures.count == socialNeighbors.count * FriendshipColumns.count
            && personFeatures.count == people.count * PersonColumns.count
            && placeFeatures.count == places.count * PlaceColumns.count
            && personSlots.count == people.count * TimeSlot.count
            && placeSlots.count == places.count * TimeSlot.count
        expect(fits, "columns have one entry per vertex or edge")
        guard sound, inRange, fits else { return broken }

        broken += brokenFriendships() + brokenLabels() + brokenVisits() + brokenShares()
        return broken
    }

    /// Names of the arrays in which two graphs differ; none when they are bit for bit the same.
    package func differences(from other: CityGraph) -> [String] {
        func same(_ one: [Float], _ two: [Float]) -> Bool {
            one.count == two.count && zip(one, two).allSatisfy { $0.bitPattern == $1.bitPattern }
        }
        let isSame = [
            ("people", people == other.people && residents == other.residents), ("places", places == other.places),
            ("social", socialOffsets == other.socialOffsets && socialNeighbors == other.socialNeighbors),
            ("socialFeatures", same(socialFeatures, other.socialFeatures)),
            ("labels", labelPairs == other.labelPairs && labelOutcomes == other.labelOutcomes),
            ("visits", visitOffsets == other.visitOffsets && visitPlaces == other.visitPlaces),
            ("visitSignals", visitSignals == other.visitSignals), ("visitSpans", visitSpans == other.visitSpans),
            ("placeEdges", placeOffsets == other.placeOffsets && placeEdges == other.placeEdges),
            ("heldOut", heldOutOffsets == other.heldOutOffsets && heldOutPlaces == other.heldOutPlaces),
            ("personFeatures", same(personFeatures, other.personFeatures)),
            ("placeFeatures", same(placeFeatures, other.placeFeatures)),
            ("personSlots", same(personSlots, other.personSlots)),
            ("placeSlots", same(placeSlots, other.placeSlots)), ("skipped", skipped == other.skipped),
        ]
        return isSame.filter { !$0.1 }.map(\.0)
    }

    private func brokenFriendships() -> [String] {
        var broken: [String] = []
        for person in 0..<UInt32(people.count) {
            let row = friends(of: person)
            if !isAscending(socialNeighbors[row]) { broken.append("the friends of person \(person) are ascending") }
            for edge in row {
                let friend = socialNeighbors[edge]
                if friend == person { broken.append("person \(person) is no friend of their own") }
                guard let back = friends(of: friend).first(where: { socialNeighbors[$0] == person }) else {
                    broken.append("the friendship of \(person) and \(friend) stands in both rows")
                    continue
                }
                for column in 0..<FriendshipColumns.count
                where socialFeatures[edge * 3 + column] != socialFeatures[back * 3 + column] {
                    broken.append("the friendship of \(person) and \(friend) has the same features both ways")
                }
            }
        }
        return broken
    }

    private func brokenLabels() -> [String] {
        var broken: [String] = []
        var previous: UInt64?
        for (label, outcome) in labelOutcomes.enumerated() {
            let (one, other) = (labelPairs[label * 2], labelPairs[label * 2 + 1])
            let pair = UInt64(one) << 32 | UInt64(other)
            if one >= other || one >= residents { broken.append("friend label \(label) begins with its resident") }
            if let previous, previous >= pair { broken.append("friend label \(label) is after those of lower people") }
            if outcome == .attends { broken.append("the people of friend label \(label) attend and get on") }
            previous = pair
        }
        return broken
    }

    private func brokenVisits() -> [String] {
        var broken: [String] = []
        for place in 0..<UInt32(places.count) {
            let row = visitors(of: place)
            if !isAscending(placeEdges[row]) { broken.append("the edges of place \(place) are ascending") }
            for position in row {
                let edge = Int(placeEdges[position])
                if visitPlaces[edge] != place || !visits(of: placeVisitors[position]).contains(edge) {
                    broken.append("edge \(edge) means the same visit from both sides")
                }
            }
        }
        for resident in 0..<UInt32(residents) {
            let held = heldOutPlaces[heldOut(of: resident)]
            if !isAscending(held) { broken.append("the held-out places of \(resident) are ascending") }
            let trained = Set(visitPlaces[visits(of: resident)])
            if held.contains(where: trained.contains) { broken.append("\(resident) trains on no held-out place") }
        }
        return broken
    }

    private func brokenShares() -> [String] {
        var broken: [String] = []
        func check(_ shares: [Float], _ hasVisits: (UInt32) -> Bool, _ kind: String) {
            for vertex in 0..<shares.count / TimeSlot.count {
                let sum = shares[vertex * TimeSlot.count..<(vertex + 1) * TimeSlot.count].reduce(0, +)
                let expected: Float = hasVisits(UInt32(vertex)) ? 1 : 0
                if abs(sum - expected) > 1e-4 { broken.append("the time shares of \(kind) \(vertex) sum to 1 or 0") }
            }
        }
        check(personSlots, { !visits(of: $0).isEmpty }, "person")
        check(placeSlots, { !visitors(of: $0).isEmpty }, "place")
        let numbers = [personFeatures, placeFeatures, socialFeatures]
        if !numbers.allSatisfy({ $0.allSatisfy(\.isFinite) }) { broken.append("every feature is a finite number") }
        return broken
    }
}

private func isAscending<Element: Comparable>(_ elements: ArraySlice<Element>) -> Bool {
    zip(elements, elements.dropFirst()).allSatisfy { $0 < $1 }
}

private func isPartition(_ offsets: [UInt32], rows: Int, of count: Int) -> Bool {
    offsets.count == rows + 1 && offsets.first == 0 && Int(offsets.last ?? 0) == count
        && zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 }
}
