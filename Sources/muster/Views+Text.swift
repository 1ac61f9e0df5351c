import Wire

// Answers as people read them, on a terminal.

extension SeedView {
    static func table(_ seeds: [SeedView]) -> String {
        var table = TextTable([
            ("city", .left), ("venue", .right), ("slot", .left), ("starters", .left), ("conversion", .right),
            ("turn-out", .right), ("then ask", .left),
        ])
        for seed in seeds {
            let asked = seed.invites.prefix(4).joined(separator: " ") + (seed.invites.count > 4 ? " ..." : "")
            table.add([
                seed.city, seed.venue, seed.slot, seed.starters.joined(separator: " + "),
                fixed(100 * seed.conversion, 1) + " %", fixed(seed.expectedTurnout, 1), asked,
            ])
        }
        return table.text()
    }
}

extension InfluencersView {
    func text() -> String {
        var table = TextTable([("#", .right), ("person", .right), ("city", .left), ("adds", .right)])
        for (index, row) in people.enumerated() {
            table.add([String(index + 1), row.person, row.city, fixed(row.adds, 2)])
        }
        let place = cities.count == 1 ? cities[0] : "\(cities.count) cities"
        let travelled = exchangedBytes == 0 ? "" : ", \(grouped(exchangedBytes)) bytes exchanged"
        return """
            \(table.text())

            Together they reach \(fixed(spread, 1)) people of \(place) in expectation: at least \
            \(fixed(100 * certifiedRatio, 1)) % of what the best choice reaches, with confidence \
            \(fixed(100 * confidence, 3)) % (greedy guarantees \(fixed(100 * greedyRatio, 1)) % less eps \
            \(fixed(epsilon, 2)); \(grouped(sets)) reverse-reachable sets\(travelled)).
            """
    }
}

extension StatusView {
    func text() -> String {
        ["muster \(build), cluster \(cluster)", workerText, cityText, jobText].filter { !$0.isEmpty }
            .joined(separator: "\n\n")
    }

    private var workerText: String {
        if workers.isEmpty { return "no worker has ever connected" }
        var table = TextTable([("worker", .left), ("state", .left), ("process", .right), ("cities", .right)])
        for row in workers {
            table.add([row.name, row.alive ? "here" : "gone", String(row.process), String(row.cities)])
        }
        return table.text()
    }

    private var cityText: String {
        if cities.isEmpty { return "no cities yet: muster import" }
        var table = TextTable([
            ("city", .left), ("home", .left), ("epoch", .right), ("people", .right), ("halo", .right),
            ("places", .right), ("visits", .right), ("friendships", .right), ("labels", .right), ("gatherings", .right),
            ("model", .right), ("seeds", .right), ("events waiting", .right),
        ])
        for row in cities {
            let home = row.worker.map { row.home ? $0 : "none (\($0) is gone)" } ?? "none"
            let model = row.model == 0 ? "-" : String(row.model)
            let counts =
                [
                    row.people, row.halo, row.places, row.visits, row.friendships, row.friendLabels, row.gatherings,
                ].map { grouped($0) } + [model, grouped(row.seeds), grouped(row.eventsWaiting)]
            table.add([row.name, home, String(row.epoch)] + (row.reported ? counts : counts.map { _ in "-" }))
        }
        return table.text()
    }

    private var jobText: String { jobs.isEmpty ? "" : JobView.table(jobs) }
}

extension JobView {
    static func table(_ jobs: [JobView]) -> String {
        var table = TextTable([("job", .right), ("kind", .left), ("state", .left), ("round", .right), ("", .left)])
        for job in jobs {
            table.add([
                String(job.job), job.kind, job.state, "\(job.round)/\(job.rounds)",
                job.detail.isEmpty ? sparkline(job.losses) : job.detail,
            ])
        }
        return table.text()
    }
}

extension ModelView {
    static func table(_ models: [ModelView]) -> String {
        var table = TextTable([
            ("model", .right), ("", .left), ("cities", .right), ("NDCG@10", .right), ("loss", .right),
        ])
        for row in models {
            table.add([
                String(row.model), row.live ? "live" : "", "\(row.ready)/\(row.cities)", fixed(row.ndcgAt10, 4),
                fixed(row.loss, 4),
            ])
        }
        return table.text()
    }
}

extension TrainingView {
    /// What it costs, by worker and by city.
    func text() -> String {
        var lines: [String] = []
        if let expectedSeconds, let expectedBytes {
            lines.append("expected: \(fixed(expectedSeconds, 1)) s, \(mebibytes(expectedBytes)) MiB over the wire")
        }
        var late = ""
        if lateUsed + lateDropped > 0 { late = "; late deltas: \(lateUsed) counted, \(lateDropped) dropped" }
        lines.append("so far: \(mebibytes(bytes)) MiB over the wire\(late)")
        if let secondsLeft, secondsLeft > 0 { lines.append("left: \(fixed(secondsLeft, 0)) s") }
        var table = TextTable([
            ("worker", .left), ("city", .left), ("state", .left), ("rounds", .right), ("late", .right),
            ("samples", .right), ("seconds", .right), ("expected s", .right), ("expected MiB", .right),
        ])
        for worker in byWorker {
            table.add([
                worker.worker, "\(worker.cities) cities", "", "", "", grouped(worker.samples), fixed(worker.seconds, 1),
                fixed(worker.expectedSeconds, 1), mebibytes(worker.expectedBytes),
            ])
            for part in byCity where part.worker == worker.worker {
                table.add([
                    "", part.city, part.state, String(part.rounds), String(part.late), grouped(part.samples),
                    fixed(part.seconds, 1), fixed(part.expectedSeconds, 1),
                    mebibytes(part.residentBytes + part.workingBytes),
                ])
            }
        }
        return (lines + ["", table.text()]).joined(separator: "\n")
    }

    private func mebibytes(_ bytes: UInt64) -> String { fixed(Double(bytes) / 1_048_576, 1) }
}
