import Basics
import Wire

extension Verb {
    static let evaluate = Verb(
        name: "evaluate",
        summary: "measure the live model on held-out visits, beside simple rankings",
        usage: """
            muster evaluate                      every city at home, and all of them together
            muster evaluate --city Bergen --at 10,20 --json

            Ranks every place that is new to a person; the last tenth of each person's visits is what should be found.
            Where pairs of people have labels, the areas under the ROC curve of those held out come with it.
            """,
        settings: [
            Setting("city", "only this city", .text, scope: .call),
            Setting("at", "how many places a ranking shows, one or more numbers", .text, default: "10", scope: .call),
            Setting(
                "seed", "seed of the baselines that are trained", .integer(0...Int.max), default: "1", scope: .call),
        ]
    ) { invocation in
        try invocation.noMoreWords()
        let settings = invocation.settings
        let words = settings.text("at").split(separator: ",")
        let cutoffs = words.compactMap { UInt32($0) }.filter { (1...1000).contains($0) }
        guard !cutoffs.isEmpty, cutoffs.count == words.count else {
            throw UsageError("--at takes numbers from 1 to 1000, for example 10,20")
        }
        let session = try invocation.session()
        let name = settings.text("city")
        let cities = name.isEmpty ? try session.citiesAtHome() : [try session.city(named: name)]
        guard !cities.isEmpty else { throw CommandError("there are no cities yet: muster import") }
        var bar = ProgressBar("evaluate")
        var views: [EvaluationView] = []
        for (index, city) in cities.enumerated() {
            bar.update(Double(index) / Double(cities.count), city.name)
            let order = EvaluationRequest(cutoffs: cutoffs, seed: UInt64(settings.integer("seed")))
            let answer = try session.ask(order, city: city.city, seconds: 600, for: Evaluation.self)
            views.append(EvaluationView(answer, city: city.name))
        }
        bar.finish()
        if invocation.isJSON { return try printJSON(views) }
        print(EvaluationView.table(views))
        if views.contains(where: { $0.friends != nil }) { print("\n" + EvaluationView.friendsTable(views)) }
    }
}

extension EvaluationView {
    static func table(_ views: [EvaluationView]) -> String {
        var table = TextTable([
            ("city", .left), ("ranked by", .left), ("at", .right), ("people", .right), ("recall", .right),
            ("NDCG", .right), ("precision", .right), ("hit rate", .right), ("coverage", .right),
        ])
        func add(_ city: String, _ rows: [Row], coverage: Bool) {
            for row in rows {
                table.add([
                    city, row.rankedBy, String(row.at), grouped(row.people), fixed(row.recall, 4), fixed(row.ndcg, 4),
                    fixed(row.precision, 4), fixed(row.hitRate, 4), coverage ? fixed(row.coverage, 4) : "-",
                ])
            }
        }
        for view in views { add(view.city, view.rows, coverage: true) }
        // Cities show different places: their coverages have no sum.
        if views.count > 1 { add("all", together(views), coverage: false) }
        return table.text()
    }

    /// How the model judges pairs of residents, city by city.
    static func friendsTable(_ views: [EvaluationView]) -> String {
        var table = TextTable([
            ("city", .left), ("pairs", .right), ("AUC compatible", .right), ("AUC attends", .right),
            ("AUC attends, if compatible", .right),
        ])
        func area(_ value: Double?) -> String { value.map { fixed($0, 3) } ?? "-" }
        for view in views {
            guard let friends = view.friends else { continue }
            table.add([
                view.city, grouped(friends.pairs), area(friends.aucCompat), area(friends.aucAttend),
                area(friends.aucAttendIfCompat),
            ])
        }
        return table.text()
    }

    /// Means over the people of all cities; coverage is left at zero.
    private static func together(_ views: [EvaluationView]) -> [Row] {
        views[0].rows.indices.map { index in
            let rows = views.map { $0.rows[index] }
            let people = rows.reduce(0) { $0 + $1.people }
            func mean(_ value: (Row) -> Double) -> Double {
                rows.reduce(0) { $0 + value($1) * Double($1.people) } / Double(max(people, 1))
            }
            var row = rows[0]
            (row.people, row.coverage) = (people, 0)
            (row.recall, row.ndcg) = (mean(\.recall), mean(\.ndcg))
            (row.precision, row.hitRate) = (mean(\.precision), mean(\.hitRate))
            return row
        }
    }
}
