import Basics
import Testing

@Suite struct BoundedQueueTests {
    @Test func fullIsAnAnswerAndOrderIsKept() {
        let queue = BoundedQueue<Int>(capacity: 2)
        #expect(queue.offer(1) == .accepted && queue.offer(2) == .accepted)
        #expect(queue.offer(3) == .full)
        #expect(queue.take(waitingMilliseconds: 0) == 1)
        #expect(queue.offer(4) == .accepted)
        #expect(queue.take(waitingMilliseconds: 0) == 2)
        #expect(queue.take(waitingMilliseconds: 0) == 4)
        #expect(queue.take(waitingMilliseconds: 0) == nil)
    }

    @Test func aClosedQueueStillGivesWhatItHolds() {
        let queue = BoundedQueue<Int>(capacity: 2)
        _ = queue.offer(1)
        queue.close()
        #expect(queue.offer(2) == .closed)
        #expect(queue.take(waitingMilliseconds: 10) == 1)
        #expect(queue.take(waitingMilliseconds: 10_000) == nil)
    }

    @Test func someElementsAreTakenOutOfTurnAndTheOthersKeepTheirs() {
        let queue = BoundedQueue<Int>(capacity: 8)
        for number in 1...8 { _ = queue.offer(number) }
        #expect(queue.take(waitingMilliseconds: 0) == 1)
        #expect(queue.take(3) { $0.isMultiple(of: 2) } == [2, 4, 6])
        #expect(queue.count == 4)
        #expect(queue.take(3) { $0 > 100 }.isEmpty)
        #expect((0..<5).map { _ in queue.take(waitingMilliseconds: 0) } == [3, 5, 7, 8, nil])
    }
}
