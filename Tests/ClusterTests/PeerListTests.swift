import Basics
import Testing
import Wire

@testable import Cluster

@Suite struct PeerListTests {
    private func door(_ port: Int) -> Door { Door(address: "tcp://127.0.0.1:\(port)", publicKey: "") }

    @Test("only what changes is news, and every change has a number of its own")
    func changes() {
        var list = PeerList(firstNumber: 40)
        #expect(list.table { _ in "" } == PeerTable(number: 40, rows: []) && !list.isNews)
        list.heard(WorkerID(2), at: door(1))
        list.heard(WorkerID(1), at: door(2))
        #expect(list.number == 42 && list.isNews)
        list.told()
        list.heard(WorkerID(2), at: door(1))
        list.gone(WorkerID(7))
        #expect(list.number == 42 && !list.isNews)
        list.heard(WorkerID(2), at: door(3))
        #expect(list.number == 43 && list.isNews)
        #expect(
            list.table { "worker-\($0)" }
                == PeerTable(
                    number: 43,
                    rows: [
                        PeerRow(worker: WorkerID(1), name: "worker-1", door: door(2)),
                        PeerRow(worker: WorkerID(2), name: "worker-2", door: door(3)),
                    ]))
        list.gone(WorkerID(1))
        #expect(list.number == 44 && list.table { _ in "" }.rows.map(\.worker) == [WorkerID(2)])
    }
}
