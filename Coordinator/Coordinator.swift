import Basics
import Cluster
import Transport
import Wire

// The coordinator's loop: one thread that owns the socket and all state, so that nothing here needs a lock. It takes a
// message, asks the state machines of Cluster what follows, and carries that out; once a second it tells them that a
// tick has passed. What must survive is in the ledger before anybody hears of it.
//
// +Workers: who is here.  +Peers: where they find each other.  +Commands: what people ask.  +Jobs: rounds and plans.
// +Models: which version answers.  +Moves: cities that change their worker.

final class Coordinator {
    static let heartbeatMilliseconds: UInt32 = 1000

    let link: RouterLink
    let ledger: Ledger
    let desk: Desk
    let conductor: SearchConductor
    let cluster: UInt64
    let patience: UInt64
    let deadlineMilliseconds: UInt32

    var map: ClusterMap
    var membership = Membership()
    /// Numbers go on from the clock, so that a late answer to a former life of ours matches nothing.
    var book = RequestBook(firstNumber: UInt64(monotonicSeconds() * 1000) << 20)
    var peers = PeerList(firstNumber: UInt64(monotonicSeconds() * 1000) << 20)
    /// When everybody was told of it, on the loop's clock.
    var toldPeers = -Double.infinity
    var jobs: [JobID: RunningJob] = [:]
    /// Cities that change their worker, and what is asked of them meanwhile.
    var moves: [CityID: CityMove] = [:]
    var held = HeldRequests()
    var endedMoves: [MoveRow] = []
    /// The version that cities answer with; 0: there is none.
    var live: ModelVersion
    /// Cities that were told so, by their present worker.
    var toldLive: Set<CityID> = []
    /// What workers last said of their cities; empty after a restart until the first heartbeats.
    var reports: [CityID: CityReport] = [:]
    var processes: [WorkerID: UInt32] = [:]
    /// When each worker was last told its cities.
    var assigned: [WorkerID: Tick] = [:]
    /// HTTP threads that wait, by the number of their call.
    var calls: [RequestID: Desk.Call] = [:]
    /// Where people live, as far as somebody has asked, and who is being looked for.
    var homes: [PersonID: CityID] = [:]
    var searches: [PersonID: HomeSearch] = [:]
    /// Whom each question to a worker is about.
    var searched: [RequestID: PersonID] = [:]
    private var nextCall: UInt64 = 1
    let start = monotonicSeconds()
    private var lastTick = Tick(0)

    /// In the request book, HTTP callers are this peer; no ZeroMQ identity is a single zero.
    static let deskPeer: [UInt8] = [0]

    init(
        link: RouterLink, ledger: Ledger, desk: Desk, conductor: SearchConductor, patience: Int,
        deadlineMilliseconds: Int
    ) throws {
        self.link = link
        self.ledger = ledger
        self.desk = desk
        self.conductor = conductor
        self.patience = UInt64(patience)
        self.deadlineMilliseconds = UInt32(deadlineMilliseconds)
        cluster = try ledger.cluster()
        map = try ledger.map()
        live = try ledger.liveModel()
        for (number, request, job) in try ledger.allJobs() {
            jobs[number] = RunningJob(job: job, request: request)
        }
        for move in try ledger.moves() { moves[move.city] = move }
        restartJobs()
        restartMoves()
    }

    /// Seconds since the start, as ticks. A restart begins again at zero; nothing durable holds a tick.
    var now: Tick { Tick(UInt64(monotonicSeconds() - start)) }

    func run(until stop: StopFlag) {
        while !stop.isRaised {
            do {
                try step()
            } catch {
                Log.error("step failed", ["reason": "\(error)"])
            }
        }
        link.close()
    }

    private func step() throws {
        var wait = 200
        for _ in 0..<1000 {
            guard let received = try link.receive(timeoutMilliseconds: wait) else { break }
            wait = 0
            if case .message(let peer, let frames) = received { take(frames, from: peer.bytes) }
            takeCalls()
        }
        takeCalls()
        tellPeers()
        drainMoves()
        if now > lastTick {
            lastTick = now
            tick()
        }
    }

    private func takeCalls() {
        while let call = desk.next() { take(call) }
        while let answer = conductor.next() { send(answer.envelope, to: answer.peer) }
    }

    private func tick() {
        follow(membership.tick(at: now))
        for asker in book.expire(at: now) {
            answer(asker, Failure(code: .deadline, detail: "the worker did not answer in time; ask again"))
        }
        for waiting in held.expire(at: now) {
            refuse(waiting.request, waiting.peer, .deadline, "the city is changing its worker; ask again")
        }
        tellMoves(.tick(now))
        let newest = newestTrained
        for number in jobs.keys.sorted() { drive(number, evenIfOver: number == newest) { $0.tick(at: now) } }
    }

    private func take(_ frames: [[UInt8]], from peer: [UInt8]) {
        let message: Envelope
        do {
            message = try Envelope(frames: frames)
        } catch {
            Log.warn("message dropped", ["peer": PeerIdentity(bytes: peer), "reason": "\(error)"])
            return
        }
        do {
            try handle(message, from: peer)
        } catch {
            Log.warn("request failed", ["kind": message.kind.name, "reason": "\(error)"])
            send(message.answer(Failure(code: .internal, detail: "\(error)")), to: peer)
        }
    }

    /// A number for a question of our own.
    func nextSearch() -> RequestID {
        defer { nextCall += 1 }
        return RequestID(nextCall)
    }

    private func take(_ call: Desk.Call) {
        var request = call.request
        // An order brings a number of its own, by which it is known when it is sent again.
        if request.request.number == 0 {
            request.request = RequestID(nextCall)
            nextCall += 1
        }
        if calls[request.request] != nil {
            return call.answer(request.answer(Failure(code: .busy, detail: "the same order is under way; ask again")))
        }
        calls[request.request] = call
        do {
            try handle(request, from: Self.deskPeer)
        } catch {
            send(request.answer(Failure(code: .internal, detail: "\(error)")), to: Self.deskPeer)
        }
    }

    private func handle(_ message: Envelope, from peer: [UInt8]) throws {
        switch message.kind {
        case .hello: try welcome(message, from: peer)
        case .heartbeat: try beat(message, from: peer)
        case .goodbye:
            forget(peer)
            follow(membership.bye(peer: peer))
        case .assigned, .modelUsed: break
        case .citySurvey, .roundResult, .delta, .modelPrepared, .rowsFetched, .modelAdvanced, .published, .planned:
            try takeJobAnswer(message, from: peer)
        case .imported, .exportRows, .evaluation, .seeds, .influencers, .placeRecommendations,
            .peopleRecommendations, .personAnswer, .eventRows, .signalsTaken, .seedExplanation, .feed, .searchReply:
            passBack(message)
        case .personMissing: try takeMissing(message)
        case .moveReply: try takeMoveReply(message, from: peer)
        case .failure: try takeFailure(message, from: peer)
        default: try serve(message, from: peer)
        }
    }

    /// A worker's answer to a forwarded request goes to whoever asked.
    func passBack(_ answer: Envelope) {
        guard let asker = book.answer(answer.request) else { return }  // Late: the asker was told already.
        var answer = answer
        answer.request = asker.id
        send(answer, to: asker.peer)
    }

    func answer(_ asker: Asker, _ failure: Failure) {
        send(Envelope(failure, request: asker.id), to: asker.peer)
    }

    /// Sends to a worker, a command, or an HTTP thread that waits. False: it cannot be reached now.
    @discardableResult
    func send(_ message: Envelope, to peer: [UInt8]) -> Bool {
        if peer == Self.deskPeer {
            calls.removeValue(forKey: message.request)?.answer(message)
            return true
        }
        if peer == Self.searchPeer {
            takeHome(message)
            return true
        }
        let result = link.send(message.frames(), to: PeerIdentity(bytes: peer))
        // Nobody is there any more to take what else they asked for.
        if result == .unreachable { forget(peer) }
        return result == .sent
    }

    private func forget(_ peer: [UInt8]) {
        book.forget(peer: peer)
        held.forget(peer: peer)
    }
}
