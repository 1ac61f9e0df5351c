import Synchronization

/// Raised when the process is asked to end; asked twice means at once.
package final class StopFlag: Sendable {
    private let raised = Atomic<Bool>(false)

    package init() {}

    package var isRaised: Bool { raised.load(ordering: .relaxed) }

    /// Whether this was the first time.
    @discardableResult
    package func raise() -> Bool { !raised.exchange(true, ordering: .relaxed) }
}
