// The signals of all visits of a city, 2 to 6 bytes each. Nothing that a feature, a rating or a share is computed
// from is lost: counts are kept as far as they are looked at (the fifth like is the last that changes a feature), and
// the seconds spent take the narrowest column that holds all of them exactly: none where no visit has any,
// 16 bits where all are whole, a float where one is not. A kernel opens them one visit at a time.

import World

/// One `VisitSignals` per visit, packed. Equal signals make equal columns.
///
/// | bits of `packed` | field |
/// | --- | --- |
/// | 0-3 | flags of `VisitSignals` |
/// | 4-6 | likes, at most 5 |
/// | 7-8 | saves, at most 3 |
/// | 9-10 | shares, at most 2 |
package struct VisitSignalColumn: RandomAccessCollection, Equatable, Sendable {
    private let packed: [UInt16]
    /// Seconds spent where all are whole and some are not zero; those above 65,535 are kept as that.
    private let wholeSeconds: [UInt16]
    /// Seconds spent where some are not whole.
    private let exactSeconds: [Float]

    /// Columns of the same length: `packed` as in the table, and the seconds of each, not negative.
    init(packed: [UInt16], seconds: [Float]) {
        precondition(packed.count == seconds.count, "every visit has a time spent")
        self.packed = packed
        var isZero = true
        var isWhole = true
        for value in seconds where value != 0 {
            isZero = false
            if value != value.rounded(.towardZero) {
                isWhole = false
                break
            }
        }
        wholeSeconds = isWhole && !isZero ? seconds.map { UInt16(Swift.min($0, Float(UInt16.max))) } : []
        exactSeconds = isWhole ? [] : seconds
    }

    /// Packs signals.
    package init(_ signals: some Collection<VisitSignals>) {
        self.init(packed: signals.map(\.packed), seconds: signals.map(\.dwellSeconds))
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { packed.count }

    package subscript(index: Int) -> VisitSignals { VisitSignals(packed: packed[index], seconds: seconds(at: index)) }

    /// Seconds spent at each visit.
    var seconds: [Float] {
        if !exactSeconds.isEmpty { return exactSeconds }
        return wholeSeconds.isEmpty ? [Float](repeating: 0, count: packed.count) : wholeSeconds.map { Float($0) }
    }

    /// The packed part of each visit.
    var packedParts: [UInt16] { packed }

    /// The memory that it occupies.
    var bytes: Int { 2 * packed.count + 2 * wholeSeconds.count + 4 * exactSeconds.count }

    private func seconds(at index: Int) -> Float {
        if !exactSeconds.isEmpty { return exactSeconds[index] }
        return wholeSeconds.isEmpty ? 0 : Float(wholeSeconds[index])
    }
}

extension VisitSignals {
    /// All but the seconds, in 11 bits. Larger counts than these change neither a feature nor the rating.
    var packed: UInt16 {
        UInt16(flags & 15) | UInt16(min(likes, 5)) << 4 | UInt16(min(saves, 3)) << 7 | UInt16(min(shares, 2)) << 9
    }

    init(packed: UInt16, seconds: Float) {
        dwellSeconds = seconds
        likes = UInt8(packed >> 4 & 7)
        saves = UInt8(packed >> 7 & 3)
        shares = UInt8(packed >> 9 & 3)
        flags = UInt8(packed & 15)
    }

    /// Number of the `TimeSlot` of the visit.
    package var slot: UInt8 { TimeSlot(timeOfDay: timeOfDay, isWeekend: isWeekend).number }
}
