import Basics
import Wire

/// What other workers ask at this one's door, from a request to its answer. It reads what cities keep and computes
/// nothing, so that it can be asked at any time, also while they train.
struct PeerService: Sendable {
    let host: ShardHost

    func answer(_ request: Envelope) -> Envelope {
        switch request.kind {
        default:
            request.answer(
                Failure(code: .badRequest, detail: "a worker does not answer another's \(request.kind.name)"))
        }
    }
}
