package import Graph

extension RankingTask {
    /// The residents of a city ranked over its places: what they visited in training is masked, the places that are
    /// held out are wanted.
    package init(heldOutOf graph: CityGraph) {
        let visits = (0..<UInt32(graph.residents)).flatMap { person in
            graph.visitPlaces[graph.visits(of: person)].map { (user: person, item: $0) }
        }
        let wanted = (0..<UInt32(graph.residents)).flatMap { person in
            graph.heldOutPlaces[graph.heldOut(of: person)].map { (user: person, item: $0) }
        }
        self.init(
            known: ItemLists(users: graph.residents, items: graph.places.count, pairs: visits),
            wanted: ItemLists(users: graph.residents, items: graph.places.count, pairs: wanted))
    }
}
