import Basics
import Cluster
import Glibc
import Wire

// Cities that change their worker: what people order, what both workers answer, and carrying out what each move's state
// machine says. What is asked of a city meanwhile waits here and is passed on when it has arrived.

extension Coordinator {
    func serveMoves(_ request: Envelope, from peer: [UInt8]) throws {
        if request.kind == .moveCity {
            guard let city = request.city, let placement = map.cities[city] else {
                return refuse(request, peer, .unknownCity, "there is no city \(request.city?.description ?? "?")")
            }
            let order = try request.decode(MoveCity.self)
            do throws(MoveRefusal) {
                try begin(placement, to: order.worker)
            } catch {
                return refuse(request, peer, error.code, error.detail)
            }
        }
        let underWay = moves.keys.sorted().compactMap { moves[$0] }.map { row(of: $0, phase: $0.phase.word, $0.fault) }
        send(request.answer(Moves(rows: underWay + endedMoves)), to: peer)
    }

    /// Moves shown after their end.
    private static let endedShown = 100

    private func begin(_ placement: CityPlacement, to wanted: WorkerID?) throws(MoveRefusal) {
        let city = placement.city
        guard let from = placement.worker else {
            throw MoveRefusal(.unavailable, "\(placement.name) has no worker yet; the first one that comes gets it")
        }
        if wanted == nil, moves[city]?.isBeforeChange == true { return }
        // Who is on its way counts where it goes to.
        var planned = map
        for move in moves.values where move.isBeforeChange && move.city != city { planned.move(move.city, to: move.to) }
        guard let to = wanted ?? planned.leastLoaded(of: membership.alive, for: city) else {
            throw MoveRefusal(.unavailable, "there is no other worker here; start one, or name one that will come")
        }
        guard let name = map.workers[to] else { throw MoveRefusal(.badRequest, "there is no worker \(to)") }
        if to == from { return }
        for worker in [from, to] where membership.peer(of: worker) == nil {
            let gone = map.workers[worker] ?? "?"
            throw MoveRefusal(.unavailable, "\(gone) is gone; a city moves between workers that are here")
        }
        if let move = moves[city] {
            if move.to == to, move.isBeforeChange { return }
            // Whoever still has to delete its files may never come back; but it must have, before the city comes.
            let isOver = move.phase == .dropping && move.from != to || move.phase == .discarding && move.to != to
            guard isOver else {
                let other = map.workers[move.to] ?? "?"
                throw MoveRefusal(
                    .busy, "a move of \(placement.name) to \(other) is \(move.phase.word); ask again")
            }
        }
        if let former = moves[city] { end(former) }
        let move = CityMove(city: city, from: from, to: to, epoch: Epoch(placement.epoch.number + 1))
        moves[city] = move
        saveMoves(with: nil)
        Log.info(
            "a city moves", ["city": placement.name, "from": map.workers[from] ?? "?", "to": name, "epoch": move.epoch])
        drive(move: city, .start(alive: membership.alive))
    }

    /// After a restart.
    func restartMoves() {
        for city in moves.keys.sorted() { drive(move: city, .start(alive: membership.alive)) }
    }

    func tellMoves(_ event: CityMove.Event) {
        for city in moves.keys.sorted() { drive(move: city, event) }
    }

    /// Requests to a city that leaves are waited for; then it goes on.
    func drainMoves() {
        for (city, move) in moves where move.phase == .draining && !book.isWaiting(for: city) {
            drive(move: city, .drained)
        }
    }

    /// Whether what is asked of a city has to wait.
    func isMoving(_ city: CityID) -> Bool { moves[city]?.isHolding ?? false }

    func takeMoveReply(_ message: Envelope, from peer: [UInt8]) throws {
        let reply = try message.decode(MoveReply.self)
        guard let city = message.city, let move = moves[city], move.epoch == reply.epoch,
            let worker = membership.worker(of: peer)
        else { return }
        let isLeft = reply.step == .release || reply.step == .drop && move.phase != .discarding
        guard worker == (isLeft ? move.from : move.to) else { return }
        if !reply.fault.isEmpty { return drive(move: city, .failed(reply.fault)) }
        switch reply.step {
        case .receive, .receiveRest:
            drive(move: city, .received(bytes: reply.bytes, isRest: reply.step == .receiveRest))
        case .release: drive(move: city, .released)
        case .drop: drive(move: city, .dropped)
        }
    }

    /// Whether it was a worker's word that it does not even begin with its part.
    func takeMoveFailure(_ message: Envelope, _ failure: Failure, from peer: [UInt8]) -> Bool {
        guard message.request.number == 0, let city = message.city, let move = moves[city],
            message.epoch == move.epoch,
            let worker = membership.worker(of: peer), worker == move.from || worker == move.to
        else { return false }
        drive(move: city, .failed(failure.detail))
        return true
    }

    /// The worker holds the city under that epoch.
    func noteOpen(_ city: CityID, by worker: WorkerID, epoch: Epoch) {
        if let move = moves[city], move.to == worker, move.epoch == epoch { drive(move: city, .opened) }
    }

    private func drive(move city: CityID, _ event: CityMove.Event) {
        guard var move = moves[city] else { return }
        var actions = move.handle(event)
        moves[city] = move
        var next = 0
        while next < actions.count {
            if !carryOut(actions[next], of: city) {
                moves[city].map { move = $0 }
                actions += move.handle(.failed("a worker of the move cannot be reached"))
                moves[city] = move
            }
            next += 1
        }
    }

    /// False: the worker could not be asked.
    private func carryOut(_ action: CityMove.Action, of city: CityID) -> Bool {
        guard let move = moves[city], let placement = map.cities[city] else { return true }
        switch action {
        case .checkpoint: saveMoves(with: nil)
        case .receive(let rest): return order(rest ? .receiveRest : .receive, to: move.to, other: move.from, move)
        case .release:
            tellJobs(lost: city)
            return order(.release, to: move.from, other: move.to, move)
        case .changeOwner:
            var next = map
            next.move(city, to: move.to)
            saveMoves(with: next)
            map = next
            toldLive.remove(city)
        case .open: assign(move.to)
        case .passOn:
            let to = map.workers[move.to] ?? "?"
            Log.info("a city has moved", ["city": placement.name, "to": to, "bytes": move.bytes])
            passOn(city)
        case .drop: return order(.drop, to: move.from, other: move.to, move)
        case .giveBack:
            Log.warn("a city's move is given up", ["city": placement.name, "reason": move.fault])
            toldLive.remove(city)
            assign(move.from)
            passOn(city)
        case .discard: return order(.drop, to: move.to, other: move.from, move)
        case .over:
            end(move)
            saveMoves(with: nil)
        }
        return true
    }

    private func end(_ move: CityMove) {
        moves[move.city] = nil
        let phase = move.phase == .discarding ? MoveRow.givenUp : MoveRow.done
        let row = row(of: move, phase: phase, move.fault)
        endedMoves = Array((endedMoves + [row]).suffix(Self.endedShown))
    }

    private func order(_ step: MoveOrder.Step, to worker: WorkerID, other: WorkerID, _ move: CityMove) -> Bool {
        guard let peer = membership.peer(of: worker) else { return false }
        let name = map.cities[move.city]?.name ?? "?"
        return send(
            Envelope(
                MoveOrder(step, epoch: move.epoch, other: other, name: name), city: move.city, epoch: move.epoch),
            to: peer)
    }

    /// What waited for a city goes to its worker; jobs may ask it again.
    private func passOn(_ city: CityID) {
        if let worker = map.cities[city]?.worker, membership.peer(of: worker) != nil { tellJobs(reached: city) }
        for waiting in held.take(city) {
            // What is left of its time.
            var request = waiting.request
            let left = waiting.deadline.number - min(now, waiting.deadline).number
            request.deadlineMilliseconds = UInt32(clamping: max(1, 1000 * left))
            do {
                try serve(request, from: waiting.peer)
            } catch {
                refuse(waiting.request, waiting.peer, .internal, "\(error)")
            }
        }
    }

    /// Keeps a request until the city has its worker.
    func hold(_ request: Envelope, from peer: [UInt8], for city: CityID) {
        if held.hold(request, from: peer, for: city, deadline: deadline(of: request)) { return }
        refuse(request, peer, .busy, "\(map.cities[city]?.name ?? "?") is changing its worker; ask again")
    }

    private func saveMoves(with next: ClusterMap?) {
        do {
            try ledger.save(moves: moves.keys.sorted().compactMap { moves[$0] }, with: next)
        } catch {
            // What follows must not happen without it. A restart goes on from the last good state.
            Log.error("a city's move cannot be stored; stopping", ["reason": "\(error)"])
            exit(1)
        }
    }

    private func row(of move: CityMove, phase: String, _ detail: String) -> MoveRow {
        MoveRow(
            city: move.city, epoch: move.epoch, name: map.cities[move.city]?.name ?? "?",
            from: map.workers[move.from] ?? "?",
            to: map.workers[move.to] ?? "?", phase: phase, bytes: move.bytes, detail: detail)
    }
}

/// Why a move is not begun.
private struct MoveRefusal: Error {
    let code: FailureCode
    let detail: String

    init(_ code: FailureCode, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
