import Synchronization

/// Raised when the process is asked to end; asked twice means at once.
final class StopFlag: Sendable {
    enum Raise { case first, again }

    private let raised = Atomic<Bool>(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }

    func raise() -> Raise {
        raised.exchange(true, ordering: .relaxed) ? .again : .first
    }
}
