// Visits become edges in four passes, none of which compares more than one person's visits: find the local
// numbers, group by person (counting sort), sort each person's visits by time, and cut: the last share of a
// resident's visits is held out, the rest are edges. A counting sort by place then gives the other direction.

import Basics

/// A visit as it was handed in, 32 bytes.
struct VisitRow: BitwiseCopyable {
    var person: UInt64
    var place: UInt64
    var milliseconds: Int64
    var signals: VisitSignals
}

/// The visit relation of a city, in both directions, and what is held out of it.
struct VisitEdges {
    var offsets: [UInt32] = [0]
    var places: [UInt32] = []
    var signals: [VisitSignals] = []
    /// When each training visit took place, milliseconds since 1970 UTC.
    var milliseconds: [Int64] = []
    var placeOffsets: [UInt32] = [0]
    var placeVisitors: [UInt32] = []
    var placeEdges: [UInt32] = []
    var heldOutOffsets: [UInt32] = [0]
    var heldOutPlaces: [UInt32] = []
    /// Visits of unknown people or to unknown places.
    var skipped = 0
}

/// How many of `visits` visits of a resident are held out: the share rounded down but at least one,
/// and none of fewer than five or when the share is zero.
func heldOutCount(visits: Int, share: Double) -> Int {
    if visits < 5 || share <= 0 { return 0 }
    return max(1, Int(Double(visits) * share))
}

/// One visit on its way into the arrays; the row tells later arrivals from earlier ones.
private struct Entry: BitwiseCopyable {
    var milliseconds: Int64
    var place: UInt32
    var row: UInt32

    static func isEarlier(_ left: Entry, _ right: Entry) -> Bool {
        if left.milliseconds != right.milliseconds { return left.milliseconds < right.milliseconds }
        if left.place != right.place { return left.place < right.place }
        return left.row < right.row
    }

    func isSameVisit(as other: Entry) -> Bool { milliseconds == other.milliseconds && place == other.place }
}

extension VisitEdges {
    /// Builds both directions. The first `residents` people of the index hold out `heldOutShare`.
    /// Of two rows with the same person, place and time the later one counts.
    init(
        rows: [VisitRow], people: LocalIndex, residents: Int, places placeIndex: LocalIndex,
        heldOutShare: Double, pool: ComputePool
    ) {
        precondition(rows.count < Int(UInt32.max), "a city has fewer than 2^32 visits")
        var localPeople = [UInt32](repeating: .max, count: rows.count)
        var localPlaces = [UInt32](repeating: .max, count: rows.count)
        for (number, row) in rows.enumerated() {
            guard let person = people.position(of: row.person), let place = placeIndex.position(of: row.place)
            else {
                skipped += 1
                continue
            }
            localPeople[number] = person
            localPlaces[number] = place
        }
        let (groups, order) = grouped(by: localPeople, groups: people.count)
        var entries = order.map { row in
            Entry(milliseconds: rows[Int(row)].milliseconds, place: localPlaces[Int(row)], row: row)
        }
        pool.sortGroups(of: &entries, offsets: groups, by: Entry.isEarlier)
        reserve(visits: entries.count, people: people.count)
        var mark = [UInt32](repeating: .max, count: placeIndex.count)
        for person in 0..<people.count {
            let end = Self.keepLatest(of: &entries, in: Int(groups[person])..<Int(groups[person + 1]))
            let all = Int(groups[person])..<end
            let held = person < residents ? heldOutCount(visits: all.count, share: heldOutShare) : 0
            let cut = all.upperBound - held
            for entry in entries[all.lowerBound..<cut] {
                mark[Int(entry.place)] = UInt32(person)
                self.places.append(entry.place)
                signals.append(rows[Int(entry.row)].signals)
                milliseconds.append(entry.milliseconds)
            }
            offsets.append(UInt32(places.count))
            if person < residents { holdOut(entries[cut..<all.upperBound], person: UInt32(person), mark: &mark) }
        }
        turnByPlace(places: placeIndex.count)
    }

    /// Days from the first training visit to the last, at least one.
    var spanInDays: Float {
        guard let first = milliseconds.min(), let last = milliseconds.max() else { return 1 }
        return max(1, Float(Double(last - first) / 86_400_000))
    }

    private mutating func reserve(visits: Int, people: Int) {
        places.reserveCapacity(visits)
        signals.reserveCapacity(visits)
        milliseconds.reserveCapacity(visits)
        offsets.reserveCapacity(people + 1)
        heldOutOffsets.reserveCapacity(people + 1)
    }

    /// Moves the last arrival of each visit to the front of `range`; answers where they end.
    private static func keepLatest(of entries: inout [Entry], in range: Range<Int>) -> Int {
        var end = range.lowerBound
        for index in range {
            if end > range.lowerBound, entries[end - 1].isSameVisit(as: entries[index]) { end -= 1 }
            entries[end] = entries[index]
            end += 1
        }
        return end
    }

    /// Adds a resident's row of held-out places: those not marked as trained on, each once, ascending.
    private mutating func holdOut(_ entries: ArraySlice<Entry>, person: UInt32, mark: inout [UInt32]) {
        let start = heldOutPlaces.count
        for entry in entries where mark[Int(entry.place)] != person {
            mark[Int(entry.place)] = person
            heldOutPlaces.append(entry.place)
        }
        heldOutPlaces[start...].sort()
        heldOutOffsets.append(UInt32(heldOutPlaces.count))
    }

    /// Fills the place-major arrays from the person-major ones.
    private mutating func turnByPlace(places count: Int) {
        var visitors = [UInt32](repeating: 0, count: places.count)
        for person in 0..<offsets.count - 1 {
            for edge in Int(offsets[person])..<Int(offsets[person + 1]) { visitors[edge] = UInt32(person) }
        }
        (placeOffsets, placeEdges) = grouped(by: places, groups: count)
        placeVisitors = placeEdges.map { visitors[Int($0)] }
    }
}
