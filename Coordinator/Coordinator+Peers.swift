import Basics
import Cluster
import Wire

/// Workers ask each other for what is large; here they learn where each is.
extension Coordinator {
    /// A cluster that starts changes its list with every worker that comes; so often at most everybody is told.
    private static let tellingSeconds = 0.2

    func hear(_ beat: Heartbeat, of worker: WorkerID, from peer: [UInt8]) {
        peers.heard(worker, at: beat.door)
        if beat.peers != peers.number { send(Envelope(peerTable), to: peer) }
    }

    func tellPeers() {
        guard peers.isNews, monotonicSeconds() - toldPeers > Self.tellingSeconds else { return }
        peers.told()
        toldPeers = monotonicSeconds()
        let message = Envelope(peerTable)
        for worker in membership.alive { membership.peer(of: worker).map { _ = send(message, to: $0) } }
    }

    private var peerTable: PeerTable { peers.table { map.workers[$0] ?? "?" } }
}
