// What trainers of one process may hand to each other. In a cluster they never meet; where they are measured against
// one process that has everything, and against shards that are cut otherwise, they do.

import Basics
import Graph

extension CityTrainer {
    /// Goes on with another trainer's moments of the shared weights: a process that steps on one city after the other
    /// has one optimizer.
    package func takeOver(optimizerOf other: CityTrainer) {
        precondition(moments.first.count == other.moments.first.count, "moments of another model")
        moments = other.moments
        sharedAhead = other.steps + other.sharedAhead - steps
    }

    /// Takes over the own rows of all places that other trainers know, by identifier. Their moments are left.
    package func takeOver(placesOf others: [CityTrainer]) {
        for other in others {
            for (row, place) in other.graph.places.enumerated() {
                guard let mine = graph.localPlace(place) else { continue }
                own.places.copyRow(row, of: other.own.places, to: Int(mine))
                own.biases.copyRow(row, of: other.own.biases, to: Int(mine))
            }
        }
    }
}

extension OwnTable {
    fileprivate mutating func copyRow(_ row: Int, of other: OwnTable, to mine: Int) {
        precondition(columns == other.columns, "rows of another width")
        if rows == 0 || other.rows == 0 { return }
        for column in 0..<columns { values[mine * columns + column] = other.values[row * columns + column] }
    }
}
