import Basics
import Cluster
import Transport
import Wire

/// Workers ask each other for what is large; here they learn where each is.
extension Coordinator {
    /// A cluster that starts changes its list with every worker that comes; so often at most everybody is told.
    private static let tellingSeconds = 0.2

    /// After its start the coordinator hears of one worker after the other. Told before all have spoken, they would
    /// take the others for gone and break off what they are at.
    private static let hearingSeconds = 5.0

    private var hasHeard: Bool {
        let owners = Set(map.placements.compactMap(\.worker))
        return monotonicSeconds() - start > Self.hearingSeconds || owners.allSatisfy { peers.knows($0) }
    }

    func hear(_ beat: Heartbeat, of worker: WorkerID, from peer: [UInt8]) {
        guard link.admits(beat.door.publicKey) else {
            return Log.warn(
                "a worker's door has a key that is not allowed here; nobody is told of it",
                ["worker": map.workers[worker] ?? "?"])
        }
        peers.heard(worker, at: beat.door)
        if beat.peers != peers.number, hasHeard { send(Envelope(peerTable), to: peer) }
    }

    func tellPeers() {
        guard peers.isNews, hasHeard, monotonicSeconds() - toldPeers > Self.tellingSeconds else { return }
        peers.told()
        toldPeers = monotonicSeconds()
        let message = Envelope(peerTable)
        for worker in membership.alive { membership.peer(of: worker).map { _ = send(message, to: $0) } }
    }

    private var peerTable: PeerTable { peers.table { map.workers[$0] ?? "?" } }
}
