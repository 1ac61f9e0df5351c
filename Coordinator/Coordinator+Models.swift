import Basics
import Cluster
import Wire

// Versions of the model. Every city keeps the newest few; which one answers is the coordinator's word, durable before
// anybody hears of it. All cities are told in one go; one that did not hear it says so with its next heartbeat, in
// which it names the version it answers with, and is told again.

extension Coordinator {
    func serveModels(_ request: Envelope, from peer: [UInt8]) throws {
        if request.kind == .useModel {
            let version = try request.decode(UseModel.self).version
            guard let job = jobs[JobID(version.number)], job.isTrained else {
                return refuse(request, peer, .badRequest, "there is no model \(version); muster models lists them")
            }
            makeLive(version)
        }
        let rows = jobs.keys.sorted().compactMap { number -> ModelRow? in
            guard let training = jobs[number]?.training, training.isTrained else { return nil }
            let version = ModelVersion(number.number)
            return training.modelRow(version: version, isLive: version == live)
        }
        send(
            request.answer(Models(rows: rows.filter(\.isLive) + rows.suffix(Self.modelsKept).filter { !$0.isLive })),
            to: peer)
    }

    /// Versions that cities keep beside the live one.
    private static let modelsKept = 3

    func makeLive(_ version: ModelVersion) {
        do {
            try ledger.save(live: version)
        } catch {
            return Log.error("the new model is not durable, so nobody uses it", ["reason": "\(error)"])
        }
        live = version
        toldLive = []
        Log.info("a model goes live", ["version": version])
        for placement in map.placements where hasLiveModel(placement.city) { tellLive(placement.city) }
    }

    private func hasLiveModel(_ city: CityID) -> Bool {
        jobs[JobID(live.number)]?.training?.outcomes.contains { $0.city == city } ?? false
    }

    /// A city that answers with another version than it should is told so, once while its worker stays: somebody may
    /// have switched it by hand.
    func reconcile(_ report: CityReport) {
        if report.modelVersion != live, hasLiveModel(report.city), !toldLive.contains(report.city) {
            tellLive(report.city)
        }
    }

    private func tellLive(_ city: CityID) {
        guard let placement = map.cities[city], let worker = placement.worker, !isMoving(city),
            let peer = membership.peer(of: worker)
        else { return }
        if send(Envelope(UseModel(version: live), city: city, epoch: placement.epoch), to: peer) {
            toldLive.insert(city)
        }
    }
}
