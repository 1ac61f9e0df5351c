import Testing

@testable import Basics

@Suite struct MonitorTests {
    @Test func whoDoesNotWaitIsTurnedAwayWhileSomebodyHasTheLock() {
        let monitor = Monitor(1)
        let inside = monitor.withLock { state, _ in
            state += 1
            return monitor.withLockIfFree { state, _ in state }
        }
        #expect(inside == nil)
        let after = monitor.withLockIfFree { state, _ in
            state += 1
            return state
        }
        #expect(after == 3)
        // It was given back.
        #expect(monitor.withLock { state, _ in state } == 3)
    }
}
