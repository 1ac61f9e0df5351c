import Basics
import Cluster
import Wire

extension Coordinator {
    /// A first word: the versions must fit; a worker gets its number and its cities.
    func welcome(_ message: Envelope, from peer: [UInt8]) throws {
        let hello = try message.decode(Hello.self)
        switch hello.verdict() {
        case .refused(let reason):
            Log.warn("refused", ["name": hello.name, "reason": reason])
            send(message.answer(Refused(reason: reason)), to: peer)
        case .agreed(let version):
            let worker = hello.role == .worker ? try admit(hello) : WorkerID(0)
            send(
                message.answer(
                    Welcome(
                        worker: worker, cluster: cluster, heartbeatMilliseconds: Self.heartbeatMilliseconds,
                        protocolVersion: version)), to: peer)
            guard hello.role == .worker else { return }
            Log.info("worker is here", ["worker": hello.name, "process": hello.processID])
            processes[worker] = hello.processID
            follow(membership.hello(worker, peer: peer, at: now))
        }
    }

    private func admit(_ hello: Hello) throws -> WorkerID {
        if let known = map.worker(named: hello.name) { return known }
        var next = map
        let worker = next.register(worker: hello.name)
        try ledger.save(next)
        map = next
        return worker
    }

    func beat(_ message: Envelope, from peer: [UInt8]) throws {
        guard membership.heartbeat(from: peer, at: now) else {
            // After our restart: the worker makes a new link and says hello.
            send(
                message.answer(
                    Refused(reason: "this worker is not known here, after a restart or a silence; say hello again")),
                to: peer)
            return
        }
        guard let worker = membership.worker(of: peer) else { return }
        var missing = Set(map.placements(of: worker).map(\.city))
        let beat = try message.decode(Heartbeat.self)
        hear(beat, of: worker, from: peer)
        for report in beat.cities where map.cities[report.city]?.worker == worker {
            reports[report.city] = report
            map.setLoad(report.visits, of: report.city)
            if report.epoch == map.cities[report.city]?.epoch {
                missing.remove(report.city)
                reconcile(report)
                noteOpen(report.city, by: worker, epoch: report.epoch)
            }
        }
        send(message.answer(HeartbeatAnswer()), to: peer)
        // An assignment that got lost, or a city that could not be opened then.
        missing = missing.filter { moves[$0]?.mayBeClosed != true }
        if !missing.isEmpty, now > (assigned[worker] ?? Tick(0)).later(by: 5) { assign(worker) }
    }

    /// What the coming and going of workers means for cities, requests and jobs.
    func follow(_ events: [MembershipEvent]) {
        for event in events {
            switch event {
            case .joined(let worker, _):
                placeCities()
                assign(worker)
                for placement in map.placements(of: worker) {
                    toldLive.remove(placement.city)
                    if !isMoving(placement.city) { tellJobs(reached: placement.city) }
                }
                tellMoves(.reached(worker))
            case .left(let worker, _), .lost(let worker, _):
                Log.warn("worker is gone", ["worker": map.workers[worker] ?? "?"])
                peers.gone(worker)
                let name = map.workers[worker] ?? "?"
                for asker in book.lost(worker) {
                    answer(asker, Failure(code: .unavailable, detail: "\(name) is gone; its cities wait for it"))
                }
                for placement in map.placements(of: worker) { tellJobs(lost: placement.city) }
                tellMoves(.lost(worker))
            }
        }
    }

    /// Gives cities that never had an owner one of the workers that are here.
    func placeCities() {
        var next = map
        let changed = next.place(alive: membership.alive)
        if changed.isEmpty { return }
        do {
            try ledger.save(next)
        } catch {
            return Log.error("placement is not durable, so nobody hears of it", ["reason": "\(error)"])
        }
        map = next
        for worker in Set(changed.compactMap { map.cities[$0]?.worker }).sorted() { assign(worker) }
    }

    func assign(_ worker: WorkerID) {
        guard let peer = membership.peer(of: worker) else { return }
        assigned[worker] = now
        // Told that it owns a city that it has closed, a worker would open it again.
        let cities = map.placements(of: worker).filter { moves[$0.city]?.mayBeClosed != true }.map {
            CityAssignment(
                city: $0.city, name: $0.name, epoch: $0.epoch, isArriving: moves[$0.city]?.phase == .opening)
        }
        send(Envelope(Assign(cities: cities)), to: peer)
    }
}
