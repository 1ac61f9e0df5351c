// Recommendations as an app asks for them: HTTP to a coordinator that runs, from there to the worker that has the city,
// 200 candidates judged by the head, reasons, and back. The load comes from this process, on one thread.
//
// `Benchmarks/serve-cluster` starts a cluster, fills it and runs this. The floor: 200 candidates are 200 · (64 + 64) ·
// 128 + 200 · 128 · 64 products of the head, 5 million, and the reasons some 4 million more; at 100 GFLOP/s 0.2 ms a
// request. HTTP and four messages between three processes cost some 0.1 ms. So a core answers 3,000 a second at most,
// and the load generator takes its part of the second one.

import Basics

extension Bench {
    static let serve = Bench(
        name: "serve",
        summary: "ask a running cluster for recommendations over HTTP",
        isParallel: false,
        settings: [
            Setting("http", "the coordinator's HTTP address, as 127.0.0.1:30315", .text, scope: .call),
            Setting("ask", "places or people", .text, default: "places", scope: .call),
            Setting("city", "name of the city to ask; without one each person's home is asked", .text, scope: .call),
            Setting(
                "people", "ask for people numbered below this", .integer(1...1 << 40), default: "1000", scope: .call),
            Setting(
                "rate", "requests a second; 0 for as many as the connections carry", .integer(0...1_000_000),
                default: "0", scope: .call),
            Setting("connections", "open connections", .integer(1...1000), default: "16", scope: .call),
            Setting(
                "requests", "how many are counted, after a tenth that is not", .integer(10...10_000_000),
                default: "10000", scope: .call),
        ]
    ) { run in
        let settings = run.settings
        let (ask, city) = (settings.text("ask"), settings.text("city"))
        guard ask == "places" || ask == "people" else { throw BenchError("--ask is places or people, not '\(ask)'") }
        guard !settings.text("http").isEmpty else {
            throw BenchError("--http is missing: the address that cluster/up prints; or run Benchmarks/serve-cluster")
        }
        let place = city.isEmpty ? "" : "&city=\(city)"
        var random = SeededRandom(seed: run.seed)
        let count = settings.integer("requests")
        let people = (0..<count).map { _ in random.below(settings.integer("people")) }
        let path = { (index: Int) in "/v1/recommend/\(ask)?person=\(people[index % count])\(place)" }
        let load = try HTTPLoad(address: settings.text("http"), connections: settings.integer("connections"))
        let wanted = Double(settings.integer("rate"))
        _ = run.loading { load.run(count: max(count / 10, 1), rate: wanted, path: path) }
        run.data = "recommend \(ask), rate \(settings.integer("rate")), \(settings.integer("connections")) connections"
        let outcome = run.working { load.run(count: count, rate: wanted, path: path) }.result
        try run.report([
            "requests_per_second": rate(outcome.seconds.count, in: outcome.wall),
            "p50_seconds": .real(outcome.quantile(0.5)), "p95_seconds": .real(outcome.quantile(0.95)),
            "p99_seconds": .real(outcome.quantile(0.99)), "failed": .whole(outcome.failed),
        ])
    }
}
