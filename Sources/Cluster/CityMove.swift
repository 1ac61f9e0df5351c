// A city on its way from one worker to another. Its files are copied while it works on (`copying`), again and again,
// each time only what is new, until little is left. Then what is asked of it waits at the coordinator, what is under
// way is waited for (`draining`), its worker closes it (`releasing`), the rest is copied (`fetching`), and with a new
// epoch it is the other's (`opening`). When that one has opened it, what waits is passed on, and the former owner
// deletes its files (`dropping`).
//
// It is told what happened and answers with what to do, as the other state machines here. What makes it safe:
// - Up to the change of owner, which is one durable write, the city is its former owner's. Whatever goes wrong before,
//   the move is given up: the former owner opens it again, and has all of it, since nobody else has written a row. What
//   was copied is deleted (`discarding`).
// - A worker that has closed a city opens it again only when it is told that it is its own, also after a restart; the
//   other one opens it only when it has all files and is told so. So no two workers ever write one city.
// - The former owner keeps its files until the other has opened the city.
// - Every order can be given twice.

package import Basics

package struct CityMove: Equatable, Sendable {
    package enum Phase: UInt8, CaseIterable, Sendable {
        case copying = 1
        case draining = 2
        case releasing = 3
        case fetching = 4
        case opening = 5
        case dropping = 6
        case discarding = 7

        /// The word for people.
        package var word: String { String(describing: self) }
    }

    package enum Event: Equatable, Sendable {
        /// The first event, and again after reading the move back: these workers are here.
        case start(alive: [WorkerID])
        case reached(WorkerID)
        case lost(WorkerID)
        /// Nothing that was asked of the city is under way.
        case drained
        /// The new owner has copied what there was, so many bytes of it new.
        case received(bytes: UInt64, isRest: Bool)
        case released
        /// The new owner says that it holds the city, under the new epoch.
        case opened
        case dropped
        /// What was asked could not be done; it is asked again after the next tick.
        case failed(String)
        case tick(Tick)
    }

    package enum Action: Equatable, Sendable {
        /// Write the durable bytes before going on.
        case checkpoint
        /// Ask the new owner to copy the files; `rest`: those that the former owner has closed.
        case receive(rest: Bool)
        /// Ask the former owner to close the city.
        case release
        /// Make the city the new owner's, durably and together with this move.
        case changeOwner
        /// Tell the new owner that the city is its own.
        case open
        /// Pass on what waits.
        case passOn
        /// Tell the former owner to delete its files.
        case drop
        /// The move is given up: tell the owner that the city is still its own, and pass on what waits.
        case giveBack
        /// Tell the worker that it does not go to to delete what it copied.
        case discard
        /// Forget the move.
        case over
    }

    /// A copy of so little is the last one that the city works on during.
    static let restBytes: UInt64 = 64 << 20
    /// So many copies are made while the city works on, however much changes.
    static let passesMax: UInt32 = 6
    /// So often in a row something may go wrong.
    static let failuresMax: UInt32 = 5
    /// Ticks after which an order is given again: its message or its answer may be lost. The worker knows an order that
    /// it is still at.
    static let answerTicks: UInt64 = 120
    /// Ticks that requests under way are waited for.
    static let drainTicks: UInt64 = 30
    /// Ticks that workers are waited for after a restart of the coordinator.
    static let absenceTicks: UInt64 = 60

    package let city: CityID
    package let from: WorkerID
    package let to: WorkerID
    /// Under which the new owner will hold it.
    package let epoch: Epoch
    package private(set) var phase = Phase.copying
    /// Copies made so far, and what went over the wire.
    package private(set) var passes: UInt32 = 0
    package private(set) var bytes: UInt64 = 0
    /// Why something is asked again, or why it is given up; empty when all is well.
    package private(set) var fault = ""

    private var here: Set<WorkerID> = []
    private var isAsked = false
    /// Not before the next tick.
    private var isHeld = false
    private var failures: UInt32 = 0
    /// Since when it waits for an answer, or for a worker; nil: the next tick will say.
    private var since: Tick?

    package init(city: CityID, from: WorkerID, to: WorkerID, epoch: Epoch) {
        precondition(from != to, "a move to where the city is")
        (self.city, self.from, self.to, self.epoch) = (city, from, to, epoch)
    }

    /// Whether what is asked of the city has to wait.
    package var isHolding: Bool {
        switch phase {
        case .draining, .releasing, .fetching, .opening: true
        case .copying, .dropping, .discarding: false
        }
    }

    /// Whether it can still be given up.
    package var isBeforeChange: Bool { phase.rawValue < Phase.opening.rawValue }

    /// Whether the former owner may have closed the city.
    package var mayBeClosed: Bool { phase == .releasing || phase == .fetching }

    /// Tells the move what happened. Events that cannot be meant for its phase change nothing.
    package mutating func handle(_ event: Event) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .start(let alive):
            here = Set(alive)
            forgetOrder()
            // What was not closed works on, so it is copied once more; requests that waited are gone.
            if phase == .draining { phase = .copying }
        case .reached(let worker):
            here.insert(worker)
            if worker == from || worker == to { forgetOrder() }
        case .lost(let worker):
            here.remove(worker)
            guard worker == from || worker == to else { break }
            if isBeforeChange { return giveUp("a worker of the move is gone") }
            forgetOrder()
        case .drained:
            guard phase == .draining else { break }
            go(to: .releasing)
            actions = [.checkpoint]
        case .received(let bytes, let isRest): actions = received(bytes, isRest: isRest)
        case .released: if phase == .releasing { go(to: .fetching) }
        case .opened:
            guard phase == .opening else { break }
            go(to: .dropping)
            actions = [.checkpoint, .passOn]
        case .dropped: if phase == .dropping || phase == .discarding { return [.over] }
        case .failed(let detail):
            guard isAsked else { break }
            (isAsked, isHeld, failures) = (false, true, failures + 1)
            if phase != .discarding { fault = detail }
            if isBeforeChange, failures >= Self.failuresMax { return giveUp(detail) }
        case .tick(let tick): if let end = self.tick(tick) { return end }
        }
        return actions + proceed()
    }

    private mutating func received(_ bytes: UInt64, isRest: Bool) -> [Action] {
        guard isRest == (phase == .fetching), phase == .copying || phase == .fetching else { return [] }
        self.bytes = self.bytes.addingSaturated(bytes)
        passes += 1
        if phase == .fetching {
            go(to: .opening)
            return [.changeOwner]
        }
        go(to: bytes <= Self.restBytes || passes >= Self.passesMax ? .draining : .copying)
        return []
    }

    private mutating func go(to next: Phase) {
        phase = next
        (failures, fault) = (0, "")
        forgetOrder()
    }

    private mutating func forgetOrder() { (isAsked, isHeld, since) = (false, false, nil) }

    private mutating func giveUp(_ reason: String) -> [Action] {
        go(to: .discarding)
        fault = reason
        return [.checkpoint, .giveBack] + proceed()
    }

    /// The end, where the tick brings it.
    private mutating func tick(_ tick: Tick) -> [Action]? {
        isHeld = false
        guard let since else {
            since = tick
            return nil
        }
        let span = tick.elapsed(since: since)
        if phase == .draining, span > Self.drainTicks { return handle(.drained) }
        if isAsked, span > Self.answerTicks { forgetOrder() }
        if isBeforeChange, !isAsked, phase != .draining, !bothHere, span > Self.absenceTicks {
            return giveUp("a worker of the move is away")
        }
        return nil
    }

    private var bothHere: Bool { here.contains(from) && here.contains(to) }

    /// Asks for what the phase needs, if it has not been asked.
    private mutating func proceed() -> [Action] {
        guard !isAsked, !isHeld else { return [] }
        let action: Action
        switch phase {
        case .copying where bothHere: action = .receive(rest: false)
        case .releasing where bothHere: action = .release
        case .fetching where bothHere: action = .receive(rest: true)
        case .opening where here.contains(to): action = .open
        case .dropping where here.contains(from): action = .drop
        case .discarding where here.contains(to): action = .discard
        default: return []
        }
        (isAsked, since) = (true, nil)
        return [action]
    }
}

extension CityMove {
    private static let format: UInt8 = 1

    /// The durable bytes, little-endian: format u8 (1), city u32, from u32, to u32, epoch u64, phase u8, passes u32,
    /// bytes u64.
    func encode(into writer: inout ByteWriter) {
        writer.put(Self.format)
        writer.put(city.number)
        writer.put(from.number)
        writer.put(to.number)
        writer.put(epoch.number)
        writer.put(phase.rawValue)
        writer.put(passes)
        writer.put(bytes)
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        try reader.checkFormat(Self.format, of: "a city's move")
        let city = CityID(try reader.get())
        let (from, to) = (WorkerID(try reader.get()), WorkerID(try reader.get()))
        guard from != to else { throw .invalid("a move from worker \(from) to itself") }
        self.init(city: city, from: from, to: to, epoch: Epoch(try reader.get()))
        let number: UInt8 = try reader.get()
        guard let phase = Phase(rawValue: number) else { throw .invalid("phase \(number) of a move") }
        self.phase = phase
        passes = try reader.get()
        bytes = try reader.get()
    }

    /// All moves of a cluster as one value.
    package static func encoded(_ moves: [CityMove]) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(UInt32(moves.count))
        for move in moves { move.encode(into: &writer) }
        return writer.bytes
    }

    package static func decoded(_ bytes: [UInt8]) throws(ByteError) -> [CityMove] {
        var reader = ByteReader(bytes)
        var moves: [CityMove] = []
        for _ in 0..<(try reader.get(UInt32.self)) { moves.append(try CityMove(from: &reader)) }
        try reader.finish()
        return moves
    }
}
