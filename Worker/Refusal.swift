import Basics
import Shard
import Wire

/// A fault of the request itself.
struct Refusal: Error {
    let code: FailureCode
    let detail: String

    init(_ code: FailureCode, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension ShardHost {
    /// The city that a request is about, under the epoch that the asker knows.
    func shard(for request: Envelope) throws -> CityShard {
        guard let city = request.city, let shard = shard(city) else {
            throw Refusal(.unknownCity, "city \(request.city?.description ?? "?") is not on this worker")
        }
        guard request.epoch == shard.epoch else {
            throw Refusal(
                .staleEpoch, "\(shard.name) is at epoch \(shard.epoch), the request is for \(request.epoch)")
        }
        return shard
    }
}
