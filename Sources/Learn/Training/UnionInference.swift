// The twin of inference over cities that exchange rows: one process that has all of them, with vertices numbered
// through and every edge in one list. It holds the whole world in memory; `CityInference` is measured against it.

package import Basics
import Graph

/// The embeddings of all cities' residents and places from one graph, the union of theirs: friendships as the home of
/// the one who hears has them, visits as the place's city has them. By trainer: residents' rows, then places' rows.
/// Own embeddings count each trainer's share.
package func unionEmbeddings(
    of trainers: [CityTrainer], weights: [Float], ownShares: [Float], pool: ComputePool
) -> [(residents: [Float], places: [Float])] {
    guard let first = trainers.first else { return [] }
    let union = UnionGraph(trainers)
    let d = first.model.configuration.dimensions
    var tape = Tape<Float>(parameters: weights, pool: pool)
    var (people, places): ([Float], [Float]) = ([], [])
    for (trainer, share) in zip(trainers, ownShares) {
        let rows = trainer.encodedRows(ownShare: share, on: &tape)
        people += rows.people[..<(trainer.graph.residents * d)]
        places += rows.places
    }
    for layer in first.model.layout.layers.indices {
        let before = (people: people, places: places)
        first.pass(layer, union.messages, union.kinds, before, people: &people, places: &places, on: &tape)
    }
    return trainers.indices.map { index in
        let (person, place) = (union.firstPerson[index], union.firstPlace[index])
        let graph = trainers[index].graph
        return (
            Array(people[person * d..<(person + graph.residents) * d]),
            Array(places[place * d..<(place + graph.places.count) * d])
        )
    }
}

private struct UnionGraph {
    let messages: WholeCity
    let kinds: (friendships: EdgeKindTable, visits: EdgeKindTable)
    /// The union's number of each city's first resident and place.
    private(set) var firstPerson: [Int] = []
    private(set) var firstPlace: [Int] = []

    init(_ trainers: [CityTrainer]) {
        var (numberOf, people, places): ([PersonID: UInt32], Int, Int) = ([:], 0, 0)
        for trainer in trainers {
            firstPerson.append(people)
            firstPlace.append(places)
            for person in 0..<trainer.graph.residents {
                numberOf[trainer.graph.people[person]] = UInt32(people + person)
            }
            people += trainer.graph.residents
            places += trainer.graph.places.count
        }
        var friends = [[(other: UInt32, kind: Int)]](repeating: [], count: people)
        var visits = friends
        var visitors = [[(other: UInt32, kind: Int)]](repeating: [], count: places)
        var (features, codes): ([Float], [UInt16]) = ([], [])
        for (index, trainer) in trainers.enumerated() {
            let graph = trainer.graph
            for person in 0..<graph.residents {
                for edge in graph.friends(of: UInt32(person)) {
                    guard let other = numberOf[graph.people[Int(graph.socialNeighbors[edge])]] else { continue }
                    let columns = FriendshipColumns.count
                    friends[firstPerson[index] + person].append((other, features.count / columns))
                    features += graph.socialFeatures[edge * columns..<(edge + 1) * columns]
                }
            }
            let ownCodes = graph.visitSignals.kinds
            for person in graph.people.indices {
                guard let number = numberOf[graph.people[person]] else { continue }
                for edge in Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1]) {
                    let place = firstPlace[index] + Int(graph.visitPlaces[edge])
                    visits[Int(number)].append((UInt32(place), codes.count))
                    visitors[place].append((number, codes.count))
                    codes.append(ownCodes[edge])
                }
            }
        }
        kinds = (EdgeKindTable(friendships: features), EdgeKindTable(visitKinds: codes))
        messages = WholeCity(
            friends: Self.rows(friends, kinds.friendships), visits: Self.rows(visits, kinds.visits),
            visitors: Self.rows(visitors, kinds.visits), friendshipKinds: kinds.friendships.count,
            visitKinds: kinds.visits.count)
    }

    private static func rows(_ lists: [[(other: UInt32, kind: Int)]], _ kinds: EdgeKindTable) -> MessageRows {
        var offsets: [UInt32] = [0]
        for list in lists { offsets.append(offsets[offsets.count - 1] + UInt32(list.count)) }
        return MessageRows(
            offsets: offsets, others: lists.flatMap { $0.map(\.other) },
            kinds: lists.flatMap { $0.map { UInt32(kinds.kindOfEdge[$0.kind]) } })
    }
}
