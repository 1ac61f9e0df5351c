import Basics
import Wire

/// What other workers ask at this one's door, from a request to its answer. It reads what cities keep and computes
/// nothing, so that it can be asked at any time, also while they train.
struct PeerService: Sendable {
    let host: ShardHost

    func answer(_ request: Envelope) -> Envelope {
        do {
            return try perform(request)
        } catch {
            Log.warn("another worker's request failed", ["kind": request.kind.name, "reason": "\(error)"])
            return request.answer(Failure(code: Service.code(of: error, isCancelled: false), detail: "\(error)"))
        }
    }

    private func perform(_ request: Envelope) throws -> Envelope {
        let departure = CityDeparture(host: host)
        let city = request.city ?? CityID(.max)
        switch request.kind {
        case .cityFilesRequest:
            return request.answer(try departure.files(of: city, try request.decode(CityFilesRequest.self)))
        case .cityFileRequest:
            let piece = try departure.piece(of: city, try request.decode(CityFileRequest.self))
            return request.answer(CityFilePart(), bulk: [piece])
        default:
            return request.answer(
                Failure(code: .badRequest, detail: "a worker does not answer another's \(request.kind.name)"))
        }
    }
}
