// What is large goes from worker to worker, not through the coordinator. Each worker has a door of its own, a socket
// where others ask it; the coordinator, which hears of all doors, tells everybody where they are. The hello, whose
// layout is frozen, cannot carry a door. Every heartbeat does, so that a restarted coordinator hears of it again.

package import Basics

/// Where other workers reach one.
package struct Door: Part {
    /// As `tcp://HOST:PORT`.
    package var address: String
    /// What the door proves to have the secret of, and what its worker comes with to others' doors; empty without keys.
    package var publicKey: String

    package init(address: String, publicKey: String) {
        self.address = address
        self.publicKey = publicKey
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        address = try reader.getName()
        publicKey = try reader.getName()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(address)
        writer.put(publicKey)
    }
}

/// One worker that is here.
package struct PeerRow: Part {
    package var worker: WorkerID
    /// For people.
    package var name: String
    package var door: Door

    package init(worker: WorkerID, name: String, door: Door) {
        self.worker = worker
        self.name = name
        self.door = door
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        worker = try reader.getIdentifier()
        name = try reader.getName()
        door = try Door(from: &reader)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(worker)
        writer.put(name)
        writer.put(door)
    }
}

/// Coordinator to worker, whenever somebody comes, goes or moves, and to whom a heartbeat shows to have another one:
/// every worker that is here, the one that is told included. No answer: the next heartbeat names the number.
package struct PeerTable: Body {
    package static let kind = Kind.peers
    /// No other table has it, nor had one of a former life of the coordinator.
    package var number: UInt64
    /// Ascending by worker.
    package var rows: [PeerRow]

    package init(number: UInt64, rows: [PeerRow]) {
        self.number = number
        self.rows = rows
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        number = try reader.get()
        rows = try reader.getList(smallest: 16)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(number)
        writer.put(list: rows)
    }
}
