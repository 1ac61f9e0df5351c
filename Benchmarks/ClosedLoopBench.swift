// Does planning for a city matter? The same people live through the same weeks under each policy, with as many
// invitations; only who is asked to what differs. See ClosedLoop.swift for the rules of the world, and
// ClosedLoopPolicies.swift for the policies.

import Basics
import Graph
import Learn
import Plans
import World

extension Bench {
    static let closedLoop = Bench(
        name: "closed-loop", summary: "weeks of invitations under our planning and under what one would do otherwise",
        isParallel: false,
        settings: Cities.settings(people: 2000, places: 500, cities: 1, visits: 60) + [
            Setting("weeks", "weeks lived", .integer(1...52), default: "8", scope: .call),
            Setting("invitations", "invitations in a week", .integer(1...10_000_000), default: "1000", scope: .call),
            Setting(
                "minimum", "people without whom a plan is called off", .integer(2...100), default: "4", scope: .call),
            Setting("capacity", "people a plan has room for", .integer(2...1000), default: "12", scope: .call),
            Setting("limit", "invitations a person may get in a week", .integer(1...100), default: "2", scope: .call),
            Setting(
                "wave", "invitations of a plan of ours that go out together", .integer(1...100), default: "1",
                scope: .call),
            Setting("plot", "SVG file for the policies side by side", .path, scope: .call),
            Setting("reliability", "SVG file for how often the judge of groups is right", .path, scope: .call),
            Setting("policy", "the one policy to run; all without", .text, default: "", scope: .call),
        ],
        body: { run in
            let (world, cities) = try run.loading { try loopWorld(run) }
            let fit = LoopFit(world)
            let wanted = run.settings.text("policy")
            let makers: [(name: String, make: () throws -> any LoopPolicy)] = [
                ("ours", { CampaignPolicy(ours: world) }), ("muster", { try MusterPolicy(world, cities, run.pool) }),
                ("top-k", { PersonalPolicy(world) }), ("popularity", { PopularityPolicy(world) }),
                ("friends-of-friends", { FriendsPolicy(world, isHostsChoice: true) }),
                ("friends-of-friends-popular", { FriendsPolicy(world, isHostsChoice: false) }),
                ("random", { RandomPolicy(world) }), ("oracle", { CampaignPolicy(oracle: world) }),
            ]
            var bars = BarPanels(
                labels: [],
                panels: ["show-ups per 1,000 invitations", "Gini of venues", "fit, percentile"].map {
                    BarPanels.Panel(title: $0, values: [])
                })
            for (name, make) in makers where wanted.isEmpty || name == wanted {
                let policy = try make()
                let session = LoopSession(world)
                let weekly = run.working {
                    (0..<world.weeks).map { _ in
                        let before = session.showUps.count
                        policy.spend(session)
                        session.endWeek()
                        return session.showUps.count - before
                    }
                }.result
                var figures = session.figures(fit)
                figures["policy"] = .text(policy.name)
                figures["showups_by_week"] = .list(weekly.map { UInt32($0) })
                if let judged = (policy as? MusterPolicy)?.judgement { try note(judged, &figures, run) }
                try run.report(figures)
                bars.labels.append(policy.name)
                for (index, key) in ["showups_per_1000", "gini", "fit_percentile"].enumerated() {
                    guard case .real(let value) = figures[key] else { preconditionFailure("a figure of every policy") }
                    bars.panels[index].values.append(value)
                }
            }
            if let path = run.settings.path("plot") { try bars.svg().writePlot(to: path) }
        })

    /// How the product's judge of groups does, which the loop trains on the way.
    private static func note(_ judged: GroupJudge.Report, _ figures: inout [String: Figure], _ run: Run) throws {
        figures["judge_calibration_error"] = .real(judged.reliability.expectedError)
        figures["judge_agreement"] = .real(judged.agreement)
        figures["judge_learned"] = .whole(Int(judged.learned))
        figures["judge_judged"] = .whole(Int(judged.judged))
        guard let path = run.settings.path("reliability") else { return }
        let points = judged.reliability.bins.map { ($0.predicted, $0.observed, $0.count) }
        try ReliabilityPlot(points: points, title: "the judge of groups, held out").svg().writePlot(to: path)
    }

    private static func loopWorld(_ run: Run) throws -> (LoopWorld, Cities) {
        let configuration = Cities.synthetic(run)
        let cities = try Cities(made: configuration, pool: run.pool)
        run.data = Cities.name(of: configuration)
        var builder = CityGraphBuilder(city: CityID(0))
        try cities.read(emit: { at, record in if at == CityID(0) { builder.add(record) } })
        let world = LoopWorld(
            graph: builder.build(pool: run.pool), truth: try HiddenTruth(configuration, pool: run.pool), seed: run.seed,
            weeks: run.settings.integer("weeks"), budget: run.settings.integer("invitations"),
            options: CampaignOptions(
                minimum: run.settings.integer("minimum"),
                capacity: max(run.settings.integer("capacity"), run.settings.integer("minimum")),
                invitationsPerPerson: run.settings.integer("limit"), wave: run.settings.integer("wave")))
        return (world, cities)
    }
}
