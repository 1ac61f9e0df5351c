package import Basics
import Graph
import Learn
package import Wire

// Turns that hear what a city's people do in other cities (`Learn/Training/CityAcross.swift`). Before its first turn a
// city asks the others; what they tell follows from their graphs and from the visits they keep back, whatever they have
// trained, so it is kept as long as the trainer, and is the same when it is asked for again after a loss.

extension CityShard {
    /// What this city tells another one, for its turns. At once: it does not wait for a training that runs here.
    package func elsewhere(_ request: ElsewhereRequest, guests: [PersonID], pool: ComputePool) throws -> [UInt8] {
        let part = try computing.withLockIfFree { state, _ -> ElsewherePart? in
            // Who asks late must not take a newer training's place.
            let newest = max(state.trainerJob.number, state.inference.map { $0.order.job.number + 1 } ?? 0)
            if newest > request.job.number { return nil }
            let asRound = TrainRound(
                job: request.job, round: .max, steps: 0, seed: request.seed, model: request.model)
            let trainer = try trainer(for: asRound, pool: pool, state: &state)
            guard let trainer = trainer as? CityTrainer else { throw ShardError.badModel(reason: "it hears no cities") }
            return trainer.elsewhere(for: request.to, guests: guests)
        }
        guard let part, let part else { throw ShardError.elsewhereBusy(city: name) }
        var writer = ByteWriter()
        part.encode(into: &writer)
        guard writer.bytes.count <= WireLimits.frameBytesMax else {
            throw ShardError.elsewhereTooLarge(city: name, bytes: writer.bytes.count)
        }
        return writer.bytes
    }

    /// The trainer's next steps hear the order's other cities, or what is here alone. A light model hears nobody: its
    /// cities share no axes.
    func listen(
        to order: TrainRound, _ trainer: any ModelTrainer, _ state: inout Computing,
        _ askOthers: ([PersonID]) throws -> [CityID: [UInt8]]
    ) throws {
        guard let trainer = trainer as? CityTrainer else { return }
        trainer.across = nil
        if order.others.isEmpty { return }
        let cities = order.others.map(\.city)
        if state.across?.cities != cities {
            let told = try askOthers(trainer.guests)
            precondition(Set(told.keys) == Set(cities), "another city's word is missing")
            let parts = try cities.map { city in (city, try part(told[city] ?? [], of: city, trainer)) }
            let heard = CityAcross(trainer, parts: Dictionary(parts) { first, _ in first })
            state.across = (cities, heard)
        }
        trainer.across = state.across?.heard
    }

    private func part(_ bytes: [UInt8], of city: CityID, _ trainer: CityTrainer) throws -> ElsewherePart {
        var reader = ByteReader(bytes)
        do throws(ByteError) {
            let part = try ElsewherePart(from: &reader)
            try reader.finish()
            if part.fits(trainer) { return part }
        } catch {
            throw ShardError.unreadablePart(city: name, from: city)
        }
        throw ShardError.unreadablePart(city: name, from: city)
    }
}
