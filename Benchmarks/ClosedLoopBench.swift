// Does planning for a city matter? The same people live through the same weeks under each policy, with as many
// invitations; only who is asked to what differs. See ClosedLoop.swift for the rules of the world, and
// ClosedLoopPolicies.swift for the policies.

import Basics
import Graph
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
            Setting("wave", "invitations of a plan of ours that go out together", .integer(1...100), default: "1", scope: .call),
            Setting("policy", "the one policy to run; all without", .text, default: "", scope: .call),
        ],
        body: { run in
            let world = try run.loading { try loopWorld(run) }
            let fit = LoopFit(world)
            let wanted = run.settings.text("policy")
            let makers: [() -> any LoopPolicy] = [
                { CampaignPolicy(ours: world) }, { PersonalPolicy(world) }, { PopularityPolicy(world) },
                { FriendsPolicy(world, isHostsChoice: true) }, { FriendsPolicy(world, isHostsChoice: false) },
                { RandomPolicy(world) }, { CampaignPolicy(oracle: world) },
            ]
            for make in makers {
                let policy = make()
                if !wanted.isEmpty && policy.name != wanted { continue }
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
                try run.report(figures)
            }
        })

    private static func loopWorld(_ run: Run) throws -> LoopWorld {
        let configuration = Cities.synthetic(run)
        let cities = try Cities(made: configuration, pool: run.pool)
        run.data = Cities.name(of: configuration)
        var builder = CityGraphBuilder(city: CityID(0))
        try cities.read(emit: { at, record in if at == CityID(0) { builder.add(record) } })
        return LoopWorld(
            graph: builder.build(pool: run.pool), truth: try HiddenTruth(configuration, pool: run.pool), seed: run.seed,
            weeks: run.settings.integer("weeks"), budget: run.settings.integer("invitations"),
            options: CampaignOptions(
                minimum: run.settings.integer("minimum"),
                capacity: max(run.settings.integer("capacity"), run.settings.integer("minimum")),
                invitationsPerPerson: run.settings.integer("limit"), wave: run.settings.integer("wave")))
    }
}
