import Basics
import Cluster
import Wire

extension Coordinator {
    /// What commands and HTTP ask: answered here, or forwarded to the worker that owns the city.
    func serve(_ request: Envelope, from peer: [UInt8]) throws {
        switch request.kind {
        case .registerCities:
            let order = try request.decode(RegisterCities.self)
            var next = map
            let cities = next.register(cities: order.names)
            for (city, load) in zip(cities, order.loads) where map.cities[city] == nil { next.setLoad(load, of: city) }
            if next.cities.count > map.cities.count { try ledger.save(next) }
            map = next
            placeCities()
            send(request.answer(CityTable(cities: cities.map { row(of: $0) })), to: peer)
        case .statusRequest:
            send(request.answer(status()), to: peer)
        case .influencersRequest where request.city == nil:
            if !conductor.offer(request, from: peer) {
                refuse(request, peer, .busy, "too many searches over several cities wait; ask again")
            }
        case .searchOrder where peer != Self.deskPeer:
            refuse(request, peer, .badRequest, "the steps of a search are the coordinator's own")
        case .importBlock, .exportRequest, .evaluationRequest, .seedsRequest, .influencersRequest,
            .eventsRequest, .postSignals, .explainRequest, .feedRequest, .searchOrder:
            forward(request, from: peer)
        case .recommendPlaces, .recommendPeople:
            try recommend(request, from: peer)
        case .startTraining, .startPlanning, .jobRequest, .controlJob:
            try serveJobs(request, from: peer)
        case .modelsRequest, .useModel:
            try serveModels(request, from: peer)
        case .moveCity, .movesRequest:
            try serveMoves(request, from: peer)
        default:
            let failure = Failure(code: .badRequest, detail: "the coordinator does not answer \(request.kind.name)")
            send(request.answer(failure), to: peer)
        }
    }

    /// To the owner of the request's city, under a number of our own.
    func forward(_ request: Envelope, from peer: [UInt8]) {
        guard let city = request.city, let placement = map.cities[city] else {
            return refuse(request, peer, .unknownCity, "there is no city \(request.city?.description ?? "?")")
        }
        if isMoving(city) { return hold(request, from: peer, for: city) }
        guard let worker = placement.worker, let home = membership.peer(of: worker) else {
            let owner = placement.worker.flatMap { map.workers[$0] }
            let reason = owner.map { "its worker \($0) is gone" } ?? "no worker has it yet"
            return refuse(request, peer, .unavailable, "\(placement.name) has no home now: \(reason)")
        }
        let asked = book.forward(
            from: peer, id: request.request, to: worker, about: city, deadline: deadline(of: request))
        guard let number = asked else {
            return refuse(request, peer, .busy, "too many requests are under way; ask again")
        }
        var forwarded = request
        forwarded.request = number
        forwarded.epoch = placement.epoch
        if !send(forwarded, to: home) {
            _ = book.answer(number)
            refuse(request, peer, .busy, "\(map.workers[worker] ?? "?") has its queue full or is leaving; ask again")
        }
    }

    func deadline(of request: Envelope) -> Tick {
        let milliseconds = request.deadlineMilliseconds > 0 ? request.deadlineMilliseconds : deadlineMilliseconds
        return now.later(by: (UInt64(milliseconds) + 999) / 1000)
    }

    func refuse(_ request: Envelope, _ peer: [UInt8], _ code: FailureCode, _ detail: String) {
        send(request.answer(Failure(code: code, detail: detail)), to: peer)
    }

    func row(of city: CityID) -> CityRow {
        guard let placement = map.cities[city] else { preconditionFailure("a city that was never registered") }
        return CityRow(
            city: city, name: placement.name, epoch: placement.epoch, worker: placement.worker,
            workerName: placement.worker.flatMap { map.workers[$0] } ?? "",
            alive: placement.worker.map { membership.peer(of: $0) != nil } ?? false, report: reports[city])
    }

    private func status() -> Status {
        let alive = Set(membership.alive)
        return Status(
            cluster: cluster, build: Build.identifier,
            workers: map.workers.keys.sorted().map { worker in
                WorkerRow(
                    worker: worker, name: map.workers[worker] ?? "?", alive: alive.contains(worker),
                    processID: alive.contains(worker) ? processes[worker] ?? 0 : 0,
                    cities: UInt32(map.placements(of: worker).count))
            },
            cities: map.placements.map { row(of: $0.city) },
            jobs: jobs.keys.sorted().suffix(Self.jobsShown).compactMap { jobRow($0) })
    }

    /// Status shows the newest jobs only; each can still be asked for by number.
    private static let jobsShown = 20
}
