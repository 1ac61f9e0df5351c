import Basics
import Wire

extension Verb {
    static let seeds = Verb(
        name: "seeds",
        summary: "show the best plan seeds of one city, or of all",
        usage: """
            muster seeds --city Bergen --top 10
            muster seeds --top 20 --json

            Without --city, cities whose worker is gone are left out, and named on standard error.
            """,
        settings: [
            Setting("city", "only this city", .text, scope: .call),
            Setting("top", "how many", .integer(1...10_000), default: "10", scope: .call),
        ]
    ) { invocation in
        try invocation.noMoreWords()
        let session = try invocation.session()
        let name = invocation.settings.text("city")
        let cities = name.isEmpty ? try session.citiesAtHome() : [try session.city(named: name)]
        let count = invocation.settings.integer("top")
        var seeds: [SeedRow] = []
        for city in cities {
            let request = SeedsRequest(count: UInt32(count))
            seeds += try session.ask(request, city: city.city, homelessSeconds: 5, for: Seeds.self).seeds
        }
        seeds.sort { ($0.score, $1.id.number) > ($1.score, $0.id.number) }
        let names = Dictionary(uniqueKeysWithValues: cities.map { ($0.city, $0.name) })
        let views = seeds.prefix(count).map { SeedView($0, city: names[$0.city] ?? "?") }
        if invocation.isJSON { return try printJSON(Array(views)) }
        if views.isEmpty {
            let next =
                cities.isEmpty ? "muster import, muster train, then muster plan" : "muster train, then muster plan"
            return complain("no seeds yet: \(next)")
        }
        print(SeedView.table(Array(views)))
    }

    static let status = Verb(
        name: "status",
        summary: "show workers, cities and jobs",
        usage: "muster status [--json]"
    ) { invocation in
        try invocation.noMoreWords()
        let status = try invocation.session().ask(StatusRequest(), for: Status.self)
        let view = StatusView(status)
        if invocation.isJSON { return try printJSON(view) }
        print(view.text())
    }
}

extension Session {
    /// Every city the cluster knows, by number.
    func cities() throws -> [CityRow] {
        try ask(StatusRequest(), for: Status.self).cities.sorted { $0.city < $1.city }
    }

    /// The cities that can answer; complains of each that cannot. Throws when there are cities, but none at home.
    func citiesAtHome() throws -> [CityRow] {
        let all = try cities()
        for city in all where !city.alive {
            let reason = city.worker == nil ? "no worker has it yet" : "its worker \(city.workerName) is gone"
            complain("\(city.name) is left out, it has no home now: \(reason)")
        }
        let home = all.filter(\.alive)
        guard all.isEmpty || !home.isEmpty else {
            throw CommandError("no city has a home now; muster status shows which workers are gone")
        }
        return home
    }

    func city(named name: String) throws -> CityRow {
        if name.isEmpty { throw UsageError("which city? --city NAME") }
        let all = try cities()
        if let city = all.first(where: { $0.name == name }) { return city }
        let hint = suggestion(for: name, among: all.map(\.name)).map { "; did you mean '\($0)'?" }
        let known =
            all.isEmpty ? "; nothing is imported yet" : "; there are: \(all.map(\.name).joined(separator: ", "))"
        throw CommandError("there is no city '\(name)'\(hint ?? known)")
    }
}
