import Basics
import Glibc
import Synchronization
import Testing
import Wire

@testable import Transport

/// A worker as others meet it: its door, and its way to theirs.
private struct TestWorker {
    static let cluster: UInt64 = 7

    let row: PeerRow
    let door: PeerDoor
    let peers: Peers

    /// Answers a question for seeds with as many as were asked for, and their city.
    static func seeds(of request: Envelope) -> Envelope {
        guard let count = try? request.decode(SeedsRequest.self).count else {
            return request.answer(Failure(code: .badRequest, detail: "no seeds"))
        }
        return request.answer(Imported(new: count, known: 0, rejects: []), bulk: request.bulk)
    }

    init(
        _ number: UInt32, _ context: MessageContext, keys: CurveKeys?, limits: TransportLimits = TransportLimits(),
        answering: @escaping @Sendable (Envelope) -> Envelope = { Self.seeds(of: $0) }
    ) throws {
        let name = "worker-\(number)"
        door = try PeerDoor(
            context: context, listen: "tcp://127.0.0.1:*", address: "", keys: keys, limits: limits,
            answering: answering)
        peers = Peers(context: context, keys: keys, name: name, local: answering)
        row = PeerRow(worker: WorkerID(number), name: name, door: door.door)
        door.introduce(as: row.worker, cluster: Self.cluster)
        peers.introduce(as: row.worker, cluster: Self.cluster)
    }

    func learn(_ rows: [PeerRow]) {
        door.admit(PeerTable(number: 1, rows: rows))
        peers.take(PeerTable(number: 1, rows: rows))
    }

    func close() {
        peers.close()
        door.close()
    }
}

/// A peer that a test plays by hand.
private struct PlayedPeer {
    let router: RouterLink
    let row: PeerRow

    init(_ number: UInt32, _ context: MessageContext) throws {
        router = try RouterLink(context: context, endpoint: "tcp://127.0.0.1:0", keys: nil, allowedClients: [])
        row = PeerRow(
            worker: WorkerID(number), name: "worker-\(number)",
            door: Door(address: router.boundEndpoint, publicKey: ""))
    }

    /// Answers hellos until something else is asked.
    func next() throws -> (PeerIdentity, Envelope) {
        while true {
            let (peer, frames) = try router.next()
            let request = try Envelope(frames: frames)
            if request.kind != .hello { return (peer, request) }
            let welcome = Welcome(worker: row.worker, cluster: TestWorker.cluster, heartbeatMilliseconds: 0)
            _ = router.send(request.answer(welcome).frames(), to: peer)
        }
    }
}

/// What another thread came to.
private final class Later<Value: Sendable>: Sendable {
    private let outcome = Monitor<Result<Value, any Error>?>(nil)

    init(_ body: @escaping @Sendable () throws -> Value) {
        startThread { [self] in
            let result = Result { try body() }
            outcome.withLock { state, wake in
                state = result
                wake()
            }
        }
    }

    func value() throws -> Value {
        let result = outcome.wait(milliseconds: 20_000) { state in state.map { .done($0) } ?? .notYet }
        return try #require(result).get()
    }
}

@Suite struct PeerTests {
    private let question = Envelope(SeedsRequest(count: 5), city: CityID(3), epoch: Epoch(2))

    private func context(_ body: (MessageContext) throws -> Void) throws {
        let context = try MessageContext()
        try body(context)
        context.close()
    }

    private func asking(_ asker: TestWorker, _ asked: PeerRow, milliseconds: Int) -> Later<Envelope> {
        Later { [question] in try asker.peers.ask(asked.worker, question, milliseconds: milliseconds) }
    }

    private func count(_ answer: Envelope) throws -> UInt32 { try answer.decode(Imported.self).new }

    @Test("a worker asks another, and itself without a socket", arguments: [false, true])
    func asking(encrypted: Bool) throws {
        try context { context in
            let workers = try (1...2).map {
                try TestWorker(UInt32($0), context, keys: encrypted ? .generate() : nil)
            }
            defer { for worker in workers { worker.close() } }
            for worker in workers { worker.learn(workers.map(\.row)) }
            let big = (0..<5 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 13) }
            for asker in workers {
                for asked in workers {
                    for count in 1...3 {
                        let request = Envelope(
                            SeedsRequest(count: UInt32(count)), city: CityID(3), epoch: Epoch(2), bulk: [big])
                        let answer = try asker.peers.ask(asked.row.worker, request, milliseconds: 20_000)
                        #expect(try self.count(answer) == UInt32(count) && answer.bulk == [big])
                        #expect(answer.city == CityID(3) && answer.epoch == Epoch(2))
                    }
                }
            }
        }
    }

    @Test("many threads ask at the same time, and each has its own answer")
    func manyThreads() throws {
        try context { context in
            let workers = try (1...2).map { try TestWorker(UInt32($0), context, keys: nil) }
            defer { for worker in workers { worker.close() } }
            for worker in workers { worker.learn(workers.map(\.row)) }
            let (peers, asked) = (workers[0].peers, workers[1].row.worker)
            let askers = (0..<8).map { thread in
                Later {
                    try (0..<50).map { index in
                        let request = Envelope(SeedsRequest(count: UInt32(thread * 1_000 + index)))
                        return try peers.ask(asked, request, milliseconds: 20_000).decode(Imported.self).new
                    }
                }
            }
            for (thread, asker) in askers.enumerated() {
                #expect(try asker.value() == (0..<50).map { UInt32(thread * 1_000 + $0) })
            }
        }
    }

    @Test("who is in no table is refused, and heard as soon as it is in one")
    func strangers() throws {
        try context { context in
            let home = try TestWorker(1, context, keys: .generate())
            let stranger = try TestWorker(2, context, keys: .generate())
            defer { for worker in [home, stranger] { worker.close() } }
            home.learn([home.row])
            stranger.learn([home.row])
            let error = #expect(throws: PeerError.self) {
                try stranger.peers.ask(home.row.worker, question, milliseconds: 400)
            }
            guard case .silent(home.row, 400, _) = error else { throw Impatience() }
            #expect(error?.description.contains("worker-1 at \(home.row.door.address)") == true)
            #expect(error?.description.contains("does not know this worker's key") == true)
            #expect(home.door.refusals > 0)
            let asked = asking(stranger, home.row, milliseconds: 20_000)
            // The first hello is refused before the second table comes, or it is not: both end well.
            home.learn([home.row, stranger.row])
            #expect(try count(asked.value()) == 5)
        }
    }

    @Test("a worker that dies over a question is named, and heard again where it is next")
    func death() throws {
        try context { context in
            let asker = try TestWorker(1, context, keys: nil)
            let dying = try PlayedPeer(2, context)
            defer { asker.close() }
            asker.learn([asker.row, dying.row])
            let first = asking(asker, dying.row, milliseconds: 2_000)
            _ = try dying.next()
            dying.router.close()
            let error = #expect(throws: PeerError.self) { try first.value() }
            guard case .silent(dying.row, 2_000, _) = error else { throw Impatience() }
            #expect(error?.isWorthRetrying == true)
            let second = asking(asker, dying.row, milliseconds: 60_000)
            let reborn = try TestWorker(2, context, keys: nil)
            defer { reborn.close() }
            asker.learn([asker.row, reborn.row])
            #expect(try count(second.value()) == 5)
        }
    }

    @Test("who cannot be reached is not waited for as long as an answer")
    func unreached() throws {
        try context { context in
            let asker = try TestWorker(1, context, keys: nil)
            let gone = try PlayedPeer(2, context)
            gone.router.close()
            defer { asker.close() }
            asker.learn([asker.row, gone.row])
            let error = #expect(throws: PeerError.self) {
                try asker.peers.ask(gone.row.worker, question, milliseconds: 600_000)
            }
            guard case .silent(gone.row, 5_000, _) = error else { throw Impatience() }
        }
    }

    @Test("a worker that leaves while it is asked is not waited for")
    func leaving() throws {
        try context { context in
            let asker = try TestWorker(1, context, keys: nil)
            let silent = try PlayedPeer(2, context)
            defer {
                asker.close()
                silent.router.close()
            }
            asker.learn([asker.row, silent.row])
            let asked = asking(asker, silent.row, milliseconds: 60_000)
            _ = try silent.next()
            asker.learn([asker.row])
            #expect(throws: PeerError.away(silent.row.worker)) { try asked.value() }
            #expect(throws: PeerError.away(WorkerID(9))) {
                try asker.peers.ask(WorkerID(9), question, milliseconds: 60_000)
            }
            asker.peers.close()
            #expect(throws: PeerError.stopping) {
                try asker.peers.ask(asker.row.worker, question, milliseconds: 60_000)
            }
        }
    }

    @Test("a late answer, or one of another number, is never taken for the answer")
    func lateAnswers() throws {
        try context { context in
            let asker = try TestWorker(1, context, keys: nil)
            let slow = try PlayedPeer(2, context)
            defer {
                asker.close()
                slow.router.close()
            }
            asker.learn([asker.row, slow.row])
            let first = asking(asker, slow.row, milliseconds: 2_000)
            let (firstPeer, firstRequest) = try slow.next()
            #expect(throws: PeerError.self) { try first.value() }
            let second = asking(asker, slow.row, milliseconds: 20_000)
            let (secondPeer, secondRequest) = try slow.next()
            #expect(secondPeer != firstPeer && secondRequest.request != firstRequest.request)
            let late = firstRequest.answer(Imported(new: 1, known: 0, rejects: []))
            _ = slow.router.send(late.frames(), to: firstPeer)
            for frames in [late.frames(), [[1, 2, 3]]] { #expect(slow.router.send(frames, to: secondPeer) == .sent) }
            let right = secondRequest.answer(Imported(new: 2, known: 0, rejects: []))
            #expect(slow.router.send(right.frames(), to: secondPeer) == .sent)
            #expect(try count(second.value()) == 2)
        }
    }

    @Test("another worker at the address is told apart, and so is one that has not found its coordinator")
    func wrongDoors() throws {
        try context { context in
            let asker = try TestWorker(1, context, keys: nil)
            let other = try TestWorker(3, context, keys: nil)
            let new = try PeerDoor(
                context: context, listen: "tcp://127.0.0.1:0", address: "", keys: nil, answering: { $0 })
            defer {
                for worker in [asker, other] { worker.close() }
                new.close()
            }
            for (door, word) in [(other.door.door, "there is worker 3"), (new.door, "not found its coordinator")] {
                asker.learn([PeerRow(worker: WorkerID(2), name: "worker-2", door: door)])
                let error = #expect(throws: PeerError.self) {
                    try asker.peers.ask(WorkerID(2), question, milliseconds: 2_000)
                }
                #expect(error?.description.contains(word) == true, "\(error.map(\.description) ?? "")")
            }
        }
    }

    @Test("what a worker cannot do is thrown, also where its answer is too large")
    func failures() throws {
        try context { context in
            let limits = TransportLimits(frameBytes: 1_000)
            let asked = try TestWorker(2, context, keys: nil, limits: limits) { request in
                request.kind == .goodbye
                    ? request.answer(Goodbye(), bulk: [[UInt8](repeating: 1, count: 1_001)])
                    : request.answer(Failure(code: .busy, detail: "later"))
            }
            let asker = try TestWorker(1, context, keys: nil)
            defer { for worker in [asker, asked] { worker.close() } }
            asker.learn([asker.row, asked.row])
            let busy = #expect(throws: PeerError.self) {
                try asker.peers.ask(WorkerID(2), question, milliseconds: 20_000)
            }
            #expect(busy == .failed(peer: asked.row, Failure(code: .busy, detail: "later")))
            #expect(busy?.isWorthRetrying == true)
            let large = #expect(throws: PeerError.self) {
                try asker.peers.ask(WorkerID(2), Envelope(Goodbye()), milliseconds: 20_000)
            }
            guard case .failed(asked.row, let failure) = large else { throw Impatience() }
            #expect(failure.code == .internal && failure.detail.contains("larger than any worker would take"))
            let unreachable = PeerRow(
                worker: WorkerID(2), name: "worker-2", door: Door(address: "tcp://192.0.2.1:7401", publicKey: ""))
            asker.learn([unreachable])
            #expect(throws: PeerError.unreachable(peer: unreachable, .keysMissing(endpoint: "tcp://192.0.2.1:7401"))) {
                try asker.peers.ask(WorkerID(2), question, milliseconds: 20_000)
            }
        }
    }

    @Test("a door that is asked too much says so, and forgets nothing that it took")
    func bound() throws {
        try context { context in
            let isOpen = Monitor<Bool>(false)
            let door = try PeerDoor(
                context: context, listen: "tcp://127.0.0.1:0", address: "", keys: nil,
                answering: { request in
                    _ = isOpen.wait(milliseconds: 20_000) { $0 ? .done(()) : .notYet }
                    return TestWorker.seeds(of: request)
                })
            defer { door.close() }
            let dealer = try DealerLink(
                context: context, endpoint: door.door.address, keys: nil, serverKey: nil, identity: [1])
            defer { dealer.close() }
            for number in 0..<300 {
                let request = Envelope(SeedsRequest(count: 1), request: RequestID(UInt64(number)))
                #expect(dealer.send(request.frames()) == .sent)
            }
            var numbers: Set<UInt64> = []
            var refused = 0
            let first = try Envelope(frames: dealer.next())
            #expect(try first.decode(Failure.self).code == .busy)
            isOpen.withLock { state, wake in
                state = true
                wake()
            }
            for answer in try [first] + (1..<300).map({ _ in try Envelope(frames: dealer.next()) }) {
                numbers.insert(answer.request.number)
                refused += answer.kind == .failure ? 1 : 0
            }
            #expect(numbers.count == 300 && refused > 0 && refused <= 300 - 256)
        }
    }

    @Test("what others are told is where they can connect to")
    func addresses() throws {
        try context { context in
            func address(_ listen: String, _ told: String, keys: CurveKeys? = nil) throws -> String {
                let door = try PeerDoor(
                    context: context, listen: listen, address: told, keys: keys, answering: { $0 })
                defer { door.close() }
                return door.door.address
            }
            let keys = try CurveKeys.generate()
            #expect(try Endpoint(address("tcp://127.0.0.1:*", "")).port > 0)
            #expect(try Endpoint(address("tcp://*:*", "tcp://node-7:*", keys: keys)).port > 0)
            #expect(try address("tcp://*:*", "tcp://node-7:*", keys: keys).hasPrefix("tcp://node-7:"))
            #expect(try address("tcp://*:*", "tcp://[2001:db8::1]:9", keys: keys) == "tcp://[2001:db8::1]:9")
            for (listen, told) in [("tcp://*:*", ""), ("tcp://0.0.0.0:0", ""), ("tcp://127.0.0.1:0", "tcp://*:1")] {
                let error = #expect(throws: TransportError.self) { try address(listen, told, keys: keys) }
                #expect(error?.description.contains("peer-address") == true)
            }
            #expect(throws: TransportError.keysMissing(endpoint: "tcp://*:0")) { try address("tcp://*:0", "") }
        }
    }
}
