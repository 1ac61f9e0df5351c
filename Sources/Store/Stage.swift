import Basics
import Synchronization
import World

// Visits that are durable but not yet among the sorted files: the blocks they came in lie in the family `staged`,
// and their rows are here, once each, in a hash table. A large import costs no sorted table in memory that way: the
// rows are sorted once, when they are enough for a file.

/// The staged visits of one store. At most 2^32 - 1 of them.
struct Stage {
    /// What came of offering a row.
    enum Outcome { case new, changed, same }

    /// Each visit once, the latest of its key, in the order of first appearance.
    private(set) var rows: [Visit] = []
    /// One plus the row that sits here; 0: nobody. A power of two, at most half full.
    private var slots: [UInt32] = []
    /// Key of the next block in `staged`.
    var nextBlock: UInt64 = 0
    /// True after a fault in the middle: the blocks on disk are the truth, and are read again before anything else.
    var isDoubtful = false
    private let share = StagedShare()

    var isEmpty: Bool { rows.isEmpty }

    /// Whether it is time to make a file of it: it holds enough, or all stores of this process together do.
    var isFull: Bool {
        rows.count >= StoreLimits.stagedRows
            || StagedShare.total.load(ordering: .relaxed) >= StoreLimits.stagedRowsOfAllStores
    }

    func contains(_ visit: Visit) -> Bool {
        guard !rows.isEmpty, case let slot = place(of: visit) else { return false }
        return slots[slot] != 0
    }

    /// Takes a row in, in place of an earlier one of the same key.
    mutating func put(_ visit: Visit) -> Outcome {
        if (rows.count + 1) * 2 > slots.count { grow() }
        let slot = place(of: visit)
        guard slots[slot] == 0 else {
            let row = Int(slots[slot]) - 1
            if rows[row].hasSameSignals(as: visit) { return .same }
            rows[row] = visit
            return .changed
        }
        rows.append(visit)
        slots[slot] = UInt32(rows.count)
        return .new
    }

    /// Tells the process how much this stage holds now. Called once a block, not once a row.
    func declare() { share.set(rows.count) }

    /// The staged row of the same key, or nil.
    func row(of visit: Visit) -> Visit? {
        guard !rows.isEmpty, case let slot = place(of: visit), slots[slot] != 0 else { return nil }
        return rows[Int(slots[slot]) - 1]
    }

    /// A stage without rows that goes on with the next block.
    func emptied() -> Stage {
        share.set(0)
        var next = Stage()
        next.nextBlock = nextBlock
        return next
    }

    /// Gives up its part of what all stages may hold: its rows are on their way into a file.
    func undeclare() { share.set(0) }

    /// Where this key sits, or the free slot where it would.
    private func place(of visit: Visit) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: visit.hash) & mask
        while slots[slot] != 0, !rows[Int(slots[slot]) - 1].hasSameKey(as: visit) { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: max(slots.count * 4, 1 << 12))
        let mask = slots.count - 1
        for (row, visit) in rows.enumerated() {
            var slot = Int(truncatingIfNeeded: visit.hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(row + 1)
        }
    }
}

/// A stage whose rows are on their way into a file. They no longer change.
final class Settling: Sendable {
    private enum State: Sendable {
        case running, done
        case failed(StoreError)
    }

    let stage: Stage
    private let people: ClosedRange<UInt64>
    private let state = Monitor(State.running)

    /// Files under way in this process: each keeps a core busy, and the stages of those that wait fill the memory.
    private static let underWay = Monitor(0)
    private static let underWayMax = 2
    /// Longer than writing any file takes; a wait needs some number. 31 years.
    private static let forever = 1_000_000_000_000

    /// Of a stage that has rows.
    init(_ stage: Stage) {
        precondition(!stage.isEmpty, "nothing to settle")
        self.stage = stage
        stage.undeclare()
        var (least, greatest) = (UInt64.max, UInt64.min)
        for row in stage.rows {
            least = min(least, row.person.number)
            greatest = max(greatest, row.person.number)
        }
        people = least...greatest
    }

    /// Carries `work` out on a thread of its own.
    func begin(_ work: @escaping @Sendable () throws(StoreError) -> Void) {
        startThread { [self] in
            Self.underWay.wait(milliseconds: Self.forever) { count -> Monitor<Int>.Progress<Void> in
                if count == Self.underWayMax { return .notYet }
                count += 1
                return .done(())
            }
            var outcome = State.done
            do throws(StoreError) { try work() } catch { outcome = .failed(error) }
            Self.underWay.withLock { count, wake in
                count -= 1
                wake()
            }
            state.withLock { state, wake in
                state = outcome
                wake()
            }
        }
    }

    var isOver: Bool { state.withLock { state, _ in if case .running = state { false } else { true } } }

    /// Waits until it is over, and says what went wrong.
    func outcome() -> StoreError? {
        let fault = state.wait(milliseconds: Self.forever) { state -> Monitor<State>.Progress<StoreError?> in
            switch state {
            case .running: .notYet
            case .done: .done(nil)
            case .failed(let fault): .done(fault)
            }
        }
        return fault ?? nil
    }

    /// The stage, unless none of its rows can have a key between these two.
    func stage(overlapping least: Visit, _ greatest: Visit) -> Stage? {
        people.overlaps(least.person.number...greatest.person.number) ? stage : nil
    }
}

/// What one stage holds of the rows that all stages of the process may hold together.
private final class StagedShare: Sendable {
    static let total = Atomic<Int>(0)
    private let rows = Atomic<Int>(0)

    func set(_ count: Int) {
        let before = rows.exchange(count, ordering: .relaxed)
        Self.total.add(count - before, ordering: .relaxed)
    }

    deinit { set(0) }
}

extension Visit {
    @inline(__always)
    fileprivate func hasSameKey(as other: Visit) -> Bool {
        person.number == other.person.number && place.number == other.place.number
            && time.milliseconds == other.time.milliseconds
    }

    func hasSameSignals(as other: Visit) -> Bool {
        dwellSeconds.bitPattern == other.dwellSeconds.bitPattern && likes == other.likes && saves == other.saves
            && shares == other.shares && attended == other.attended
    }

    /// All bits of the key, mixed by multiplication; the high half of the product is where they all meet.
    @inline(__always)
    fileprivate var hash: UInt64 {
        var mixed = person.number &* 0x9E37_79B9_7F4A_7C15 ^ place.number
        mixed = (mixed ^ mixed >> 32) &* 0xD6E8_FEB8_6659_FD93 ^ UInt64(bitPattern: time.milliseconds)
        mixed = (mixed ^ mixed >> 29) &* 0x9E37_79B9_7F4A_7C15
        return mixed >> 32 ^ mixed
    }
}
