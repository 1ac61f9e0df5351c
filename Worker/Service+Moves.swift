import Basics
import Transport
import Wire

/// This worker's part in moving cities, as the coordinator orders it.
extension Service {
    /// How long a city that is to be closed may have something at work in it, before that is said.
    private static let closingMilliseconds = 20_000
    /// How long another worker may take for one answer: it reads at most some MiB from its disk.
    private static let peerMilliseconds = 30_000

    /// Faults are part of the answer: the coordinator's move asks again or is given up.
    func move(_ request: Envelope, isCancelled: @escaping () -> Bool) throws -> Envelope {
        let order = try request.decode(MoveOrder.self)
        guard let city = request.city else { throw Refusal(.badRequest, "\(request.kind.name) is about a city") }
        do {
            return request.answer(MoveReply(order, bytes: try carryOut(order, city, isCancelled: isCancelled)))
        } catch {
            Log.warn(
                "a step of a city's move failed", ["city": order.name, "step": order.step.name, "reason": "\(error)"])
            return request.answer(MoveReply(order, fault: "\(error)"))
        }
    }

    private func carryOut(_ order: MoveOrder, _ city: CityID, isCancelled: @escaping () -> Bool) throws -> UInt64 {
        switch order.step {
        case .receive, .receiveRest:
            // An order that was given again, and came late.
            guard host.shard(city) == nil else { throw MoveError.livesHere(city) }
            let arrival = CityArrival(
                folders: host.folders, city: city, order: order,
                ask: { try peers.ask(order.other, $0, milliseconds: Self.peerMilliseconds) },
                isCancelled: { isCancelled() || !host.isExpected(city) })
            // Called off meanwhile, it leaves nothing, whoever was first.
            defer { if !host.isExpected(city), host.shard(city) == nil { try? host.folders.remove(.incoming, city) } }
            guard host.isExpected(city) else { throw MoveError.calledOff }
            return try arrival.copy()
        case .release:
            try host.release(city, waitingMilliseconds: Self.closingMilliseconds)
        case .drop:
            for place in [CityFolders.Place.leaving, .held, .incoming] { try host.folders.remove(place, city) }
        }
        return 0
    }
}
