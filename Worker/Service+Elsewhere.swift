import Basics
import Shard
import Transport
import Wire

extension Service {
    /// A part of 256 MiB takes so long at 70 Mbit/s.
    private static let askMilliseconds = 30_000

    /// What the order's other cities tell of a city's people, from the workers that have those cities, one after the
    /// other. Who cannot tell now may be able to in a moment: the order fails as a whole, and is given again.
    func ask(
        _ order: TrainRound, of city: CityID, guests: [PersonID], isCancelled: () -> Bool
    ) throws -> [CityID: [UInt8]] {
        let (question, bulk) = (
            ElsewhereRequest(job: order.job, seed: order.seed, model: order.model, to: city), Envelope.bulk(of: guests)
        )
        guard bulk.count <= WireLimits.frameBytesMax else {
            throw Refusal(.badRequest, "city \(city) has more guests than a message holds; train without --across")
        }
        var parts: [CityID: [UInt8]] = [:]
        for other in order.others {
            if isCancelled() { throw Refusal(.cancelled, "a turn was called off") }
            let request = Envelope(question, city: other.city, epoch: other.epoch, job: order.job, bulk: [bulk])
            do {
                let answer = try peers.ask(other.worker, request, milliseconds: Self.askMilliseconds)
                _ = try answer.decode(Elsewhere.self)
                parts[other.city] = try answer.bulkBytes()
            } catch let error as PeerError {
                let detail = "city \(other.city) was not heard: \(error)"
                throw Refusal(error.isFinal ? .badRequest : .unavailable, detail)
            }
        }
        return parts
    }
}

extension PeerError {
    /// Whether the other worker understood and will never do it. Where the city is may change by the next order.
    fileprivate var isFinal: Bool {
        guard case .failed(_, let failure) = self else { return false }
        return failure.code == .badRequest || failure.code == .internal
    }
}
