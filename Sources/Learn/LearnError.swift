package import Basics

/// Why training could not go on. Never our own bug: those are preconditions.
package enum LearnError: Error, Equatable {
    /// The loss or its gradient is no number any more. `step` counts from 0 within the round; `part` is the part of the
    /// model where it began.
    case diverged(city: CityID, round: Int, step: Int, loss: Double, part: String)
    /// Asked to stop; the trainer is as it was before the round.
    case cancelled(city: CityID, round: Int)
    /// Shared weights of another configuration.
    case weights(city: CityID, have: Int, need: Int)
    /// A model or a setting of one that there is not, or a value it cannot have.
    case setting(name: String, reason: String)
    /// A stored trainer state that cannot be read or belongs to another configuration.
    case state(city: CityID, reason: String)
}

extension LearnError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .diverged(let city, let round, let step, let loss, let part):
            "training of city \(city) diverged in round \(round) at step \(step) (loss \(loss), first in \(part)): "
                + "resume from the last checkpoint with a lower learning rate"
        case .cancelled(let city, let round):
            "training of city \(city) was cancelled in round \(round); the round can be run again"
        case .weights(let city, let have, let need):
            "city \(city) was sent \(have) shared weights where its model has \(need): "
                + "the job's configuration and its weights do not belong together"
        case .setting(let name, let reason): "\(name): \(reason)"
        case .state(let city, let reason):
            "the stored trainer state of city \(city) is unusable (\(reason)): "
                + "remove it to train the city's own embeddings anew"
        }
    }
}
