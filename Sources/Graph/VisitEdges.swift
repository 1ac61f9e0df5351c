// The second half of the build: rows that several threads made, or that an older graph has, become one set of
// compressed rows in the order of local numbers; a counting sort by place then gives the other direction.
// No comparison is made here, every pass is parallel, and what it gives does not depend on who made which row.

import Basics
import World

/// The visit relation of a city, in both directions, and what is held out of it.
struct VisitEdges: Sendable {
    var offsets: [UInt32] = [0]
    var places: [UInt32] = []
    var signals = VisitSignalColumn([])
    /// [people, 2]: when the first and the last training visit took place, milliseconds since 1970 UTC; 0, 0 without.
    var spans: [Int64] = []
    var placeOffsets: [UInt32] = [0]
    var placeEdges: [UInt32] = []
    /// What was counted while turning: [places, `PlaceTally.count`].
    var tallies: [UInt32] = []
    var heldOutOffsets: [UInt32] = [0]
    var heldOutPlaces: [UInt32] = []
    /// Visits of unknown people or to unknown places.
    var skipped = 0
}

/// Columns of the counts of a place's training visits.
enum PlaceTally {
    static let count = 8
    /// Visits in each of the six time slots.
    static let slots = 0..<TimeSlot.count
    static let attended = 6
}

extension VisitEdges {
    /// Joins rows; a person has at most one, in any piece. Places are numbered alike in all pieces.
    init(pieces: [VisitPiece], people: Int, residents: Int, places placeCount: Int, pool: ComputePool) {
        let none = VisitPiece.Row(person: 0, visits: 0..<0, heldOut: 0..<0, firstTime: 0, lastTime: 0)
        var rowOf = [(piece: Int, row: VisitPiece.Row)](repeating: (-1, none), count: people)
        for (number, piece) in pieces.enumerated() {
            skipped += piece.skipped
            for row in piece.rows {
                precondition(rowOf[Int(row.person)].piece < 0, "the visits of a person came in two pieces")
                rowOf[Int(row.person)] = (number, row)
            }
        }
        offsets.reserveCapacity(people + 1)
        heldOutOffsets.reserveCapacity(residents + 1)
        spans.reserveCapacity(2 * people)
        var (edges, held) = (0, 0)
        for (person, (_, row)) in rowOf.enumerated() {
            edges += row.visits.count
            offsets.append(UInt32(edges))
            if person < residents {
                held += row.heldOut.count
                heldOutOffsets.append(UInt32(held))
            }
            spans.append(row.firstTime)
            spans.append(row.lastTime)
        }
        copy(rowOf, from: pieces, residents: residents, pool: pool)
        turnByPlace(places: placeCount, pool: pool)
    }

    private mutating func copy(
        _ rowOf: [(piece: Int, row: VisitPiece.Row)], from pieces: [VisitPiece], residents: Int, pool: ComputePool
    ) {
        let edges = Int(offsets.last ?? 0)
        var packed = pool.zeros(edges, of: UInt16.self)
        var seconds = pool.zeros(edges, of: Float.self)
        places = pool.zeros(edges)
        heldOutPlaces = [UInt32](repeating: 0, count: Int(heldOutOffsets.last ?? 0))
        let (offsets, heldOutOffsets) = (offsets, heldOutOffsets)
        places.fill { places in
            packed.fill { packed in
                seconds.fill { seconds in
                    heldOutPlaces.fill { heldOut in
                        // Each person's row has its own positions, as the offsets say.
                        pool.forEachRange(of: rowOf.count, pieces: pool.threads * 4) { people in
                            for person in people where rowOf[person].piece >= 0 {
                                let (number, row) = rowOf[person]
                                let start = Int(offsets[person])
                                places.copy(pieces[number].places, row.visits, to: start)
                                packed.copy(pieces[number].packed, row.visits, to: start)
                                seconds.copy(pieces[number].seconds, row.visits, to: start)
                                if person >= residents { continue }
                                heldOut.copy(
                                    pieces[number].heldOutPlaces, row.heldOut, to: Int(heldOutOffsets[person]))
                            }
                        }
                    }
                }
            }
        }
        signals = VisitSignalColumn(packed: packed, seconds: seconds)
    }

    /// Days from the first training visit to the last, at least one.
    var spanInDays: Float {
        var (first, last) = (Int64.max, Int64.min)
        for person in 0..<offsets.count - 1 where offsets[person] < offsets[person + 1] {
            first = min(first, spans[2 * person])
            last = max(last, spans[2 * person + 1])
        }
        return first > last ? 1 : max(1, Float((Double(last) - Double(first)) / 86_400_000))
    }

    /// Fills the place-major arrays from the person-major ones: each thread counts its share of the edges by place,
    /// sums over threads say where each may write, and each writes its edges there. Edges ascend within a place.
    private mutating func turnByPlace(places count: Int, pool: ComputePool) {
        let (places, packed) = (places, signals.packedParts)
        // A thread's counts must cost less than its edges.
        let shares = max(1, min(pool.threads, places.count / max(count, 1)))
        let edges = places.count
        let range = { @Sendable (share: Int) in share * edges / shares..<(share + 1) * edges / shares }
        let counted = pool.map(shares) { share in
            var tallies = [UInt32](repeating: 0, count: count * PlaceTally.count)
            for edge in range(share) {
                let signals = VisitSignals(packed: packed[edge], seconds: 0)
                let start = Int(places[edge]) * PlaceTally.count
                tallies[start + Int(signals.slot)] += 1
                if signals.attended { tallies[start + PlaceTally.attended] += 1 }
            }
            return tallies
        }
        tallies = [UInt32](repeating: 0, count: count * PlaceTally.count)
        placeOffsets = [0]
        placeOffsets.reserveCapacity(count + 1)
        var cursors = [[UInt32]](repeating: [], count: shares)
        for share in 0..<shares { cursors[share].reserveCapacity(count) }
        var next: UInt32 = 0
        for place in 0..<count {
            let columns = place * PlaceTally.count..<(place + 1) * PlaceTally.count
            for share in 0..<shares {
                cursors[share].append(next)
                for column in columns { tallies[column] += counted[share][column] }
                for slot in PlaceTally.slots { next += counted[share][columns.lowerBound + slot] }
            }
            placeOffsets.append(next)
        }
        placeEdges = pool.zeros(places.count)
        placeEdges.fill { [cursors] placeEdges in
            // Each share's cursors walk through positions that it alone has counted.
            pool.forEach(shares) { share in
                var cursor = cursors[share]
                for edge in range(share) {
                    let place = Int(places[edge])
                    placeEdges[Int(cursor[place])] = UInt32(truncatingIfNeeded: edge)
                    cursor[place] += 1
                }
            }
        }
    }
}
