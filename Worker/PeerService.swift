import Basics
import Shard
import Wire

/// What other workers ask at this one's door, from a request to its answer. It reads what cities keep, so that it can
/// be asked at any time; what has to be made of a city's graph is refused while the city computes something else.
struct PeerService: Sendable {
    let host: ShardHost
    let pool: ComputePool

    func answer(_ request: Envelope) -> Envelope {
        do {
            return try perform(request)
        } catch let refusal as Refusal {
            return request.answer(Failure(code: refusal.code, detail: refusal.detail))
        } catch {
            Log.warn("another worker's request failed", ["kind": request.kind.name, "reason": "\(error)"])
            return request.answer(Failure(code: Service.code(of: error, isCancelled: false), detail: "\(error)"))
        }
    }

    private func perform(_ request: Envelope) throws -> Envelope {
        switch request.kind {
        case .rowsRequest:
            let part = try host.shard(for: request).givenRows(try request.decode(RowsRequest.self))
            return request.answer(Rows(isKept: part != nil), bulk: part.map { [$0] } ?? [])
        case .elsewhereRequest:
            let guests = try request.bulkIdentifiers(of: PersonID.self)
            let part = try host.shard(for: request).elsewhere(
                try request.decode(ElsewhereRequest.self), guests: guests, pool: pool)
            return request.answer(Elsewhere(), bulk: [part])
        case .cityFilesRequest:
            let files = try CityDeparture(host: host).files(
                of: try city(of: request), try request.decode(CityFilesRequest.self))
            return request.answer(files)
        case .cityFileRequest:
            let piece = try CityDeparture(host: host).piece(
                of: try city(of: request), try request.decode(CityFileRequest.self))
            return request.answer(CityFilePart(), bulk: [piece])
        default:
            throw Refusal(.badRequest, "a worker does not answer another's \(request.kind.name)")
        }
    }

    private func city(of request: Envelope) throws -> CityID {
        guard let city = request.city else { throw Refusal(.badRequest, "\(request.kind.name) is about a city") }
        return city
    }
}
