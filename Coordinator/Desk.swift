import Basics
import Transport
import Wire

// Where HTTP threads leave their requests for the loop, and wait for the answer. Full is an answer (busy), and so is
// the end of the waiting time.

/// A bounded hand-over between the threads that ask and the one that knows.
final class Desk: Sendable {
    struct Call: Sendable {
        let request: Envelope
        fileprivate let slot: Monitor<Envelope?>

        func answer(_ envelope: Envelope) {
            slot.withLock { answer, wake in
                answer = envelope
                wake()
            }
        }
    }

    private let calls = BoundedQueue<Call>(capacity: 256)
    private let waker: Waker

    init(waker: Waker) { self.waker = waker }

    /// Waits until the loop has an answer, at most as long as the request says. Any thread but the loop's.
    func ask(_ request: Envelope) -> Envelope { ask([request])[0] }

    /// Asks all at a time; the answers in the order of the requests.
    func ask(_ requests: [Envelope]) -> [Envelope] {
        let waiting = requests.map { request in
            let call = Call(request: request, slot: Monitor(nil))
            return (call: call, isTaken: calls.offer(call) == .accepted)
        }
        waker.wake()
        return waiting.map { call, isTaken in
            let request = call.request
            guard isTaken else {
                return request.answer(
                    Failure(code: .busy, detail: "too many requests wait for the coordinator; ask again"))
            }
            let milliseconds = Int(request.deadlineMilliseconds)
            return call.slot.wait(milliseconds: milliseconds) { answer in answer.map { .done($0) } ?? .notYet }
                ?? request.answer(Failure(code: .deadline, detail: "no answer within \(milliseconds) ms"))
        }
    }

    /// For the loop: the next call, if one waits.
    func next() -> Call? { calls.take(waitingMilliseconds: 0) }
}
