// Who made a visit, seen from the place. The place's side of an edge is the edge's number alone: edges are numbered
// person by person, so the number tells the person, and storing it again would cost 4 bytes a visit. A landmark
// at every 64th edge leaves a handful of people between two landmarks, and halving finds the one.

/// The person of each edge of rows in compressed form, in a sixteenth of a byte per edge.
struct EdgeOwners: Sendable {
    private static let step = 64
    /// Owner of the edges 0, 64, 128, ..., then the last row.
    private let landmarks: [UInt32]

    /// `offsets` as in a compressed row: edges of row r are `offsets[r]..<offsets[r + 1]`.
    init(offsets: [UInt32]) {
        let edges = Int(offsets.last ?? 0)
        var landmarks: [UInt32] = []
        landmarks.reserveCapacity(edges / Self.step + 2)
        var row = 0
        for edge in stride(from: 0, to: edges, by: Self.step) {
            while Int(offsets[row + 1]) <= edge { row += 1 }
            landmarks.append(UInt32(row))
        }
        landmarks.append(UInt32(max(offsets.count, 2) - 2))
        self.landmarks = landmarks
    }

    /// The row of an edge that exists; `offsets` are those of init.
    @inline(__always)
    func owner(of edge: UInt32, offsets: [UInt32]) -> UInt32 {
        let mark = Int(edge) / Self.step
        var low = landmarks[mark]
        var high = landmarks[mark + 1]
        // The last row that does not begin behind the edge; rows between may be empty.
        while low < high {
            let middle = (low + high + 1) / 2
            if offsets[Int(middle)] <= edge { low = middle } else { high = middle - 1 }
        }
        return low
    }

    var bytes: Int { 4 * landmarks.count }
}

/// The visitors of all places, in the order of `CityGraph.placeEdges`. A view: it holds nothing of its own.
package struct PlaceVisitors: RandomAccessCollection, Sendable {
    let owners: EdgeOwners
    let visitOffsets: [UInt32]
    let edges: [UInt32]

    package var startIndex: Int { 0 }
    package var endIndex: Int { edges.count }

    /// Local person of the visit at a position of the place-major arrays. O(1), but for runs of people without visits.
    package subscript(position: Int) -> UInt32 { owners.owner(of: edges[position], offsets: visitOffsets) }
}
