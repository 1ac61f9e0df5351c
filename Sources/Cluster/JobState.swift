import Basics

/// Where a job is in its life. It only moves forward, but for pause and resume.
package enum JobState: Equatable, Sendable {
    case queued
    /// Training only: every city measures what it will cost.
    case estimating
    case running
    /// Answers are still taken, nothing is asked.
    case paused
    /// Training only: every city embeds itself with the last average; when all have, it goes live in all at once.
    case indexing
    case done
    /// One line that says why and what to do.
    case failed(String)
    case cancelled

    /// The word for people and wire.
    package var word: String {
        switch self {
        case .queued: "queued"
        case .estimating: "estimating"
        case .running: "running"
        case .paused: "paused"
        case .indexing: "indexing"
        case .done: "done"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    /// Whether nothing will change it any more.
    package var isOver: Bool {
        switch self {
        case .done, .failed, .cancelled: true
        case .queued, .estimating, .running, .paused, .indexing: false
        }
    }

    var number: UInt8 {
        switch self {
        case .queued: 0
        case .running: 1
        case .paused: 2
        case .indexing: 3
        case .done: 4
        case .failed: 5
        case .cancelled: 6
        case .estimating: 7
        }
    }
}

extension JobState {
    func encode(into writer: inout ByteWriter) {
        writer.put(number)
        if case .failed(let reason) = self { writer.put(reason) }
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        switch try reader.get(UInt8.self) {
        case 0: self = .queued
        case 1: self = .running
        case 2: self = .paused
        case 3: self = .indexing
        case 4: self = .done
        case 5: self = .failed(try reader.getString())
        case 6: self = .cancelled
        case 7: self = .estimating
        case let other: throw .invalid("job state \(other)")
        }
    }
}
