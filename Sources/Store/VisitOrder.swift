import Basics
import World

extension Visit {
    /// The order of keys on disk: person, place, time.
    @inline(__always)
    func precedes(_ other: Visit) -> Bool {
        if person.number != other.person.number { return person.number < other.person.number }
        if place.number != other.place.number { return place.number < other.place.number }
        return time.milliseconds < other.time.milliseconds
    }
}

/// The visits in the order of their keys, of which no two may be equal. They are dealt into 65,536 buckets by person
/// first, so that what is compared lies together in the cache. O(visits) for people numbered in any even way.
func inOrderOfKeys(_ visits: [Visit]) -> [Visit] {
    guard var least = visits.first?.person.number else { return [] }
    var greatest = least
    for visit in visits {
        least = min(least, visit.person.number)
        greatest = max(greatest, visit.person.number)
    }
    let bucketBits = 16
    let shift = UInt64(max(0, UInt64.bitWidth - (greatest - least).leadingZeroBitCount - bucketBits))
    func bucket(_ visit: Visit) -> Int { Int((visit.person.number - least) >> shift) }

    var ends = [Int](repeating: 0, count: 1 << bucketBits)
    for visit in visits { ends[bucket(visit)] += 1 }
    var sum = 0
    for index in ends.indices {
        let count = ends[index]
        ends[index] = sum
        sum += count
    }
    return [Visit](unsafeUninitializedCapacity: visits.count) { buffer, initialized in
        // SAFETY: the counts sum to the number of visits, so each of these places is written exactly once.
        for visit in visits {
            let index = bucket(visit)
            buffer.initializeElement(at: ends[index], to: visit)
            ends[index] += 1
        }
        initialized = visits.count
        var start = 0
        for end in ends where end > start {
            var part = UnsafeMutableBufferPointer(rebasing: buffer[start..<end])
            part.sort { $0.precedes($1) }
            start = end
        }
    }
}
