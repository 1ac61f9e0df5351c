// Who a row's neighbors are, each once, with all edges that lead there: people go to the same places again, and a
// sampler chooses places, not visits.

/// Rows of distinct neighbors.
struct DistinctNeighbors: Sendable {
    /// Neighbors of row r are at `offsets[r]..<offsets[r + 1]`, in the order of their first edges.
    private(set) var offsets: [UInt32] = [0]
    private(set) var neighbors: [UInt32] = []
    /// Edges to neighbor n of the list are `edges[starts[n]..<starts[n + 1]]`, in the order of the row.
    private(set) var starts: [UInt32] = []
    private(set) var edges: [UInt32]

    /// Row r has the positions `rows[r]..<rows[r + 1]`; each has a neighbor below `count`, and an edge. O(positions).
    init(rows: [UInt32], neighbors all: [UInt32], count: Int, edge: (Int) -> UInt32) {
        edges = [UInt32](repeating: 0, count: all.count)
        // Where in the list the neighbor stands, if it was seen in this row: then not before the row's beginning.
        var places = [UInt32](repeating: 0, count: count)
        var counts: [UInt32] = []
        for row in 0..<rows.count - 1 {
            let positions = Int(rows[row])..<Int(rows[row + 1])
            let first = neighbors.count
            for position in positions {
                let (neighbor, place) = (all[position], Int(places[Int(all[position])]))
                if place >= first, place < neighbors.count, neighbors[place] == neighbor {
                    counts[place] += 1
                } else {
                    places[Int(neighbor)] = UInt32(neighbors.count)
                    neighbors.append(neighbor)
                    counts.append(1)
                }
            }
            var next = positions.lowerBound
            for place in first..<neighbors.count {
                starts.append(UInt32(next))
                next += Int(counts[place])
                counts[place] = starts[place]
            }
            for position in positions {
                let place = Int(places[Int(all[position])])
                edges[Int(counts[place])] = edge(position)
                counts[place] += 1
            }
            offsets.append(UInt32(neighbors.count))
        }
        starts.append(UInt32(all.count))
    }

    func row(_ row: UInt32) -> Range<Int> { Int(offsets[Int(row)])..<Int(offsets[Int(row) + 1]) }
}
