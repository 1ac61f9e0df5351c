// What a vertex knows of itself beyond its features: rows that belong to this city alone, are never averaged and
// never leave the shard. Only the rows a batch touches move (lazy Adam, as torch.optim.SparseAdam): an
// untouched row would move on old momentum alone.

import Basics
import Graph
import Linalg

/// Rows of floats by local vertex, with their moments.
struct OwnTable: Equatable {
    let columns: Int
    var values: [Float]
    var moments: Moments

    init(values: [Float], columns: Int) {
        precondition(columns > 0 && values.count % columns == 0, "a table has whole rows")
        self.columns = columns
        self.values = values
        moments = Moments(count: values.count)
    }

    var rows: Int { values.count / columns }

    /// Writes the rows of `vertices` to `target`, [vertices, columns]; zeros for vertices beyond the table.
    func copy(_ vertices: [UInt32], to target: UnsafeMutablePointer<Float>) {
        let known = rows
        values.withUnsafeBufferPointer { source in
            for (index, vertex) in vertices.enumerated() {
                let to = target + index * columns
                if Int(vertex) < known {
                    to.update(from: source.baseAddress! + Int(vertex) * columns, count: columns)
                } else {
                    to.update(repeating: 0, count: columns)
                }
            }
        }
    }

    /// One Adam step for the rows of `vertices`, which are distinct; `gradient` is [vertices, columns].
    mutating func move(
        _ vertices: [UInt32], by gradient: UnsafePointer<Float>, _ step: AdamStep, pool: ComputePool
    ) {
        let (columns, known) = (columns, rows)
        values.withUnsafeMutableBufferPointer { values in
            moments.first.withUnsafeMutableBufferPointer { first in
                moments.second.withUnsafeMutableBufferPointer { second in
                    // SAFETY: vertices are distinct, so no two blocks touch one row.
                    nonisolated(unsafe) let (v, m, s, g) = (values, first, second, gradient)
                    forEachBlock(of: vertices.count, size: 2048, on: pool) { block in
                        for index in block where Int(vertices[index]) < known {
                            let start = Int(vertices[index]) * columns
                            step.move(
                                v.baseAddress! + start, m.baseAddress! + start, s.baseAddress! + start,
                                by: g + index * columns, count: columns)
                        }
                    }
                }
            }
        }
    }
}

/// All that is a city's own: its places' embeddings and biases. People have none: they are what they say and do, so
/// that somebody new is known at once, and a step cannot learn by heart who went where.
struct OwnTables: Equatable {
    var places: OwnTable
    var biases: OwnTable
}

extension OwnTables {
    /// Deviation of what a new own embedding's entries are drawn with.
    private static let deviation = 0.02

    /// Every embedding starts at a small draw from the place's identifier, the same wherever its row is, plus its
    /// spectral start. The latter is left out when a stored state follows: that has axes of its own.
    /// A place's bias starts at log(1 + distinct visitors), under a softmax the best score that ignores the person:
    /// so the very first ranking knows popularity. Without own embeddings both tables are empty.
    static func initial(
        _ graph: CityGraph, _ visits: DistinctVisits, _ configuration: GraphRecConfiguration, seed: SeededRandom,
        isFresh: Bool
    ) -> OwnTables {
        let dimensions = configuration.dimensions
        if !configuration.hasOwnEmbeddings {
            let (none, one) = (OwnTable(values: [], columns: dimensions), OwnTable(values: [], columns: 1))
            return OwnTables(places: none, biases: one)
        }
        var places: [Float] = []
        places.reserveCapacity(graph.places.count * dimensions)
        for place in graph.places {
            var random = seed.child("place", place.number)
            for _ in 0..<dimensions { places.append(Float(random.normal() * deviation)) }
        }
        if isFresh {
            let start = spectralStart(visits, dimensions: dimensions, random: seed.child("spectral start"))
            for index in places.indices { places[index] += start[index] }
        }
        return OwnTables(
            places: OwnTable(values: places, columns: dimensions),
            biases: OwnTable(values: visits.visitors.map { Float.logOnePlus(Float($0)) }, columns: 1))
    }
}
