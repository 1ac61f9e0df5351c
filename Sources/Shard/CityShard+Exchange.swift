package import Basics
import Graph
import Learn
import Store
import Synchronization
package import Wire

// A city's part in embedding itself together with others (`Learn/Training/CityInference.swift`). What it computes with
// is kept with what only the running long call touches; the parts that others ask for, and those that came from them,
// lie beside it, so that giving and taking wait for no training. All of it follows from what is stored, so a worker
// that comes back after a loss makes the same again. It is gone when its version is live, or another job begins.

/// Parts to give and parts that came, by stage and city.
struct OpenExchange: Sendable {
    let job: JobID
    /// Of stages that it has advanced through, and of the next.
    var given: [[CityID: [UInt8]]]
    /// Of the next stage.
    var taken: [CityID: [UInt8]] = [:]
    /// What it tells a city that it shares nobody with.
    let nothing: (visits: [UInt8], rows: [UInt8])

    var stage: Int { given.count - 1 }
}

/// What a city computes with between stages.
struct OpenInference {
    let order: PublishModel
    let weights: [Float]
    let trainer: CityTrainer
    let own: OwnWeights
    let homes: [CityID]
    /// nil before stage 0.
    var inference: CityInference?
}

/// How far a city came.
package enum ExchangeAnswer {
    case prepared(ModelPrepared)
    case advanced(ModelAdvanced)
    case published(Published)
}

extension CityShard {
    /// Gets ready to embed the city together with others. A model whose rows nobody else can use is published at once.
    package func prepare(_ order: PublishModel, weights: [Float], pool: ComputePool) throws -> ExchangeAnswer {
        try computing.withLock { state, _ in
            if let open = state.inference, open.order == order, open.weights == weights {
                return .prepared(prepared(open))
            }
            dropExchange(&state)
            let any = try trainer(forPublishing: order, weights: weights, pool: pool, state: &state)
            guard let trainer = any as? CityTrainer else {
                return .published(try publishAlone(order, weights: weights, pool: pool, state: &state))
            }
            let visits = trainer.guestVisits()
            let open = OpenInference(
                order: order, weights: weights, trainer: trainer,
                own: trainer.ownWeights(weights: weights, pool: pool), homes: visits.keys.sorted())
            var nothing = (visits: ByteWriter(), rows: ByteWriter())
            GuestVisits().encode(into: &nothing.visits)
            GuestRows().encode(into: &nothing.rows)
            let parts = try visits.mapValues { visits in try part { visits.encode(into: &$0) } }
            let kept = OpenExchange(
                job: order.job, given: [parts], nothing: (nothing.visits.bytes, nothing.rows.bytes))
            (state.inference, state.trainer) = (open, nil)
            exchange.withLock { $0 = kept }
            return .prepared(prepared(open))
        }
    }

    private func prepared(_ open: OpenInference) -> ModelPrepared {
        ModelPrepared(job: open.order.job, homes: open.homes, layers: UInt32(open.trainer.layers))
    }

    /// The part that another city asks for; nil where the city keeps no parts of that stage (any more). Quick.
    package func givenRows(_ request: RowsRequest) -> [UInt8]? {
        exchange.withLock { open in
            let stage = Int(request.stage)
            guard let kept = open, kept.job == request.job, stage <= kept.stage else { return nil }
            return kept.given[stage][request.to] ?? (stage == 0 ? kept.nothing.visits : kept.nothing.rows)
        }
    }

    /// Whether the part is still to be fetched: it is not here, nor was it used before. Quick.
    package func needsRows(_ order: FetchRows) throws -> Bool {
        try exchange.withLock { open in
            let kept = try Self.checked(open, order, name)
            return Int(order.stage) == kept.stage && kept.taken[order.from] == nil
        }
    }

    /// Takes a part that was fetched. Quick.
    package func take(_ part: [UInt8], _ order: FetchRows) throws {
        try exchange.withLock { open in
            // What comes for a stage that is over was used before.
            if Int(order.stage) == (try Self.checked(open, order, name)).stage { open?.taken[order.from] = part }
        }
    }

    private static func checked(_ open: OpenExchange?, _ order: FetchRows, _ city: String) throws -> OpenExchange {
        guard let open, open.job == order.job, Int(order.stage) <= open.stage else {
            throw ShardError.exchangeGone(city: city)
        }
        return open
    }

    /// Goes on to the next stage with the parts of those cities; after the last one the version is kept.
    package func advance(_ order: AdvanceModel, pool: ComputePool) throws -> ExchangeAnswer {
        try computing.withLock { state, _ in
            guard var open = state.inference, open.order.job == order.job else {
                throw ShardError.exchangeGone(city: name)
            }
            let (stage, done) = (Int(order.stage), open.inference.map { $0.layer + 1 } ?? 0)
            let layers = open.trainer.layers
            if stage >= done {
                guard stage == done, stage <= layers else { throw ShardError.exchangeGone(city: name) }
                try advance(&open, from: order.from, pool: pool)
                state.inference = open
            }
            guard stage == layers else {
                return .advanced(ModelAdvanced(job: order.job, stage: order.stage))
            }
            if let model = try storedModel(open.order.version) { return .published(model.report) }
            guard let inference = open.inference else { preconditionFailure("a last stage before the first") }
            let embeddings = open.trainer.calibrated(inference.embeddings(), by: open.own, pool: pool)
            return .published(
                try finish(
                    open.order, embeddings, of: open.trainer, weights: open.weights, pool: pool, state: &state))
        }
    }

    private func advance(_ open: inout OpenInference, from cities: [CityID], pool: ComputePool) throws {
        let taken = exchange.withLock { $0?.taken ?? [:] }
        guard cities.allSatisfy({ taken[$0] != nil }) else { throw ShardError.exchangeGone(city: name) }
        func decoded<Part>(_ read: (inout ByteReader) throws -> Part) throws -> [CityID: Part] {
            var parts: [CityID: Part] = [:]
            for city in cities {
                var reader = ByteReader(taken[city] ?? [])
                do {
                    parts[city] = try read(&reader)
                    try reader.finish()
                } catch {
                    throw ShardError.unreadablePart(city: name, from: city)
                }
            }
            return parts
        }
        if let inference = open.inference {
            if let other = inference.take(try decoded { try GuestRows(from: &$0) }) {
                throw ShardError.unreadablePart(city: name, from: other)
            }
            inference.advance()
        } else {
            open.inference = CityInference(
                open.trainer, weights: open.weights, ownShare: open.own.share,
                visits: try decoded { try GuestVisits(from: &$0) }, pool: pool)
        }
        guard let inference = open.inference else { preconditionFailure("a stage without rows") }
        var parts: [CityID: [UInt8]] = [:]
        if inference.layer < inference.layers {
            for other in Set(open.homes + cities) {
                let rows = inference.rows(for: other)
                parts[other] = try part { rows.encode(into: &$0) }
            }
        }
        exchange.withLock { kept in
            kept?.given.append(parts)
            kept?.taken = [:]
        }
    }

    private func part(_ encode: (inout ByteWriter) -> Void) throws -> [UInt8] {
        var writer = ByteWriter()
        encode(&writer)
        guard writer.bytes.count <= WireLimits.frameBytesMax else {
            throw ShardError.partTooLarge(city: name, bytes: writer.bytes.count)
        }
        return writer.bytes
    }

    func dropExchange(_ state: inout Computing) {
        state.inference = nil
        exchange.withLock { $0 = nil }
    }
}
