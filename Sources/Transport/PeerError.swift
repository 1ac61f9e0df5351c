package import Basics
package import Wire

/// Why another worker has not answered. Every case names it, where it is, and what is to be done.
package enum PeerError: Error, Equatable {
    /// The coordinator has not said that it is here.
    case away(WorkerID)
    /// It speaks another protocol.
    case refused(peer: PeerRow, reason: String)
    /// It could not do what it was asked.
    case failed(peer: PeerRow, Failure)
    /// It did not answer in time; the fault is what was seen last.
    case silent(peer: PeerRow, milliseconds: Int, fault: String)
    /// This process is about to end.
    case stopping
    /// There can be no connection to where it says it is.
    case unreachable(peer: PeerRow, TransportError)
}

extension PeerError {
    /// Whether the same question may be answered later with nothing changed by the asker.
    package var isWorthRetrying: Bool {
        switch self {
        case .away, .silent, .stopping: true
        case .failed(_, let failure): failure.code.isWorthRetrying
        case .refused, .unreachable: false
        }
    }
}

extension PeerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .away(let worker):
            "worker \(worker) is not here, as far as the coordinator has told; ask again when it is back"
        case .refused(let peer, let reason):
            "\(Self.place(peer)) does not go with us: \(reason)"
        case .failed(let peer, let failure):
            "\(Self.place(peer)) could not do it: \(failure.detail)"
        case .silent(let peer, let milliseconds, let fault):
            "\(Self.place(peer)) has not answered within \(milliseconds) ms (\(fault)); ask again, and look whether "
                + "it runs and can be reached from here"
        case .stopping:
            "this worker is about to end; ask again when it is back"
        case .unreachable(let peer, let error):
            "\(Self.place(peer)) cannot be reached: \(error)"
        }
    }

    private static func place(_ peer: PeerRow) -> String { "\(peer.name) at \(peer.door.address)" }
}
