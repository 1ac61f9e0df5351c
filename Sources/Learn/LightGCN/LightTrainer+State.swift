// What a light model in training is, apart from the graph: the rows of users and items in the caller's numbers, whose
// vertices may stand elsewhere in another graph.

import Basics
import Linalg

/// Rows with their moments, [rows, dimensions] each.
struct LightRows: Equatable {
    var values: [Float]
    var first: [Float]
    var second: [Float]
}

/// A light model between two steps. What it shares is not in it, but for the moments of that.
struct LightState: Equatable {
    var steps: Int
    var users: LightRows
    var items: LightRows
    var sharedMoments: Moments
}

extension LightTrainer {
    /// A copy of all that the next step starts from.
    var state: LightState {
        LightState(
            steps: steps, users: rows(graph.vertexOfUser), items: rows(graph.vertexOfItem),
            sharedMoments: encoder.sharedMoments)
    }

    /// Goes on from a state of as many users and items.
    func restore(_ state: LightState, pool: ComputePool) {
        steps = state.steps
        restore(state.users, graph.vertexOfUser)
        restore(state.items, graph.vertexOfItem)
        encoder.sharedMoments = state.sharedMoments
        encoder.refresh(pool)
    }

    private func rows(_ vertices: [UInt32]) -> LightRows {
        func copy(_ table: VertexTable<Float>) -> [Float] {
            vertices.flatMap { UnsafeBufferPointer(start: table[Int($0)], count: configuration.dimensions) }
        }
        return LightRows(values: copy(encoder.embeddings), first: copy(first), second: copy(second))
    }

    private func restore(_ rows: LightRows, _ vertices: [UInt32]) {
        let d = configuration.dimensions
        precondition(rows.values.count == vertices.count * d, "a state has a row for each vertex")
        for (table, values) in [(encoder.embeddings, rows.values), (first, rows.first), (second, rows.second)] {
            values.withUnsafeBufferPointer { source in
                guard let start = source.baseAddress else { return }
                for (row, vertex) in vertices.enumerated() {
                    table[Int(vertex)].update(from: start + row * d, count: d)
                }
            }
        }
    }
}
