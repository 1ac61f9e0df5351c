package import Basics
import Graph
import Learn
package import Plans
import Store
import World

// The judge of a city's groups is trained when seeds are first planned with a model, from all visits that are then
// stored. Seeds keep the rows of their people and the number of the model, so a group is judged in that model's terms
// whatever model is live then.

extension CityShard {
    /// Judges of older models are forgotten beyond so many.
    private static let judgesKept = 4

    /// Trains the judge of groups for a model, where there is none yet and the city has groups enough that met.
    func prepareJudge(of model: CityModel, _ graph: CityGraph, seed: UInt64, pool: ComputePool) throws {
        let key = ShardKeys.signal("judge/", model.version.number)
        if try store.database.get(.signals, key: key) != nil { return }
        let met = metGroups(try encounters(in: graph, pool: pool), in: graph, most: GroupJudge.groupsMax)
        let random = SeededRandom(seed: seed).child("judge")
        guard
            let judge = GroupJudge(
                met, graph: graph, embeddings: model.aligned(with: graph).embeddings, random: random, pool: pool)
        else {
            return Log.info(
                "too few groups met to judge others by; who says yes is believed",
                ["city": name, "groups": met.count, "model": model.version])
        }
        var (writer, batch) = (ByteWriter(), WriteBatch())
        judge.encode(into: &writer)
        batch.put(.signals, key: key, value: writer.bytes)
        var others: [[UInt8]] = []
        try store.database.scan(.signals, prefix: ShardKeys.signal("judge/")) { key, _ in
            others.append(key)
            return true
        }
        for old in others.filter({ $0 != key }).dropLast(Self.judgesKept - 1) { batch.delete(.signals, key: old) }
        try store.database.commit(batch)
        Log.info(
            "groups can be judged",
            [
                "city": name, "model": model.version, "learned from": judge.report.learned,
                "judged by": judge.report.judged,
                "calibration error": judge.report.reliability.expectedError,
                "agreement": judge.report.agreement,
            ])
    }

    /// How the judge of groups does that was trained for a model; nil where there is none.
    package func judgement(of model: ModelVersion) throws -> GroupJudge.Report? {
        guard let bytes = try store.database.get(.signals, key: ShardKeys.signal("judge/", model.number)) else {
            return nil
        }
        var reader = ByteReader(bytes)
        return try GroupJudge(from: &reader).report
    }

    /// Who really was where, of those whom a graph knows.
    private func encounters(in graph: CityGraph, pool: ComputePool) throws -> [Encounter] {
        try store.mapVisits(pool: pool) { visits in
            var encounters: [Encounter] = []
            var start = visits.startIndex
            while start < visits.endIndex {
                let own = visits[start...].prefix { $0.person == visits[start].person }
                start = own.endIndex
                guard let person = graph.localPerson(own[own.startIndex].person) else { continue }
                let share = Int(person) < graph.residents ? graph.heldOutShare : 0
                let held = heldOutCount(visits: own.count, share: share)
                let firstHeld = held > 0 ? own.map(\.time).sorted()[own.count - held] : nil
                for visit in own where visit.attended {
                    guard let place = graph.localPlace(visit.place) else { continue }
                    encounters.append(
                        Encounter(
                            person: person, place: place, time: visit.time.milliseconds,
                            isHeldOut: firstHeld.map { visit.time >= $0 } ?? false))
                }
            }
            return encounters
        }.flatMap { $0 }
    }
}
