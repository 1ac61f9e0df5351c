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
}
