// The first words. A worker or command says hello with the range of protocols it speaks; the coordinator
// answers welcome with the highest one both speak, or refused with one line that names both versions.
// The worker checks the welcome in turn, so neither side goes on with a stranger. The layouts of these
// three bodies never change.

package import Basics

/// What this program is. Two builds of one protocol work together; two protocols do only where ranges overlap.
package enum Build {
    /// The version that people see.
    package static let identifier = "0.1.0"
    /// The oldest protocol this program still speaks.
    package static let protocolLowest: UInt16 = 6
    /// The newest protocol this program speaks, and the one it writes.
    package static let protocolHighest: UInt16 = 6

    static var protocolRange: ClosedRange<UInt16> { protocolLowest...protocolHighest }
    static var spoken: String { Wire.spoken(protocolLowest, protocolHighest) }
}

/// What kind of process says hello.
package enum Role: UInt8, CaseIterable, Sendable {
    /// Hosts cities; sends heartbeats.
    case worker = 1
    /// Asks and leaves; no heartbeats, no cities.
    case command = 2

    /// The word for logs and errors.
    package var name: String { String(describing: self) }
}

/// Worker or command to coordinator, first message of every connection. Answer: `Welcome` or `Refused`.
package struct Hello: Body {
    package static let kind = Kind.hello
    /// What it comes for.
    package var role: Role
    /// Oldest protocol it speaks.
    package var protocolLowest: UInt16
    /// Newest protocol it speaks; not below the oldest.
    package var protocolHighest: UInt16
    /// Build of the sender, for people.
    package var build: String
    /// Stable over restarts for a worker: the name from its settings.
    package var name: String
    /// The operating system's number, for people who look for the process.
    package var processID: UInt32

    /// Protocols and build are this program's own unless a test says otherwise.
    package init(
        role: Role, name: String, processID: UInt32, protocolLowest: UInt16 = Build.protocolLowest,
        protocolHighest: UInt16 = Build.protocolHighest, build: String = Build.identifier
    ) {
        self.role = role
        self.protocolLowest = protocolLowest
        self.protocolHighest = protocolHighest
        self.build = build
        self.name = name
        self.processID = processID
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        let number = try reader.get(UInt8.self)
        guard let role = Role(rawValue: number) else { throw .invalid("role \(number)") }
        self.role = role
        protocolLowest = try reader.get()
        protocolHighest = try reader.get()
        guard protocolLowest <= protocolHighest else {
            throw .invalid("protocols \(protocolLowest) to \(protocolHighest)")
        }
        build = try reader.getName()
        name = try reader.getName()
        processID = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(role.rawValue)
        writer.put(protocolLowest)
        writer.put(protocolHighest)
        writer.put(build)
        writer.put(name)
        writer.put(processID)
    }
}

/// Coordinator to whoever said hello and fits.
package struct Welcome: Body {
    package static let kind = Kind.welcome
    /// The protocol to speak from now on.
    package var protocolVersion: UInt16
    /// Build of the sender, for people.
    package var build: String
    /// The number that belongs to the worker's name; meaningless for a command (0).
    package var worker: WorkerID
    /// Drawn once when the cluster was made: a worker with another cluster's data must not join.
    package var cluster: UInt64
    /// How often the coordinator wants to hear from a worker.
    package var heartbeatMilliseconds: UInt32

    package init(
        worker: WorkerID, cluster: UInt64, heartbeatMilliseconds: UInt32,
        protocolVersion: UInt16 = Build.protocolHighest, build: String = Build.identifier
    ) {
        self.protocolVersion = protocolVersion
        self.build = build
        self.worker = worker
        self.cluster = cluster
        self.heartbeatMilliseconds = heartbeatMilliseconds
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        protocolVersion = try reader.get()
        build = try reader.getName()
        worker = try reader.getIdentifier()
        cluster = try reader.get()
        heartbeatMilliseconds = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(protocolVersion)
        writer.put(build)
        writer.put(worker)
        writer.put(cluster)
        writer.put(heartbeatMilliseconds)
    }
}

/// Coordinator to whoever does not fit, or sends heartbeats unknown: one line saying why and what to do. A command
/// prints it and ends; a worker logs it and says hello again later, over a new connection.
package struct Refused: Body {
    package static let kind = Kind.refused
    /// Names both versions, or what else does not fit.
    package var reason: String

    package init(reason: String) { self.reason = reason }

    package init(from reader: inout ByteReader) throws(ByteError) { reason = try reader.getDetail() }

    package func encode(into writer: inout ByteWriter) { writer.put(detail: reason) }
}

/// What one side makes of the other.
package enum HandshakeVerdict: Equatable, Sendable {
    /// Speak this protocol.
    case agreed(protocolVersion: UInt16)
    /// Do not; the line is for the log and for `Refused`.
    case refused(reason: String)
}

extension Hello {
    /// The coordinator's judgement. Builds may differ, protocols must overlap; a worker needs a name.
    package func verdict() -> HandshakeVerdict {
        let highest = min(protocolHighest, Build.protocolHighest)
        guard highest >= max(protocolLowest, Build.protocolLowest) else {
            return .refused(
                reason: "\(role.name) \"\(name)\" runs muster \(build) (\(spoken(protocolLowest, protocolHighest))), "
                    + "the coordinator runs \(ourselves): run the same version on both sides")
        }
        guard role != .worker || !name.isEmpty else {
            return .refused(reason: "a worker needs a name: give it one with --name")
        }
        return .agreed(protocolVersion: highest)
    }
}

extension Welcome {
    /// The asker's judgement of the coordinator's choice.
    package func verdict() -> HandshakeVerdict {
        guard (Build.protocolLowest...Build.protocolHighest).contains(protocolVersion) else {
            return .refused(
                reason: "the coordinator runs muster \(build) (protocol \(protocolVersion)), "
                    + "this side runs \(ourselves): run the same version on both sides")
        }
        return .agreed(protocolVersion: protocolVersion)
    }
}

private var ourselves: String {
    "muster \(Build.identifier) (\(Build.spoken))"
}

/// A range of protocols in words.
func spoken(_ lowest: UInt16, _ highest: UInt16) -> String {
    lowest == highest ? "protocol \(lowest)" : "protocols \(lowest) to \(highest)"
}
