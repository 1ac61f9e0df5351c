// The first half of the build: one thread takes the visits of some people, gives numbers to places, brings each
// person's visits into the order of time, and cuts: the last share of a resident's visits is held out, the rest
// will be edges. Threads take different people and need know nothing of each other.
//
// Visits come as the store keeps them: all of a person together, by place and then time. So a person is looked up
// once, a place once per person, and a sort need only look at times: the order of arrival settles ties.

import Basics
import World

/// The training visits and the held-out places of some people, in rows.
struct VisitPiece: Sendable {
    struct Row: Sendable {
        var person: UInt32
        /// Training visits.
        var visits: Range<Int>
        var heldOut: Range<Int>
        /// Times of the first and the last training visit, milliseconds since 1970; 0 without visits.
        var firstTime: Int64
        var lastTime: Int64
    }

    var rows: [Row] = []
    var places: [UInt32] = []
    var packed: [UInt16] = []
    var seconds: [Float] = []
    var heldOutPlaces: [UInt32] = []
    /// Visits of unknown people or to unknown places.
    var skipped = 0
}

/// How many of `visits` visits of a resident are held out: the share rounded down but at least one,
/// and none of fewer than five or when the share is zero.
package func heldOutCount(visits: Int, share: Double) -> Int {
    if visits < 5 || share <= 0 { return 0 }
    return max(1, Int(Double(visits) * share))
}

extension VisitPiece {
    /// Makes rows of visits that stand by person, place and time, each visit once.
    init(_ visits: ArraySlice<Visit>, of vertices: CityVertices, heldOutShare: Double) {
        places.reserveCapacity(visits.count)
        packed.reserveCapacity(visits.count)
        seconds.reserveCapacity(visits.count)
        var scratch = RowScratch(places: vertices.places.count)
        var start = visits.startIndex
        while start < visits.endIndex {
            let id = visits[start].person
            var end = start + 1
            while end < visits.endIndex, visits[end].person == id { end += 1 }
            if let person = vertices.personIndex.position(of: id.number) {
                let share = Int(person) < vertices.residents ? heldOutShare : 0
                add(person, visits[start..<end], &scratch, vertices.placeIndex, heldOutShare: share)
            } else {
                skipped += end - start
            }
            start = end
        }
    }

    private mutating func add(
        _ person: UInt32, _ visits: ArraySlice<Visit>, _ scratch: inout RowScratch, _ placeIndex: LocalIndex,
        heldOutShare: Double
    ) {
        scratch.read(visits, placeIndex)
        skipped += visits.count - scratch.places.count
        let count = scratch.places.count
        scratch.orderByTime()
        let held = heldOutCount(visits: count, share: heldOutShare)
        let first = places.count
        for position in scratch.order[..<(count - held)] {
            let place = scratch.places[position]
            scratch.mark[Int(place)] = person
            let visit = visits[visits.startIndex + scratch.sources[position]]
            let signals = VisitSignals(visit)
            places.append(place)
            packed.append(signals.packed)
            seconds.append(signals.dwellSeconds)
        }
        let firstHeld = heldOutPlaces.count
        for position in scratch.order[(count - held)...] {
            let place = scratch.places[position]
            if scratch.mark[Int(place)] == person { continue }
            scratch.mark[Int(place)] = person
            heldOutPlaces.append(place)
        }
        heldOutPlaces[firstHeld...].sort()
        let hasVisits = count > held
        rows.append(
            Row(
                person: person, visits: first..<places.count, heldOut: firstHeld..<heldOutPlaces.count,
                firstTime: hasVisits ? scratch.times[scratch.order[0]] : 0,
                lastTime: hasVisits ? scratch.times[scratch.order[count - held - 1]] : 0))
    }
}

/// Working memory for one person's visits after another's.
struct RowScratch {
    /// Local place and time of each visit to a known place, and where it stood among the person's visits.
    private(set) var places: [UInt32] = []
    private(set) var times: [Int64] = []
    private(set) var sources: [Int] = []
    /// Positions in the three above, earliest first.
    private(set) var order: [Int] = []
    /// The last person who trained on, or holds out, each place.
    var mark: [UInt32]
    private var keys: [UInt64] = []

    init(places: Int) { mark = [UInt32](repeating: .max, count: places) }

    /// Takes in the visits of a person whose places are known.
    mutating func read(_ visits: ArraySlice<Visit>, _ placeIndex: LocalIndex) {
        places.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        sources.removeAll(keepingCapacity: true)
        var last: (id: PlaceID, place: UInt32?)?
        for index in visits.indices {
            let id = visits[index].place
            if last?.id != id { last = (id, placeIndex.position(of: id.number)) }
            guard let place = last?.place else { continue }
            places.append(place)
            times.append(visits[index].time.milliseconds)
            sources.append(index - visits.startIndex)
        }
    }

    /// Fills `order`. One number holds time and position wherever the person's years leave room for that, which
    /// is to say for all but invented times; numbers sort several times faster than pairs.
    mutating func orderByTime() {
        order.removeAll(keepingCapacity: true)
        guard let earliest = times.min(), let latest = times.max() else { return }
        let bits = Int.bitWidth - (times.count - 1).leadingZeroBitCount
        let span = UInt64(bitPattern: latest &- earliest)
        guard span.leadingZeroBitCount >= bits else {
            let times = times
            order.append(contentsOf: times.indices)
            order.sort { times[$0] != times[$1] ? times[$0] < times[$1] : $0 < $1 }
            return
        }
        keys.removeAll(keepingCapacity: true)
        for (position, time) in times.enumerated() {
            keys.append(UInt64(bitPattern: time &- earliest) << UInt64(bits) | UInt64(position))
        }
        keys.sort()
        let mask: UInt64 = 1 << UInt64(bits) - 1
        for key in keys { order.append(Int(key & mask)) }
    }
}
