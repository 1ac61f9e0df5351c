import Basics
import Influence
import Learn
import Shard
import Store
import Transport
import Wire
import World

/// From a request to its answer: decode, ask the shard, encode. Every fault becomes a `failure` with a code the
/// asker can act on.
struct Service: Sendable {
    let host: ShardHost
    let peers: Peers
    let pool: ComputePool
    /// What this worker may use for all its cities.
    let memoryBytes: UInt64

    func answer(_ request: Envelope, isCancelled: @escaping () -> Bool) -> Envelope {
        do {
            return try perform(request, isCancelled: isCancelled)
        } catch let refusal as Refusal {
            return request.answer(Failure(code: refusal.code, detail: refusal.detail))
        } catch {
            let failure = Failure(code: Self.code(of: error, isCancelled: isCancelled()), detail: "\(error)")
            Log.warn("request failed", ["kind": request.kind.name, "reason": failure.detail])
            return request.answer(failure)
        }
    }

    /// Answers import blocks of one city, together if nothing is wrong with any, else each for itself.
    func answer(imports requests: [Envelope]) -> [Envelope] {
        if requests.count > 1, let answers = try? perform(imports: requests) { return answers }
        return requests.map { request in answer(request) { false } }
    }

    /// Answers questions of one kind to one city, all that waited, in one pass over its people or places.
    func answer(recommendations requests: [Envelope]) -> [Envelope] {
        guard let first = requests.first else { return [] }
        do {
            let shard = try host.shard(for: first)
            for request in requests { _ = try host.shard(for: request) }
            if first.kind == .recommendPlaces {
                return zip(requests, shard.recommendPlaces(try questions(requests))).map { told($0, $1) }
            }
            return zip(requests, shard.recommendPeople(try questions(requests))).map { told($0, $1) }
        } catch {
            // One that cannot be read spoils it for all: then each for itself.
            if requests.count > 1 { return requests.flatMap { answer(recommendations: [$0]) } }
            return [refusal(of: first, error)]
        }
    }

    private func questions<Asked: Body>(_ requests: [Envelope]) throws -> [Question<Asked>] {
        try requests.map { request in
            Question(try request.decode(Asked.self), stranger: try request.bulk.first.map { try Self.person($0) })
        }
    }

    private func told<Answer: Body>(_ request: Envelope, _ outcome: Result<Answer, any Error>) -> Envelope {
        switch outcome {
        case .success(let answer): return request.answer(answer)
        case .failure(ShardError.unknownPerson):
            return request.answer(PersonMissing(question: request.kind.rawValue, body: request.body))
        case .failure(let error): return refusal(of: request, error)
        }
    }

    private func refusal(of request: Envelope, _ error: any Error) -> Envelope {
        if let refusal = error as? Refusal {
            return request.answer(Failure(code: refusal.code, detail: refusal.detail))
        }
        return request.answer(Failure(code: Self.code(of: error, isCancelled: false), detail: "\(error)"))
    }

    private static func person(_ bytes: [UInt8]) throws -> Person {
        var reader = ByteReader(bytes)
        guard case .person(let person) = try Record(from: &reader) else {
            throw Refusal(.badRequest, "a record that came with a question is no person's")
        }
        return person
    }

    /// In which of this worker's cities somebody lives.
    private func home(of request: Envelope) throws -> Envelope {
        let person = try request.decode(PersonRequest.self).person
        for shard in host.all() {
            guard let found = try shard.resident(person) else { continue }
            var writer = ByteWriter()
            Record.person(found).encode(into: &writer)
            return request.answer(PersonAnswer(home: shard.city), bulk: [writer.bytes])
        }
        return request.answer(PersonAnswer(home: nil))
    }

    private func perform(imports requests: [Envelope]) throws -> [Envelope] {
        var blocks: [[UInt8]] = []
        var home: CityShard?
        for request in requests {
            home = try host.shard(for: request)
            blocks.append(try block(of: request))
        }
        guard let home else { return [] }
        return zip(requests, try home.importBlocks(blocks)).map { $0.answer($1) }
    }

    private func block(of request: Envelope) throws -> [UInt8] {
        guard let block = request.bulk.first else {
            throw Refusal(.badRequest, "\(request.kind.name) came without what it is about")
        }
        return block
    }

    private func perform(_ request: Envelope, isCancelled: @escaping () -> Bool) throws -> Envelope {
        if request.kind == .personRequest { return try home(of: request) }
        if request.kind == .moveOrder { return try move(request, isCancelled: isCancelled) }
        let shard = try host.shard(for: request)
        switch request.kind {
        case .importBlock:
            return request.answer(try shard.importBlock(try block(of: request)))
        case .exportRequest:
            let (page, bulk) = try shard.export(try request.decode(ExportRequest.self))
            return request.answer(page, bulk: bulk)
        case .seedsRequest:
            let order = try request.decode(SeedsRequest.self)
            return request.answer(Seeds(seeds: try shard.seeds(count: Int(order.count))))
        case .explainRequest:
            return request.answer(try shard.explanation(of: try request.decode(ExplainRequest.self).seed))
        case .feedRequest:
            let order = try request.decode(FeedRequest.self)
            return request.answer(Feed(cards: try shard.feed(of: order.person, count: Int(order.count))))
        case .surveyTraining:
            return request.answer(
                try shard.survey(try request.decode(SurveyTraining.self), memoryBytes: memoryBytes, pool: pool))
        case .eventsRequest:
            return request.answer(try shard.events(try request.decode(EventsRequest.self)))
        case .postSignals:
            return request.answer(
                try shard.take(
                    try request.decode(PostSignals.self), json: try block(of: request), now: millisecondsNow()))
        case .trainRound:
            let order = try request.decode(TrainRound.self)
            return request.answer(
                try shard.trainRound(
                    order, weights: try weights(of: request), pool: pool,
                    askOthers: { try ask(order, of: shard.city, guests: $0, isCancelled: isCancelled) },
                    isCancelled: isCancelled))
        case .deltaRequest:
            let (answer, frames) = try shard.delta(try request.decode(DeltaRequest.self))
            return request.answer(answer, bulk: frames)
        case .useModel:
            let version = try request.decode(UseModel.self).version
            try shard.keepVersion(version, pool: pool)
            return request.answer(ModelUsed(version: version))
        case .publishModel:
            let order = try request.decode(PublishModel.self)
            return request.answer(try shard.publish(order, weights: try weights(of: request), pool: pool))
        case .prepareModel:
            let order = try request.decode(PrepareModel.self).order
            return request.answer(try shard.prepare(order, weights: try weights(of: request), pool: pool))
        case .advanceModel:
            return request.answer(try shard.advance(try request.decode(AdvanceModel.self), pool: pool))
        case .fetchRows:
            return request.answer(try fetch(try request.decode(FetchRows.self), for: shard))
        case .evaluationRequest:
            return request.answer(
                try shard.measure(try request.decode(EvaluationRequest.self), pool: pool))
        case .planCity:
            return request.answer(try shard.plan(try request.decode(PlanCity.self), pool: pool))
        case .influencersRequest:
            return request.answer(
                try shard.influencers(try request.decode(InfluencersRequest.self), pool: pool))
        case .searchOrder:
            let order = try request.decode(SearchOrder.self)
            let (reply, answer) = try shard.search(order, question: request.bulk.first, pool: pool)
            return request.answer(reply, bulk: answer.map { [$0] } ?? [])
        default:
            throw Refusal(.badRequest, "a worker does not answer \(request.kind.name)")
        }
    }

    /// The first round's order comes without weights.
    private func weights(of request: Envelope) throws -> [Float] {
        request.bulk.isEmpty ? [] : try request.bulkFloats()
    }

    static func code(of error: any Error, isCancelled: Bool) -> FailureCode {
        if isCancelled { return .cancelled }
        switch error {
        case is WireError: return .badRequest
        case ShardError.noModel: return .noModel
        case ShardError.notReady: return .unavailable
        case ShardError.unknownPerson: return .unknownPerson
        case ShardError.unknownPlace: return .unknownPlace
        case ShardError.outboxFull, ShardError.elsewhereBusy: return .busy
        // Its city is on its way to another worker.
        case StoreError.closed: return .unavailable
        case ShardError.searchGone, ShardError.exchangeGone: return .unavailable
        case is ShardError, is InfluenceError: return .badRequest
        default: return .internal
        }
    }
}

extension Envelope {
    /// How far a city came, as the answer.
    fileprivate func answer(_ answer: ExchangeAnswer) -> Envelope {
        switch answer {
        case .prepared(let body): self.answer(body)
        case .advanced(let body): self.answer(body)
        case .published(let body): self.answer(body)
        }
    }
}
