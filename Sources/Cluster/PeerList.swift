// Where workers reach each other. Each says so with every heartbeat; whoever is here is told the whole list, under a
// number that it repeats with its heartbeats. Nothing of it is durable: after a restart the coordinator hears it again.

package import Basics
package import Wire

/// The doors of the workers that are here.
package struct PeerList: Equatable, Sendable {
    /// Of the list as it stands.
    package private(set) var number: UInt64
    /// Whether it has changed since everybody was told.
    package private(set) var isNews = false
    private var doors: [WorkerID: Door] = [:]

    /// Nobody. Numbers are only compared for being the same; `firstNumber` should not be one of a former life.
    package init(firstNumber: UInt64) { number = firstNumber }

    /// A worker said where it is.
    package mutating func heard(_ worker: WorkerID, at door: Door) {
        if doors[worker] != door { change { $0[worker] = door } }
    }

    package func knows(_ worker: WorkerID) -> Bool { doors[worker] != nil }

    package mutating func gone(_ worker: WorkerID) {
        if doors[worker] != nil { change { $0[worker] = nil } }
    }

    private mutating func change(_ body: (inout [WorkerID: Door]) -> Void) {
        body(&doors)
        number += 1
        isNews = true
    }

    package mutating func told() { isNews = false }

    package func table(name: (WorkerID) -> String) -> PeerTable {
        PeerTable(
            number: number,
            rows: doors.keys.sorted().map { PeerRow(worker: $0, name: name($0), door: doors[$0]!) })
    }
}
