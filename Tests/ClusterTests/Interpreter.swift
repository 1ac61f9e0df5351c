import Basics
import Wire

@testable import Cluster

/// Runs one transcript: a map, a membership and the job made last, driven by one command a line.
struct Interpreter {
    private var map = ClusterMap()
    private var membership = Membership()
    private var training: TrainingJob?
    private var planning: PlanJob?
    /// What cities keep: deltas by city and round.
    private var kept: [String: [Float]] = [:]
    /// Whether deltas are given only when a line says so.
    private var isSlow = false

    mutating func run(_ line: String) -> [String] {
        let command = Command(line)
        switch command.verb {
        case "worker": return ["worker \(map.register(worker: command.words[0]))"]
        case "cities": return ["cities \(list(map.register(cities: command.words)))"]
        case "load":
            map.setLoad(command.numbers[1], of: CityID(UInt32(command.numbers[0])))
            return []
        case "place": return place(command)
        case "map": return showMap()
        case "reload": return reload()
        case "hello", "beat", "bye", "who": return runMembership(command)
        case "clock" where command.tick != nil: return runMembership(command)
        case "job", "plan": return make(command)
        case "slow":
            isSlow = true
            return []
        case "give": return give(command.words[0], Int(command.values["round"]!)!)
        default: return runJob(command)
        }
    }

    private mutating func place(_ command: Command) -> [String] {
        map.place(alive: command.numbers.map { WorkerID(UInt32($0)) }).map { city in
            "city \(city) to worker \(map.cities[city]?.worker?.number ?? 0), epoch \(map.cities[city]!.epoch)"
        }
    }

    private func showMap() -> [String] {
        map.placements.map {
            let owner = $0.worker.map { "worker \($0)" } ?? "nobody"
            return "\($0.city) \($0.name): \(owner), epoch \($0.epoch), load \($0.load)"
        }
    }

    private mutating func reload() -> [String] {
        guard let read = try? ClusterMap(decoding: map.encoded()) else { return ["unreadable"] }
        defer { map = read }
        return [read == map ? "equal" : "different"]
    }

    private mutating func runMembership(_ command: Command) -> [String] {
        let tick = command.tick ?? Tick(0)
        switch command.verb {
        case "hello":
            let worker = WorkerID(UInt32(command.words[0])!)
            return membership.hello(worker, peer: Array(command.words[1].utf8), at: tick).map(describe)
        case "beat":
            return membership.heartbeat(from: Array(command.words[0].utf8), at: tick) ? [] : ["unknown"]
        case "clock": return membership.tick(at: tick).map(describe)
        case "bye": return membership.bye(peer: Array(command.words[0].utf8)).map(describe)
        default:
            return membership.alive.map { "\($0) is \(String(decoding: membership.peer(of: $0)!, as: UTF8.self))" }
        }
    }

    private func describe(_ event: MembershipEvent) -> String {
        switch event {
        case .joined(let worker, let peer): "joined \(worker) as \(String(decoding: peer, as: UTF8.self))"
        case .left(let worker, let peer): "left \(worker) as \(String(decoding: peer, as: UTF8.self))"
        case .lost(let worker, let peer): "lost \(worker) as \(String(decoding: peer, as: UTF8.self))"
        }
    }

    private mutating func make(_ command: Command) -> [String] {
        var patience = JobPatience()
        if let absence = command.values["absence"] { patience.absence = UInt64(absence)! }
        if let answer = command.values["answer"] { patience.answer = UInt64(answer)! }
        if let losses = command.values["losses"] { patience.losses = UInt32(losses)! }
        let cities = command.values["cities"]!.split(separator: ",").map { CityID(UInt32($0)!) }
        (training, planning, kept, isSlow) = (nil, nil, [:], false)
        if command.verb == "job" {
            training = TrainingJob(
                .init(
                    job: JobID(1), rounds: Int(command.values["rounds"]!)!, steps: 10, seed: 7, cities: cities,
                    policy: command.policy, patience: patience))
        } else {
            planning = PlanJob(
                .init(job: JobID(2), seedsPerCity: 5, seed: 7, cities: cities, patience: patience))
        }
        return []
    }

    private mutating func runJob(_ command: Command) -> [String] {
        if command.verb == "show" { return show() }
        if command.verb == "clock" {
            return command.numbers.flatMap { tick in
                runTraining(.tick(Tick(tick))) + runPlanning(.tick(Tick(tick)))
            }
        }
        var output: [String] = []
        if command.verb == "restart" { output = restart() }
        if let job = training {
            if command.verb == "result" { keep(command, job) }
            return output + (command.trainingEvent.map { runTraining($0) } ?? ["no such command"])
        }
        return output + (command.planEvent.map { runPlanning($0) } ?? ["no such command"])
    }

    private mutating func restart() -> [String] {
        if var job = training {
            let read = try? TrainingJob(decoding: job.encoded())
            job.forgetOpenRound()
            training = read
            return [read == job ? "equal" : "different"]
        }
        let job = planning
        planning = job.flatMap { try? PlanJob(decoding: $0.encoded()) }
        return [planning == job ? "equal" : "different"]
    }

    /// What a city gives is a change of the weights; lines say what the weights become, or the change itself.
    private mutating func keep(_ command: Command, _ job: TrainingJob) {
        let name = "\(command.words[0]) \(command.values["round"]!)"
        if let delta = command.values["delta"] {
            kept[name] = Command.floats(delta)
        } else {
            let weights = Command.floats(command.values["weights"]!)
            kept[name] = weights.indices.map { weights[$0] - ($0 < job.weights.count ? job.weights[$0] : 0) }
        }
    }

    private mutating func give(_ city: String, _ round: Int) -> [String] {
        let values = kept["\(city) \(round)"] ?? []
        let base = round == 0 ? values.map { _ in Float(0) } : []
        return runTraining(
            .delta(
                CityID(UInt32(city)!), round: round, values: values, base: base,
                bytes: 4 * (values.count + base.count)))
    }

    private mutating func runTraining(_ event: TrainingJob.Event) -> [String] {
        var lines: [String] = []
        for action in training?.handle(event) ?? [] {
            switch action {
            case .checkpoint: lines.append("checkpoint")
            case .survey(let city): lines.append("survey \(city)")
            case .train(let city, let round):
                let steps = training!.trainRound(of: city).steps
                let many = steps == 10 ? "" : ", \(steps) steps"
                let others = list(training!.others(of: city))
                let heard = others.isEmpty ? "" : ", hears \(others)"
                lines.append("train \(city) round \(round) from \(training!.weights)\(many)\(heard)")
            case .collect(let city, let round):
                lines.append("collect \(city) round \(round)")
                if !isSlow { lines += give("\(city)", round) }
            case .prepare(let city): lines.append("prepare \(city) \(training!.weights)")
            case .fetch(let city, let from, let stage): lines.append("fetch \(city) from \(from) stage \(stage)")
            case .advance(let city, let stage, let from): lines.append("advance \(city) stage \(stage) from \(from)")
            case .publish(let city): lines.append("publish \(city) \(training!.weights)")
            case .goLive: lines.append("live")
            case .finished: lines.append("finished: \(training!.state)")
            }
        }
        return lines
    }

    private mutating func runPlanning(_ event: PlanJob.Event) -> [String] {
        (planning?.handle(event) ?? []).map { action in
            switch action {
            case .checkpoint: "checkpoint"
            case .plan(let city): "plan \(city)"
            case .finished: "finished: \(planning!.state)"
            }
        }
    }

    private func show() -> [String] {
        var lines: [String] = []
        if let row = training?.row(name: { "city \($0)" }) ?? planning?.row(name: { "city \($0)" }) {
            lines.append(
                "\(row.kind) \(row.state), round \(row.round) of \(row.rounds), "
                    + "\(row.doneCities) of \(row.cities) cities, losses \(row.losses)")
            if !row.detail.isEmpty { lines.append("detail: \(row.detail)") }
            lines += row.reports.map { "\($0.name): \($0.values)" }
            if row.cost.expectedBytes > 0 {
                lines.append("expected: \(row.cost.expectedSeconds) s, \(row.cost.expectedBytes) bytes")
            }
        }
        if let job = training {
            lines.append("weights \(job.weights)")
            let ignored = job.ignored
            lines.append(
                "ignored: \(ignored.late) late, \(ignored.duplicate) duplicate, \(ignored.unexpected) unexpected")
        }
        if let job = planning { lines.append("\(job.seeds) seeds, ignored \(job.ignored)") }
        return lines
    }

    private func list(_ cities: [CityID]) -> String { cities.map(\.description).joined(separator: " ") }
}

/// `verb word... key=value... @tick`.
struct Command {
    var verb = ""
    var words: [String] = []
    var values: [String: String] = [:]
    var tick: Tick?

    init(_ line: String) {
        for (place, word) in line.split(separator: " ").enumerated() {
            if place == 0 {
                verb = String(word)
            } else if word.hasPrefix("@") {
                tick = Tick(UInt64(word.dropFirst())!)
            } else if let sign = word.firstIndex(of: "=") {
                values[String(word[..<sign])] = String(word[word.index(after: sign)...])
            } else {
                words.append(String(word))
            }
        }
    }

    var numbers: [UInt64] { words.map { UInt64($0)! } }
    private var cities: [CityID] { numbers.map { CityID(UInt32($0)) } }
    private var city: CityID { CityID(UInt32(words[0])!) }
    /// `city again|never words of the reason`
    private var refusal: (detail: String, retry: Bool) {
        (words.dropFirst(2).joined(separator: " "), words[1] == "again")
    }

    static func floats(_ list: String) -> [Float] { list.split(separator: ",").map { Float($0)! } }

    var policy: RoundPolicy {
        var policy = RoundPolicy()
        policy.quorum = values["quorum"].flatMap { Double($0) } ?? policy.quorum
        policy.deadlineSeconds = values["deadline"].flatMap { UInt32($0) } ?? policy.deadlineSeconds
        policy.staleness = values["staleness"].flatMap { UInt32($0) } ?? policy.staleness
        policy.outerRate = values["rate"].flatMap { Float($0) } ?? policy.outerRate
        policy.outerMomentum = values["momentum"].flatMap { Float($0) } ?? policy.outerMomentum
        policy.growth = values["growth"].flatMap { Double($0) } ?? policy.growth
        policy.balance = values["balance"].flatMap { Double($0) } ?? policy.balance
        policy.corrections = values["corrections"].flatMap { UInt32($0) } ?? policy.corrections
        policy.across = values["across"] != nil
        policy.memoryBytesMax = (values["memory"].flatMap { UInt64($0) } ?? 0) << 20
        policy.survey = values["survey"] == "only" ? .only : values["survey"] == "before" ? .before : .none
        return policy
    }

    /// `took 0 from=1 stage=0`, `missed 0 from=1 stage=0`, `gone 0 from=1 stage=0`
    private var exchangeEvent: TrainingJob.Event? {
        func other(_ word: String) -> CityID { CityID(UInt32(values[word]!)!) }
        let stage = Int(values["stage"] ?? "") ?? 0
        switch verb {
        case "prepared":
            let homes = values["homes"]!.split(separator: ",").map { CityID(UInt32($0)!) }
            return .prepared(city, homes: homes, layers: Int(values["layers"]!)!)
        case "took": return .took(city, from: other("from"), stage: stage, bytes: 3)
        case "missed", "gone": return .missed(city, from: other("from"), stage: stage, isGone: verb == "gone")
        case "advanced": return .advanced(city, stage: stage)
        default: return nil
        }
    }

    var trainingEvent: TrainingJob.Event? {
        switch verb {
        case "start", "restart": .start(alive: cities)
        case "reached": .reached(city)
        case "lost": .lost(city)
        case "result":
            .trained(
                city, round: Int(values["round"]!)!, samples: UInt64(values["samples"]!)!,
                meanLoss: Double(values["loss"]!)!, seconds: 1)
        case "surveyed":
            .surveyed(
                city, worker: WorkerID(UInt32(values["worker"]!)!), place: "city \(city)",
                CitySurvey(
                    job: JobID(1), samples: UInt64(values["samples"]!)!, weights: 100,
                    stepSeconds: Double(values["step"]!)!, roundSeconds: 0.5, indexSeconds: 2,
                    residentBytes: UInt64(values["resident"]!)! << 20, workingBytes: UInt64(values["working"]!)! << 20,
                    memoryBytes: 1 << 30, exchangeBytes: UInt64(values["tells"] ?? "0")!))
        case "published":
            .published(city, people: UInt64(values["people"]!)!, values: [Double(values["values"]!)!])
        case "fail":
            .failed(city, round: Int(values["round"]!)!, detail: refusal.detail, retry: refusal.retry)
        case "pause": .pause
        case "resume": .resume
        case "cancel": .cancel
        default: exchangeEvent
        }
    }

    var planEvent: PlanJob.Event? {
        switch verb {
        case "start", "restart": .start(alive: cities)
        case "reached": .reached(city)
        case "lost": .lost(city)
        case "planned":
            .planned(city, seeds: UInt32(values["seeds"]!)!, created: UInt32(values["created"]!)!)
        case "fail": .failed(city, detail: refusal.detail, retry: refusal.retry)
        case "pause": .pause
        case "resume": .resume
        case "cancel": .cancel
        default: nil
        }
    }
}
