import Basics
import Cluster
import Influence
import Synchronization
import Wire

// Searches over several cities take seconds and hundreds of questions, so they have a thread of their own beside the
// loop: it asks the cities' owners through the desk, as HTTP threads do, one search at a time. The loop hands it
// orders and carries its answers to whoever asked. Whoever asks again is not searched for twice.

final class SearchConductor: Sendable {
    private struct Order: Sendable {
        let request: Envelope
        let asker: Asker
        let deadline: Double
    }

    struct Answer: Sendable {
        let envelope: Envelope
        let peer: [UInt8]
    }

    private let orders = BoundedQueue<Order>(capacity: 4)
    private let answers = BoundedQueue<Answer>(capacity: 16)
    private let underWay = Mutex<Set<Asker>>([])
    private let desk: Desk
    private let wake: @Sendable () -> Void

    /// `wake` is called whenever an answer is ready to be taken.
    init(desk: Desk, wake: @escaping @Sendable () -> Void) {
        self.desk = desk
        self.wake = wake
        startThread { [self] in serve() }
    }

    /// Whether the order is taken, now or before; if not, too many wait.
    func offer(_ request: Envelope, from peer: [UInt8]) -> Bool {
        let asker = Asker(peer: peer, id: request.request)
        guard underWay.withLock({ $0.insert(asker).inserted }) else { return true }
        let deadline = monotonicSeconds() + Double(request.deadlineMilliseconds) / 1000
        if orders.offer(Order(request: request, asker: asker, deadline: deadline)) == .accepted { return true }
        _ = underWay.withLock { $0.remove(asker) }
        return false
    }

    func next() -> Answer? { answers.take(waitingMilliseconds: 0) }

    /// No order is begun any more.
    func close() { orders.close() }

    private func serve() {
        while true {
            guard let order = orders.take(waitingMilliseconds: 1000) else {
                if orders.isClosed { return }
                continue
            }
            let answer = Answer(envelope: conduct(order), peer: order.asker.peer)
            _ = underWay.withLock { $0.remove(order.asker) }
            if answers.offer(answer) != .accepted { Log.warn("answer dropped: nobody takes them", [:]) }
            wake()
        }
    }

    private func conduct(_ order: Order) -> Envelope {
        do {
            let question = try order.request.decode(InfluencersRequest.self)
            let cities = Set(question.cities).sorted()
            guard !cities.isEmpty else { throw SearchFault(.badRequest, "a search names its cities") }
            guard cities.count > 1 else { return ask(question, in: cities[0], order) }
            var search = CitySearch(desk: desk, cities: cities, deadline: order.deadline)
            let found: Influencers
            do {
                found = try search.run(question)
            } catch {
                search.giveUp()
                throw error
            }
            return order.request.answer(found)
        } catch let fault as SearchFault {
            return order.request.answer(Failure(code: fault.code, detail: fault.detail))
        } catch {
            return order.request.answer(Failure(code: .badRequest, detail: "\(error)"))
        }
    }

    /// One city needs no search.
    private func ask(_ question: InfluencersRequest, in city: CityID, _ order: Order) -> Envelope {
        var question = question
        question.cities = []
        let milliseconds = max(0, (order.deadline - monotonicSeconds()) * 1000)
        var answer = desk.ask(Envelope(question, city: city, deadlineMilliseconds: UInt32(milliseconds)))
        answer.request = order.request.request
        return answer
    }
}

/// Why a search over several cities was given up.
struct SearchFault: Error {
    let code: FailureCode
    let detail: String

    init(_ code: FailureCode, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
