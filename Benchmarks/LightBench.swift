// Light graph models on the papers' own splits: every item ranked for every test user, train items masked. `--plain`
// has the papers' settings (and gathers halves, unless `--float` forbids it): an epoch of it is what peers are measured
// by, and `--plain --layers 0` is plain matrix factorization with BPR.
//
// The floor of plain training: a step gathers 4 whole products of the graph (2 layers forward, 2 back; the two that
// touch the batch alone are small) and moves every embedding once. Gowalla has 1.62 million messages a product of 128
// bytes as halves; at 28 GB/s that is 7.4 ms a product from memory, less from the caches. Adam reads and writes three
// tables of 18 MB: 108 MB, 5 ms at 20 GB/s. So about 15 to 30 ms a step, 6 to 12 seconds an epoch of 396 steps.
// A step of the softmax adds three products of users, candidates and 64: 1.6 GFLOP at 512 and 8,192, 7 ms.
//
// `--validate` holds a part of the train part out and judges by that: how settings are chosen. The test part is only
// for settings that are chosen.

import Basics
import Learn

extension Bench {
    static let lightGCN = Bench(
        name: "lightgcn", summary: "train LightGCN on a folder of the papers' layout and rank all items",
        settings: lightSettings(.fast, epochs: 16, filter: 64)
    ) { run in
        try train(run, cutoff: 20)
    }

    static let socialLGN = Bench(
        name: "sociallgn", summary: "train SocialLGN, with friendships, on a folder of the papers' layout",
        settings: lightSettings(.fastSocial, epochs: 60, filter: 0) + [
            Setting(
                "fusion", "what friendships do", .choice(["none", "links", "learned"]), default: "learned",
                scope: .call)
        ]
    ) { run in
        try train(run, cutoff: 10)
    }

    private static func lightSettings(_ standard: LightConfiguration, epochs: Int, filter: Double) -> [Setting] {
        let softmax = softmax(of: standard)
        return [
            Setting("data", "folder of train and test part; without one the data is made up", .path, scope: .call),
            Setting("plain", "the papers' settings: 3 layers, BPR, batch 2048, rate 0.001", .flag, scope: .call),
            Setting("float", "gathers Float, not half of its bytes", .flag, scope: .call),
            Setting(
                "layers", "layers of convolution", .integer(0...8), default: "\(standard.layers)", scope: .call),
            Setting("epochs", "passes over the data", .integer(0...100_000), default: "\(epochs)", scope: .call),
            Setting(
                "validate", "share of train to hold out and judge by", .number(0...0.5), default: "0", scope: .call),
            Setting("baselines", "judges popularity and a spectral filter as well", .flag, scope: .call),
            Setting(
                "rate", "Adam's rate", .number(1e-6...1), default: "\(standard.learningRate)", scope: .call),
            Setting(
                "temperature", "of the softmax", .number(0.03...10), default: "\(softmax.temperature)", scope: .call),
            Setting(
                "user-exponent", "a user counts with this power of their number of items", .number(0...2),
                default: "\(softmax.exponent)", scope: .call),
            Setting(
                "length-power", "power of an item's length that ranks", .number(0...1),
                default: "\(standard.lengthPower)", scope: .call),
            Setting(
                "users", "users of a softmax step", .integer(1...1 << 20), default: "\(softmax.users)", scope: .call),
            Setting(
                "candidates", "items of a softmax step; 0 for all", .integer(0...1 << 24),
                default: "\(softmax.candidates)", scope: .call),
            Setting(
                "filter", "what the linear filter of interactions counts beside embeddings at 1", .number(0...1e6),
                default: "\(filter)", scope: .call),
            Setting("sharpness", "of that filter", .number(0...1), default: "0.7", scope: .call),
            Setting(
                "popularity", "power of an item's users in that filter", .number(-1...1), default: "0.25",
                scope: .call),
        ]
    }

    private static func softmax(
        of configuration: LightConfiguration
    ) -> (users: Int, candidates: Int, temperature: Float, exponent: Float) {
        guard case .softmax(let users, let candidates, let temperature, let exponent) = configuration.loss else {
            return (0, 0, 0, 0)
        }
        return (users, candidates, temperature, exponent)
    }

    private static func train(_ run: Run, cutoff: Int) throws {
        let data = try run.loading { try interactions(run) }
        run.data = data.name
        let configuration = configuration(run)
        let task = RankingTask(known: data.known, wanted: data.wanted)
        let epochs = run.settings.integer("epochs")
        if run.settings.flag("baselines") { try judgeBaselines(run, data, task, cutoff) }
        let (ordered, preparing) = run.working {
            let plain = InteractionGraph(
                data.known, friends: data.friends, linksFriends: configuration.fusion == .links)
            let spectrum = SpectralFilter(
                plain, dimensions: configuration.dimensions, random: SeededRandom(seed: run.seed), pool: run.pool)
            return (graph: plain.ordered(by: spectrum), spectrum: spectrum)
        }
        let ((trainer, loss), training) = run.working {
            let trainer = LightTrainer(
                ordered.graph, configuration, spectrum: ordered.spectrum, seed: run.seed, pool: run.pool)
            var loss = 0.0
            for _ in 0..<epochs { loss = trainer.epoch(of: epochs, pool: run.pool) }
            return (trainer, loss)
        }
        let (embeddings, _) = run.working { trainer.embeddings(run.pool) }
        let weight = run.settings.flag("plain") ? 0 : run.settings.number("filter")
        let (quality, ranking) = run.working { () -> RankingQuality in
            if weight == 0 { return task.quality(of: embeddings, at: [cutoff], pool: run.pool)[0] }
            let filter = ItemFilter(
                ordered.graph, sharpness: Float(run.settings.number("sharpness")),
                popularity: Float(run.settings.number("popularity")))
            let both = SumScorer(embeddings, filter, weight: Float(weight))
            return task.quality(of: both, at: [cutoff], pool: run.pool)[0]
        }
        if weight > 0 {
            // What the embeddings alone are worth, and what it costs to say so, are another line's.
            try run.report(
                figures(task.quality(of: embeddings, at: [cutoff], pool: run.pool)[0]),
                as: "\(run.bench)/embeddings")
        }
        let messages = 2 * configuration.layers * 2 * data.known.items.count * trainer.stepsPerEpoch * epochs
        var metrics = figures(quality)
        metrics["loss"] = .real(loss)
        metrics["seconds_per_epoch"] = .real(training.cpu / Double(max(epochs, 1)))
        metrics["edge_messages_per_second"] = rate(messages, in: training.cpu)
        metrics["split"] = .object([
            "prepare_cpu_seconds": .real(preparing.cpu), "train_cpu_seconds": .real(training.cpu),
            "rank_cpu_seconds": .real(ranking.cpu),
        ])
        try run.report(metrics)
    }

    private static func interactions(_ run: Run) throws -> Interactions {
        guard let folder = run.settings.path("data") else {
            return Interactions(madeOf: 5000, items: 4000, seed: run.seed)
        }
        var data = try Interactions(folder: folder)
        let share = run.settings.number("validate")
        if share > 0 { data.validate(share: share, seed: run.seed) }
        return data
    }

    /// The standard or the papers' settings, and what was asked for otherwise.
    private static func configuration(_ run: Run) -> LightConfiguration {
        let settings = run.settings
        let isSocial = run.bench == "sociallgn"
        func isGiven(_ name: String) -> Bool { settings.origin(name) != .standard }
        var configuration: LightConfiguration = isSocial ? .fastSocial : .fast
        configuration.loss = .softmax(
            users: settings.integer("users"), candidates: settings.integer("candidates"),
            temperature: Float(settings.number("temperature")), userExponent: Float(settings.number("user-exponent")))
        configuration.lengthPower = Float(settings.number("length-power"))
        if settings.flag("plain") {
            configuration = .plain
            if isSocial { configuration.fusion = .learned(length: 1) } else { configuration.storage = .half }
        }
        if isSocial, settings.text("fusion") != "learned" {
            configuration.fusion = settings.text("fusion") == "links" ? .links : .none
            configuration.storage = .half
        }
        if settings.flag("float") { configuration.storage = .float }
        if isGiven("layers") { configuration.layers = settings.integer("layers") }
        if isGiven("rate") { configuration.learningRate = Float(settings.number("rate")) }
        return configuration
    }

    private static func figures(_ quality: RankingQuality) -> [String: Figure] {
        let end = "at_\(quality.cutoff)"
        return [
            "precision_\(end)": .real(quality.precision), "recall_\(end)": .real(quality.recall),
            "ndcg_\(end)": .real(quality.ndcg), "hit_rate_\(end)": .real(quality.hitRate),
            "coverage_\(end)": .real(quality.coverage),
        ]
    }

    /// A line each for what needs no training.
    private static func judgeBaselines(_ run: Run, _ data: Interactions, _ task: RankingTask, _ cutoff: Int) throws {
        func judge(_ name: String, _ scorer: some Scorer) throws {
            let quality = task.quality(of: scorer, at: [cutoff], pool: run.pool)[0]
            try run.report(figures(quality), as: "\(run.bench)/\(name)")
        }
        try judge("popularity", PopularityScorer(data.known))
        let spectrum = SpectralFilter(
            InteractionGraph(data.known), dimensions: 64, random: SeededRandom(seed: run.seed), pool: run.pool)
        try judge("spectral-filter", spectrum.scorer)
    }
}
