import Basics
import Synchronization
import Wire

// Lanes, so that a seed list never waits behind an import, and neither behind a training round. Each lane is one thread
// and one bounded queue; a full queue is answered with `busy`, and the asker comes back later. Imports have two lanes,
// shared out by city, so that one computes while the other waits for the disk; blocks of one city that wait are stored
// together. Recommendations have two lanes of their own, likewise by city: whatever waits for one city when a thread
// gets to it is answered together, at most `questionsAtOnce`, so nobody waits longer than for one such batch and those
// before it in the queue, and the batches grow with the load. The steps of a search over several cities, each up to
// seconds, have a lane too: a training round beside them must not hold up the other cities. What is fetched from other
// workers has a lane with two threads, because each waits for the other worker. Cities that come from other workers are
// copied in a lane. What requests wait for, closing a city and copying its rest, has two lanes of its own.

/// Carries requests to the service and answers to the loop.
final class Lanes: Sendable {
    private typealias Lane = BoundedQueue<Envelope>

    private let quick = Lane(capacity: 256)
    private let imports = [Lane(capacity: 256), Lane(capacity: 256)]
    private let questions = [Lane(capacity: 1024), Lane(capacity: 1024)]
    private let searches = Lane(capacity: 256)
    private let fetches = Lane(capacity: 256)
    private let arrivals = Lane(capacity: 256)
    private let departures = Lane(capacity: 256)
    private let rests = Lane(capacity: 256)
    private let long = Lane(capacity: 256)
    /// Blocks that are stored together: enough to make a flush of the disk cheap, few enough to be answered soon.
    private static let importsAtOnce = 8
    /// Questions that share a pass over a city's rows.
    private static let questionsAtOnce = 20
    private let answers = BoundedQueue<Envelope>(capacity: 1024)
    /// Orders queued or running that may take long. The coordinator may give one again; one answer serves both.
    private let underWay = Mutex<Set<[UInt8]>>([])
    private let running = Monitor<Int>(0)
    private let stopping = Atomic<Bool>(false)
    /// Jobs that nobody wants any more.
    private let cancelled = Mutex<Set<JobID>>([])

    enum Submission { case accepted, busy }

    /// Starts all threads; `wake` is called whenever an answer is ready to be taken.
    init(service: Service, wake: @escaping @Sendable () -> Void) {
        for lane in all {
            running.withLock { count, _ in count += 1 }
            startThread { [self] in
                serve(lane, service: service, wake: wake)
                running.withLock { count, wakeWaiter in
                    count -= 1
                    wakeWaiter()
                }
            }
        }
    }

    /// One for each thread.
    private var all: [Lane] {
        [quick, searches, fetches, fetches, arrivals, departures, rests, long] + imports + questions
    }

    func submit(_ request: Envelope) -> Submission {
        let lane = lane(for: request)
        guard Self.mayTakeLong(request.kind) else { return lane.offer(request) == .accepted ? .accepted : .busy }
        let name = Self.name(of: request)
        guard underWay.withLock({ $0.insert(name).inserted }) else { return .accepted }
        if lane.offer(request) == .accepted { return .accepted }
        _ = underWay.withLock { $0.remove(name) }
        return .busy
    }

    private func lane(for request: Envelope) -> Lane {
        let number = Int(request.city?.number ?? 0)
        switch request.kind {
        case .importBlock: return imports[number % imports.count]
        case .recommendPlaces, .recommendPeople: return questions[number % questions.count]
        case .searchOrder: return searches
        case .fetchRows: return fetches
        case .moveOrder:
            switch try? request.decode(MoveOrder.self).step {
            case .receive: return arrivals
            case .release: return departures
            case .receiveRest, .drop, nil: return rests
            }
        case let kind: return Self.mayTakeLong(kind) ? long : quick
        }
    }

    /// What is queued of the job is dropped, what runs of it is told to end.
    func cancel(_ job: JobID) {
        // 0 is the number of what belongs to no job.
        if job.number > 0 { _ = cancelled.withLock { $0.insert(job) } }
    }

    /// Whether such an order need not be carried out: its job is cancelled, or this process is about to end.
    private func isUnwanted(_ request: Envelope) -> Bool {
        guard Self.mayTakeLong(request.kind) else { return false }
        return stopping.load(ordering: .relaxed) || cancelled.withLock { $0.contains(request.job) }
    }

    func nextAnswer() -> Envelope? { answers.take(waitingMilliseconds: 0) }

    /// Lets what is in the queues finish (running rounds are told to stop), for at most `milliseconds`.
    func drain(milliseconds: Int) {
        stopping.store(true, ordering: .relaxed)
        for lane in all { lane.close() }
        _ = running.wait(milliseconds: milliseconds) { $0 == 0 ? .done(()) : .notYet }
    }

    private func serve(_ lane: Lane, service: Service, wake: @Sendable () -> Void) {
        while true {
            guard let request = lane.take(waitingMilliseconds: 1000) else {
                if lane.isClosed { return }
                continue
            }
            for answer in answers(to: request, from: lane, service) where answers.offer(answer) != .accepted {
                Log.warn("answer dropped: nobody takes them", ["kind": answer.kind.name])
            }
            wake()
        }
    }

    /// The answer to a request that was taken from a lane, and to those that are done with it.
    private func answers(to request: Envelope, from lane: Lane, _ service: Service) -> [Envelope] {
        if request.kind == .importBlock {
            let others = lane.take(Self.importsAtOnce - 1) { $0.kind == .importBlock && $0.city == request.city }
            return service.answer(imports: [request] + others)
        }
        if request.kind == .recommendPlaces || request.kind == .recommendPeople {
            let others = lane.take(Self.questionsAtOnce - 1) { $0.kind == request.kind && $0.city == request.city }
            return service.answer(recommendations: [request] + others)
        }
        let answer =
            isUnwanted(request)
            ? request.answer(Failure(code: .cancelled, detail: "\(request.kind.name) was called off"))
            : service.answer(request) { [self] in isUnwanted(request) }
        if Self.mayTakeLong(request.kind) { _ = underWay.withLock { $0.remove(Self.name(of: request)) } }
        return [answer]
    }

    private static func mayTakeLong(_ kind: Kind) -> Bool {
        switch kind {
        case .surveyTraining, .trainRound, .prepareModel, .advanceModel, .publishModel, .useModel, .evaluationRequest,
            .planCity, .influencersRequest, .fetchRows, .moveOrder:
            true
        default: false
        }
    }

    /// The same order has the same name, whatever request number it travels under. Requests that
    /// belong to no job are asked by people who wait, each under its own number.
    private static func name(of request: Envelope) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(request.kind.rawValue)
        writer.put(request.city?.number ?? .max)
        writer.put(request.job.number)
        if request.job.number == 0 { writer.put(request.request.number) }
        writer.put(block: request.body)
        return writer.bytes
    }
}
