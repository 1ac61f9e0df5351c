import Basics
import Wire

extension Verb {
    static let feed = Verb(
        name: "feed",
        summary: "show the plans one person is part of, best first",
        usage: """
            muster feed --city Bergen --person 17
            muster feed --city Bergen --person 17 --top 3 --json

            Every card is a concrete plan: who, where and when. The terms say what moved it up.
            """,
        settings: [
            Setting("city", "the city", .text, scope: .call),
            Setting("person", "whose feed, a person's number", .text, scope: .call),
            Setting("top", "how many cards", .integer(1...1000), default: "10", scope: .call),
        ]
    ) { invocation in
        try invocation.noMoreWords()
        let session = try invocation.session()
        guard let number = UInt64(invocation.settings.text("person")) else {
            throw UsageError("whose feed? --person NUMBER")
        }
        let city = try session.city(named: invocation.settings.text("city"))
        let request = FeedRequest(person: PersonID(number), count: UInt32(invocation.settings.integer("top")))
        let cards = try session.ask(request, city: city.city, homelessSeconds: 5, for: Feed.self).cards
        let views = cards.map { FeedCardView($0, city: city.name) }
        if invocation.isJSON { return try printJSON(views) }
        if views.isEmpty {
            return complain("person \(number) is in no plan of \(city.name): muster plan chooses new ones")
        }
        for view in views { print(view.text()) }
    }

    /// `muster plan --explain SEED`.
    static func explain(_ text: String, _ session: Session, city name: String, isJSON: Bool) throws {
        guard let number = UInt64(text) else { throw UsageError("--explain takes the number of a seed") }
        let cities = name.isEmpty ? try session.citiesAtHome() : [try session.city(named: name)]
        for city in cities {
            let request = ExplainRequest(seed: SeedID(number))
            do {
                let answer = try session.ask(
                    request, city: city.city, homelessSeconds: 5, for: SeedExplanation.self)
                let view = SeedExplanationView(answer, city: city.name)
                if isJSON { return try printJSON(view) }
                return print(view.text())
            } catch let error where cities.count > 1 {
                // Some other city's, perhaps.
                if city.city == cities[cities.count - 1].city { throw error }
            }
        }
        throw CommandError("no city has a seed \(number); muster seeds lists them")
    }
}

extension FeedCardView {
    /// A card in a few lines.
    func text() -> String {
        let moved = terms.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
        return """
            \(seed.slot) at place \(seed.venue), started by \(seed.starters.joined(separator: ", ")) (\(role))
              seed \(seed.seed), score \(rounded(score)): \
            \(moved.map { "\($0.key) \(rounded($0.value))" }.joined(separator: ", "))
            """
    }
}

extension SeedExplanationView {
    /// Why this venue, these people, this order.
    func text() -> String {
        var lines: [String] = []
        for seed in seed {
            lines.append("seed \(seed.seed) in \(seed.city): \(seed.slot) at place \(seed.venue)")
            lines.append(
                "  venue   \(rounded(demand)) people would come in this slot if all were asked; "
                    + "number \(rank) of the \(cells) venues and slots looked at")
            lines.append("  chance  \(rounded(seed.conversion)) that two of the starters say yes")
        }
        for starter in starters {
            lines.append(
                "  starter \(starter.person) comes with chance \(rounded(starter.acceptance)); "
                    + "their ties to the others add \(rounded(starter.adds)) to the chance")
        }
        for (place, guest) in guests.enumerated() {
            let friends = guest.friends == 1 ? "1 friend" : "\(guest.friends) friends"
            lines.append(
                "  guest \(place + 1) \(guest.person) comes with chance \(rounded(guest.acceptance)), "
                    + "has \(friends) among those before, and adds \(rounded(guest.adds)) people")
        }
        lines.append("  feed    fixed weights: \(Self.text(fixedWeights))")
        lines.append("          learned from answers: \(weights.map(Self.text) ?? "not yet, or no better")")
        if let life { lines.append("  life    \(life.text())") }
        return lines.joined(separator: "\n")
    }

    private static func text(_ weights: [String: Double]) -> String {
        FeedCardView.objectives.map { "\($0) \(rounded(weights[$0] ?? 0))" }.joined(separator: ", ")
    }
}

extension SeedExplanationView.Life {
    fileprivate func text() -> String {
        let counts = "\(stage): \(asked) asked, \(accepted) come, \(declined) do not"
        guard let reachesMinimum, let expected else { return counts }
        return counts + "; the minimum is reached with chance \(rounded(reachesMinimum)), "
            + "\(rounded(expected)) people come in the end\(highMomentum ? ", high momentum" : "")"
    }
}

/// Three digits after the point.
private func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
