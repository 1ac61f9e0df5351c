// The truth about pairs of people, as a model of friendships is trained and judged on it. Labels are no edges:
// no message passes along them.

import Basics
import World

/// What a friend label says of its two people.
package struct FriendOutcome: OptionSet, BitwiseCopyable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// They get on.
    package static let compatible = FriendOutcome(rawValue: 1)
    /// They come when they are invited together.
    package static let attends = FriendOutcome(rawValue: 2)
}

/// The friend labels of a city's residents.
struct FriendLabels {
    /// Two local people per label, the lower first; ascending.
    private(set) var pairs: [UInt32] = []
    private(set) var outcomes: [FriendOutcome] = []
    /// Labels with a missing end, of a person with itself, or of two people who live elsewhere.
    private(set) var skipped = 0

    private struct Entry: BitwiseCopyable {
        var pair: UInt64
        var row: UInt32

        static func isEarlier(_ left: Entry, _ right: Entry) -> Bool {
            left.pair != right.pair ? left.pair < right.pair : left.row < right.row
        }
    }

    /// Of two labels of the same people the later one counts. O(labels · log(labels)).
    init(labels: [FriendLabel], people: LocalIndex, residents: Int) {
        precondition(labels.count < Int(UInt32.max), "a city has fewer than 2^32 friend labels")
        var entries: [Entry] = []
        entries.reserveCapacity(labels.count)
        for (row, label) in labels.enumerated() {
            guard let one = people.position(of: label.first.number),
                let other = people.position(of: label.second.number), one != other, min(one, other) < residents
            else {
                skipped += 1
                continue
            }
            let pair = UInt64(min(one, other)) << 32 | UInt64(max(one, other))
            entries.append(Entry(pair: pair, row: UInt32(row)))
        }
        entries.sort(by: Entry.isEarlier)
        for (index, entry) in entries.enumerated() {
            if index + 1 < entries.count, entries[index + 1].pair == entry.pair { continue }
            pairs += [UInt32(entry.pair >> 32), UInt32(truncatingIfNeeded: entry.pair)]
            outcomes.append(FriendOutcome(rawValue: labels[Int(entry.row)].flags))
        }
    }
}
