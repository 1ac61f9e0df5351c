// Who tells whom, for one relation of one layer, in both directions: by target for the way forward, by source for the
// way back. So each pass writes every row once, from messages that it reads one behind the other, and no thread ever
// adds to what another one writes.
//
// A message has a kind, and all messages of a kind have one weight: see `EdgeKindTable`. A silent message weighs
// nothing: that is how what a step predicts is kept out of its messages without a row being rebuilt.

import Basics
import Linalg

/// Messages grouped by one of their ends.
struct MessageRows: Sendable, Equatable {
    /// Messages of row r are at `offsets[r]..<offsets[r + 1]`.
    var offsets: [UInt32] = [0]
    /// The row at the other end, and `rowsAhead` zeros behind the last.
    var others: [UInt32] = []
    /// What weighs it, below the number of kinds, or the number of kinds itself for a silent message.
    var kinds: [UInt32] = []

    var rows: Int { offsets.count - 1 }
    var count: Int { Int(offsets[offsets.count - 1]) }

    /// Grouped messages; `others` may have its padding already.
    init(offsets: [UInt32], others: [UInt32], kinds: [UInt32]) {
        precondition(offsets.count > 0 && Int(offsets[offsets.count - 1]) == kinds.count, "offsets end at the messages")
        self.offsets = offsets
        self.others = others
        self.kinds = kinds
        if others.count == kinds.count {
            self.others.append(contentsOf: repeatElement(0, count: rowsAhead))
        }
        precondition(self.others.count == kinds.count + rowsAhead, "every message has another end")
    }

    /// The same messages by their other end, of which there are `count`; the order within a row is kept.
    /// O(messages + count).
    func turned(into count: Int) -> MessageRows {
        var starts = [UInt32](repeating: 0, count: count + 1)
        let messages = self.count
        for message in 0..<messages { starts[Int(others[message]) + 1] += 1 }
        for row in 0..<count { starts[row + 1] += starts[row] }
        let offsets = starts
        var kinds: [UInt32] = []
        let turned = [UInt32](unsafeUninitializedCapacity: messages + rowsAhead) { turned, size in
            kinds = [UInt32](unsafeUninitializedCapacity: messages) { kinds, kindCount in
                starts.withUnsafeMutableBufferPointer { scatter($0, to: turned, kinds) }
                kindCount = messages
            }
            for index in messages..<messages + rowsAhead { turned.initializeElement(at: index, to: 0) }
            size = messages + rowsAhead
        }
        return MessageRows(offsets: offsets, others: turned, kinds: kinds)
    }

    /// Puts each message where its other end's next one stands.
    private func scatter(
        _ starts: UnsafeMutableBufferPointer<UInt32>, to turned: UnsafeMutableBufferPointer<UInt32>,
        _ turnedKinds: UnsafeMutableBufferPointer<UInt32>
    ) {
        others.withUnsafeBufferPointer { others in
            kinds.withUnsafeBufferPointer { kinds in
                guard let next = starts.baseAddress, let to = turned.baseAddress, let toKinds = turnedKinds.baseAddress,
                    let from = others.baseAddress, let fromKinds = kinds.baseAddress
                else { return }
                for row in 0..<rows {
                    for message in Int(offsets[row])..<Int(offsets[row + 1]) {
                        // SAFETY: starts were counted over the same messages, so that each has a position of its own.
                        let other = Int(from[message])
                        let position = Int(next[other])
                        next[other] &+= 1
                        to[position] = UInt32(truncatingIfNeeded: row)
                        toKinds[position] = fromKinds[message]
                    }
                }
            }
        }
    }

    /// The messages of some rows, in the order given.
    func rows(_ chosen: [UInt32]) -> MessageRows {
        var offsets: [UInt32] = [0]
        offsets.reserveCapacity(chosen.count + 1)
        var total = 0
        for row in chosen {
            total += Int(self.offsets[Int(row) + 1] - self.offsets[Int(row)])
            offsets.append(UInt32(truncatingIfNeeded: total))
        }
        var (others, kinds) = ([UInt32](), [UInt32]())
        others.reserveCapacity(total + rowsAhead)
        kinds.reserveCapacity(total)
        for row in chosen {
            let range = Int(self.offsets[Int(row)])..<Int(self.offsets[Int(row) + 1])
            others += self.others[range]
            kinds += self.kinds[range]
        }
        return MessageRows(offsets: offsets, others: others, kinds: kinds)
    }
}

extension MessageRows {
    /// The same with other ends of other numbers: end o becomes `numbers[o]`.
    func renumbered(_ numbers: [UInt32]) -> MessageRows {
        MessageRows(offsets: offsets, others: others.prefix(count).map { numbers[Int($0)] }, kinds: kinds)
    }

    /// The same with each row's messages ascending by their other ends, and as they were among equal ones.
    var sortedByOthers: MessageRows {
        var (others, kinds): ([UInt32], [UInt32]) = ([], [])
        others.reserveCapacity(count + rowsAhead)
        kinds.reserveCapacity(count)
        for row in 0..<rows {
            let messages = Int(offsets[row])..<Int(offsets[row + 1])
            for message in messages.sorted(by: { (self.others[$0], $0) < (self.others[$1], $1) }) {
                others.append(self.others[message])
                kinds.append(self.kinds[message])
            }
        }
        return MessageRows(offsets: offsets, others: others, kinds: kinds)
    }
}

/// The messages of one relation in one layer.
struct Messages: Sendable, Equatable {
    /// A row for each target; the others are sources.
    let byTarget: MessageRows
    /// A row for each source; the others are targets. Without it nothing goes back.
    let bySource: MessageRows?

    var targets: Int { byTarget.rows }
    var count: Int { byTarget.count }

    init(byTarget: MessageRows, bySource: MessageRows?) {
        precondition(bySource.map { $0.count == byTarget.count } ?? true, "both directions have the same messages")
        self.byTarget = byTarget
        self.bySource = bySource
    }

    /// Turns the messages for the way back to `sources` rows.
    init(_ byTarget: MessageRows, sources: Int) {
        self.init(byTarget: byTarget, bySource: byTarget.turned(into: sources))
    }
}

/// The messages of one layer, and which of the input rows are its targets.
struct LayerMessages: Sendable, Equatable {
    /// Input rows of the targets; nil when they are the first ones.
    var peopleRows: [UInt32]?
    var placeRows: [UInt32]?
    /// person <- person, over friendships.
    var social: Messages
    /// place <- person, over visits.
    var interacts: Messages
    /// person <- place, over visits.
    var revInteracts: Messages

    var people: Int { social.targets }
    var places: Int { interacts.targets }
}

/// What one step reads of a city: the vertices it encodes, and the messages of each layer.
struct Neighborhood: Sendable, Equatable {
    /// The vertices that are encoded, in the order of the input rows.
    var people: [UInt32]
    var places: [UInt32]
    /// What the messages' kinds are, as rows of `CityInputs.friendshipKinds` and `.visitKinds`.
    var friendshipKinds: [UInt32]
    var visitKinds: [UInt32]
    /// First the layer nearest to the input.
    var layers: [LayerMessages]

    /// Messages of all layers and relations.
    var messageCount: Int {
        layers.reduce(0) { $0 + $1.social.count + $1.interacts.count + $1.revInteracts.count }
    }
}
