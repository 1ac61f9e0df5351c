// Who is here now. Nothing of this is durable: after a restart of the coordinator everybody says hello again.
// Like a doorman who notes when he last saw each guest: three beats of silence and the chair is free. He
// does not ask why; a guest who comes back says hello and is as welcome as a new one.
//
// A worker (a name in the settings, durable rows) and its peer (one process, one connection) are different
// things: a restarted worker is the same worker behind a new peer. Its first incarnation is then lost, even when
// its silence has not lasted yet.

package import Basics

/// What changed. Events come in an order that can be acted upon one by one: a loss before the new arrival.
package enum MembershipEvent: Equatable, Sendable {
    case joined(WorkerID, peer: [UInt8])
    /// Left with a goodbye: nothing of what was asked of it will come.
    case left(WorkerID, peer: [UInt8])
    /// Silent for too long, or replaced by a new incarnation: what was asked of it may never come.
    case lost(WorkerID, peer: [UInt8])
}

/// The workers that are here, by last sign of life.
package struct Membership: Equatable, Sendable {
    /// Ticks of silence that are still life.
    package static let livenessDefault: UInt64 = 3

    private struct Member: Equatable {
        var peer: [UInt8]
        var heard: Tick
    }

    private let liveness: UInt64
    private var members: [WorkerID: Member] = [:]
    private var workers: [[UInt8]: WorkerID] = [:]

    /// Nobody. A worker is lost at the first tick that is more than `liveness` ticks after its last sign of life.
    package init(liveness: UInt64 = Membership.livenessDefault) { self.liveness = liveness }

    /// Those here, ascending.
    package var alive: [WorkerID] { members.keys.sorted() }

    /// Where to send to; nil: it is away.
    package func peer(of worker: WorkerID) -> [UInt8]? { members[worker]?.peer }

    /// Who speaks; nil: nobody that is here.
    package func worker(of peer: [UInt8]) -> WorkerID? { workers[peer] }

    /// A worker introduced itself. The same hello again (a retry) is only a sign of life.
    package mutating func hello(_ worker: WorkerID, peer: [UInt8], at tick: Tick) -> [MembershipEvent] {
        var events: [MembershipEvent] = []
        if members[worker]?.peer == peer {
            members[worker]?.heard = tick
            return []
        }
        if let other = workers[peer] { events += remove(other).map { [.lost(other, peer: $0)] } ?? [] }
        events += remove(worker).map { [.lost(worker, peer: $0)] } ?? []
        members[worker] = Member(peer: peer, heard: tick)
        workers[peer] = worker
        events.append(.joined(worker, peer: peer))
        return events
    }

    /// A sign of life. False: this peer is nobody here (lost, replaced, or the coordinator restarted); it must be
    /// told, so that it says hello again or ends.
    package mutating func heartbeat(from peer: [UInt8], at tick: Tick) -> Bool {
        guard let worker = workers[peer] else { return false }
        members[worker]?.heard = tick
        return true
    }

    /// Time has come to `tick`: who has been silent for too long is lost, ascending by number.
    package mutating func tick(at tick: Tick) -> [MembershipEvent] {
        var events: [MembershipEvent] = []
        for worker in alive {
            guard let member = members[worker], tick.elapsed(since: member.heard) > liveness else { continue }
            _ = remove(worker)
            events.append(.lost(worker, peer: member.peer))
        }
        return events
    }

    /// A goodbye. Of a peer that is nobody here it means nothing.
    package mutating func bye(peer: [UInt8]) -> [MembershipEvent] {
        guard let worker = workers[peer] else { return [] }
        _ = remove(worker)
        return [.left(worker, peer: peer)]
    }

    private mutating func remove(_ worker: WorkerID) -> [UInt8]? {
        guard let member = members.removeValue(forKey: worker) else { return nil }
        workers[member.peer] = nil
        return member.peer
    }
}

extension Tick {
    /// Ticks from an earlier one to this; 0 when that one is later.
    func elapsed(since earlier: Tick) -> UInt64 { number > earlier.number ? number - earlier.number : 0 }
}
