import Basics
import Testing

@testable import Cluster

/// A coordinator, two workers and one city that moves, in memory. Orders and answers of a worker stay in their order; a
/// process that dies loses what is on its way to it. What a worker does with an order is what `Worker/ShardHost` does.
struct MoveStorm {
    private struct Folder: Equatable {
        var rows: Int
        /// Of a copy: whether it is whole.
        var isWhole = false
    }

    private struct Worker {
        var isHere = true
        var open: Folder?
        var leaving: Folder?
        var incoming: Folder?
        var orders: [CityMove.Action] = []
    }

    private let from = WorkerID(1)
    private let to = WorkerID(2)
    private var random: SeededRandom
    private var workers: [WorkerID: Worker]
    private var owner = WorkerID(1)
    private var move: CityMove?
    private var durable: (move: CityMove?, owner: WorkerID)
    private var answers: [(WorkerID, CityMove.Event)] = []
    private var written = 1
    private var tick: UInt64 = 0

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        workers = [from: Worker(open: Folder(rows: 1)), to: Worker()]
        durable = (nil, from)
    }

    /// How it ends: "moved", "stayed", or what is wrong.
    mutating func run() -> String {
        move = CityMove(city: CityID(1), from: from, to: to, epoch: Epoch(2))
        durable = (move, owner)
        drive(.start(alive: [from, to]))
        // Some storms are worse than others; all end.
        let danger = random.below(30)
        for step in 0..<600 {
            if step < 300, random.below(200) < danger { disturb() } else { goOn() }
            let isOpen = workers.values.count { $0.open != nil }
            if isOpen > 1 { return "open twice" }
        }
        if move != nil { return "never over" }
        guard let city = workers[owner]?.open else { return "not open" }
        if city.rows != written { return "rows lost" }
        if workers.values.contains(where: { $0.leaving != nil || $0.incoming != nil }) { return "a copy left behind" }
        return owner == to ? "moved" : "stayed"
    }

    private mutating func goOn() {
        switch random.below(8) {
        case 0: write()
        case 1, 2: deliver()
        case 3: drive(.drained)
        case 4: pass()
        default: perform(random.below(2) == 0 ? from : to)
        }
    }

    private mutating func disturb() {
        switch random.below(4) {
        case 0: restartCoordinator()
        case 1: if !answers.isEmpty { answers.removeFirst() }
        default: kill(random.below(2) == 0 ? from : to)
        }
    }

    /// A row that is acknowledged, where the city takes any.
    private mutating func write() {
        guard move?.isHolding != true, workers[owner]?.isHere == true, workers[owner]?.open != nil else { return }
        workers[owner]?.open?.rows += 1
        written += 1
    }

    private mutating func kill(_ worker: WorkerID) {
        guard workers[worker]?.isHere == true else { return reach(worker) }
        workers[worker]?.isHere = false
        workers[worker]?.orders = []
        answers.removeAll { $0.0 == worker }
        drive(.lost(worker))
    }

    private mutating func reach(_ worker: WorkerID) {
        workers[worker]?.isHere = true
        assign(worker)
        drive(.reached(worker))
    }

    private mutating func restartCoordinator() {
        for worker in [from, to] { workers[worker]?.orders = [] }
        answers = []
        (move, owner) = (durable.move, durable.owner)
        drive(.start(alive: []))
        for worker in [from, to] where workers[worker]?.isHere == true { reach(worker) }
    }

    /// Time: everybody comes back, assignments are repeated, long silences end.
    private mutating func pass() {
        for worker in [from, to] where workers[worker]?.isHere != true { reach(worker) }
        assign(owner)
        tick += 50
        drive(.tick(Tick(tick)))
        if let move, move.phase == .opening, workers[to]?.open != nil { drive(.opened) }
    }

    private mutating func deliver() {
        guard !answers.isEmpty else { return }
        drive(answers.removeFirst().1)
    }

    /// What a worker does when it is told its cities.
    private mutating func assign(_ worker: WorkerID) {
        guard owner == worker, move?.mayBeClosed != true, var state = workers[worker], state.isHere, state.open == nil
        else { return }
        if move?.phase == .opening {
            guard state.incoming?.isWhole == true else { return }
            (state.open, state.incoming) = (state.incoming, nil)
        } else {
            (state.open, state.leaving) = (state.leaving, nil)
        }
        workers[worker] = state
    }

    private mutating func perform(_ worker: WorkerID) {
        guard var state = workers[worker], state.isHere, !state.orders.isEmpty else { return }
        let order = state.orders.removeFirst()
        let other = workers[from]
        switch order {
        case .receive(let rest):
            let source = rest ? other?.leaving : other?.open
            if let source, other?.isHere == true, state.open == nil {
                state.incoming = Folder(rows: source.rows, isWhole: rest)
                answers.append((worker, .received(bytes: 1, isRest: rest)))
            } else {
                answers.append((worker, .failed("not there")))
            }
        case .release:
            if let open = state.open { (state.leaving, state.open) = (open, nil) }
            answers.append((worker, .released))
        case .drop, .discard:
            (state.leaving, state.incoming) = (nil, nil)
            answers.append((worker, .dropped))
        default: break
        }
        workers[worker] = state
    }

    private mutating func drive(_ event: CityMove.Event) {
        guard let actions = move?.handle(event) else { return }
        for action in actions {
            switch action {
            case .checkpoint: durable = (move, owner)
            case .receive, .discard: workers[to]?.orders.append(action)
            case .release, .drop: workers[from]?.orders.append(action)
            case .changeOwner:
                owner = to
                durable = (move, owner)
            case .open: assign(to)
            case .passOn: break
            case .giveBack: assign(from)
            case .over:
                move = nil
                durable = (nil, owner)
            }
        }
    }
}
