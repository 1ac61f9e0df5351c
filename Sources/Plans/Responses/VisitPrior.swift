package import Basics
package import Graph

extension ResponseModel {
    /// What the past says about answers before there are any: visits of `people` against places they did not visit,
    /// each in the slot that `slot` names for the place. A friend's word counts; how much, answers will tell.
    package init(
        visitsOf people: some Sequence<Int>, _ features: InvitationFeatures, _ graph: CityGraph, slot: (Int) -> Int,
        _ random: inout SeededRandom
    ) {
        var prior = [Double](repeating: 0, count: InvitationColumns.count)
        prior[InvitationColumns.friend] = 1
        var learner = ResponseModel(prior: prior, precision: 1)
        var row = [Float](repeating: 0, count: InvitationColumns.count)
        var (rows, outcomes): ([[Float]], [Double]) = ([], [])
        for person in people {
            let visits = graph.visits(of: UInt32(person))
            for _ in 0..<min(visits.count, Self.visitsOfOne) {
                let visited = Int(graph.visitPlaces[visits.lowerBound + random.below(visits.count)])
                for (place, outcome) in [(visited, 1.0), (random.below(graph.places.count), 0)] {
                    features.write(person: person, place: place, slot: slot(place), friend: nil, into: &row)
                    // Visits are what is to be explained here: that there was one explains nothing.
                    row[InvitationColumns.returning] = 0
                    rows.append(row)
                    outcomes.append(outcome)
                }
            }
        }
        learner.fit(rows, [Double](repeating: 0, count: rows.count), outcomes, rounds: 10)
        var known = learner.weights
        // Half of what was shown are visits, far more than an invitation gets; and the slots were chosen, not lived.
        known[InvitationColumns.bias] -= 2
        known[InvitationColumns.slotOfPlace] = 0.5
        known[InvitationColumns.slotOfPerson] = 0.5
        self.init(prior: known, precision: 4)
    }

    /// Visits that are looked at of one person.
    private static let visitsOfOne = 6

    /// The same after these answers: weights, people and pairs.
    package func hearing(_ answers: [InvitationAnswer]) -> ResponseModel {
        var model = self
        if answers.isEmpty { return model }
        model.refit(answers)
        return model
    }
}
