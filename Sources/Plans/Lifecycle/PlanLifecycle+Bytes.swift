package import Basics

/// The stored form, every number little-endian:
///
/// | bytes | what |
/// | --- | --- |
/// | 1 | format, 1 |
/// | 1, 1, 1, 1 | stage, reason, high momentum, reopenings |
/// | 8, 4 | number of the last event applied, transitions so far |
/// | 4, 4, 8, 8, 8 | minimum, capacity, deadline, momentum bar, fit bar |
/// | 4, then 8 each | starters, accepted, declined, waiting: four lists |
extension PlanLifecycle {
    private static let format: UInt8 = 1

    package func encode(into writer: inout ByteWriter) {
        writer.put(Self.format)
        writer.put(stage.rawValue)
        writer.put(reason.rawValue)
        writer.put(isHighMomentum)
        writer.put(reopenings)
        writer.put(applied)
        writer.put(transitions)
        writer.put(terms.minimum)
        writer.put(terms.capacity)
        writer.put(terms.deadline)
        writer.put(terms.momentumBar)
        writer.put(terms.fitBar)
        for people in [terms.starters, accepted, declined, waiting] { writer.put(array: people.map(\.number)) }
    }

    /// Errors: `ByteError` when bytes are missing or hold what no plan can hold.
    package init(from reader: inout ByteReader) throws(ByteError) {
        let format: UInt8 = try reader.get()
        guard format == Self.format else { throw .invalid("plan format \(format)") }
        let (stageNumber, reasonNumber): (UInt8, UInt8) = (try reader.get(), try reader.get())
        guard let stage = PlanStage(rawValue: stageNumber) else { throw .invalid("plan stage \(stageNumber)") }
        guard let reason = ReleaseReason(rawValue: reasonNumber) else { throw .invalid("reason \(reasonNumber)") }
        let isHighMomentum = try reader.getBool()
        let reopenings: UInt8 = try reader.get()
        let (applied, transitions): (UInt64, UInt32) = (try reader.get(), try reader.get())
        let (minimum, capacity, deadline): (UInt32, UInt32, UInt64) = (
            try reader.get(), try reader.get(), try reader.get()
        )
        let (momentumBar, fitBar) = (try reader.getDouble(), try reader.getDouble())
        guard 2 <= minimum, minimum <= capacity else { throw .invalid("minimum \(minimum), capacity \(capacity)") }
        guard momentumBar.isFinite, fitBar.isFinite else { throw .invalid("bars of a plan") }
        var lists: [[PersonID]] = []
        for _ in 0..<4 { lists.append(try reader.getArray(of: UInt64.self).map { PersonID($0) }) }
        guard lists[0].count == 2 || lists[0].count == 3 else { throw .invalid("\(lists[0].count) starters") }
        self.init(
            PlanTerms(
                starters: lists[0], minimum: minimum, capacity: capacity, deadline: deadline, momentumBar: momentumBar,
                fitBar: fitBar))
        (self.stage, self.reason, self.isHighMomentum, self.reopenings) = (stage, reason, isHighMomentum, reopenings)
        (self.applied, self.transitions) = (applied, transitions)
        (accepted, declined, waiting) = (lists[1], lists[2], lists[3])
    }
}
