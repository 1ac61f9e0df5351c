import Basics
import Wire

extension Verb {
    static let recommend = Verb(
        name: "recommend",
        summary: "show places or people for somebody, and why",
        usage: """
            muster recommend places --person 7 --slot evening --category dining --tag ramen,sushi --top 5
            muster recommend people --person 7 --place 12 --top 5
            muster recommend places --person 7 --city Bergen --new

            Without --city the person's home answers. Words of categories, tags and slots are those of the taxonomy.
            A person whom the model has not met is known by the features of their record; the answer says so.
            """,
        settings: [
            Setting("person", "who asks", .text, scope: .call),
            Setting("city", "another city than their home", .text, scope: .call),
            Setting("slot", "places: open in this time slot; people: meet in it", .text, scope: .call),
            Setting("category", "places: of one of these categories, with commas between", .text, scope: .call),
            Setting("tag", "in the mood of these fine tags, with commas between", .text, scope: .call),
            Setting("price", "places: the highest price band", .integer(0...4), default: "4", scope: .call),
            Setting("new", "places: only where they have never been", .flag, scope: .call),
            Setting("place", "people: to go to this place together", .text, scope: .call),
            Setting(
                "blocked", "people: numbers of those who must not come up, with commas between", .text, scope: .call),
            Setting(
                "alpha", "people: how much it counts that they get on, against that they come", .number(0...1),
                default: "0.5", scope: .call),
            Setting(
                "model", "answer with this model of the two kept; 0 is the live one", .integer(0...Int.max),
                default: "0", scope: .call),
            Setting("top", "how many", .integer(1...100), default: "10", scope: .call),
        ]
    ) { invocation in
        guard let what = invocation.words.first, ["places", "people"].contains(what) else {
            throw UsageError("what? muster recommend places, or muster recommend people")
        }
        try invocation.noMoreWords(after: 1)
        guard let number = UInt64(invocation.settings.text("person")) else {
            throw UsageError("for whom? --person NUMBER")
        }
        let person = PersonID(number)
        let session = try invocation.session()
        let name = invocation.settings.text("city")
        let city = name.isEmpty ? nil : try session.city(named: name).city
        if what == "places" {
            let question = invocation.placesQuestion(person)
            let envelope = try session.answer(to: try session.put(question, city: city))
            let view = PlaceRecommendationsView(
                try envelope.decode(PlaceRecommendations.self), person: question.person,
                city: try session.name(of: envelope.city))
            return try invocation.isJSON ? printJSON(view) : print(view.text())
        }
        let question = try invocation.peopleQuestion(person)
        let envelope = try session.answer(to: try session.put(question, city: city))
        let view = PeopleRecommendationsView(
            try envelope.decode(PeopleRecommendations.self), person: question.person,
            city: try session.name(of: envelope.city))
        return try invocation.isJSON ? printJSON(view) : print(view.text())
    }
}

extension Invocation {
    private func list(_ name: String) -> [String] { settings.text(name).split(separator: ",").map(String.init) }

    fileprivate func placesQuestion(_ person: PersonID) -> RecommendPlaces {
        let price = settings.integer("price")
        return RecommendPlaces(
            person: person, count: UInt32(settings.integer("top")), slot: settings.text("slot"),
            categories: list("category"), tags: list("tag"), priceMost: price == 4 ? nil : UInt8(price),
            onlyNew: settings.flag("new"), version: ModelVersion(UInt64(settings.integer("model"))))
    }

    fileprivate func peopleQuestion(_ person: PersonID) throws -> RecommendPeople {
        func number(_ text: String, _ what: String) throws -> UInt64 {
            guard let number = UInt64(text) else { throw UsageError("--\(what) takes numbers, not '\(text)'") }
            return number
        }
        let place = settings.text("place")
        return RecommendPeople(
            person: person, count: UInt32(settings.integer("top")), slot: settings.text("slot"),
            place: place.isEmpty ? nil : PlaceID(try number(place, "place")), tags: list("tag"),
            blocked: try list("blocked").map { PersonID(try number($0, "blocked")) },
            alpha: Float(settings.number("alpha")), version: ModelVersion(UInt64(settings.integer("model"))))
    }
}

extension Session {
    fileprivate func name(of city: CityID?) throws -> String { try cities().first { $0.city == city }?.name ?? "?" }
}

extension PlaceRecommendationsView {
    fileprivate func text() -> String {
        var table = TextTable([("#", .right), ("place", .right), ("score", .right), ("why", .left)])
        for (index, row) in places.enumerated() {
            table.add([String(index + 1), row.place, fixed(Double(row.score), 2), because(row.reasons)])
        }
        return heading("Places", person, city, knownBy, away) + (places.isEmpty ? "none" : table.text())
    }
}

extension PeopleRecommendationsView {
    fileprivate func text() -> String {
        var table = TextTable([
            ("#", .right), ("person", .right), ("score", .right), ("comes", .right), ("why", .left),
        ])
        for (index, row) in people.enumerated() {
            table.add([
                String(index + 1), row.person, fixed(Double(row.score), 2), fixed(100 * Double(row.attends), 1) + " %",
                because(row.reasons),
            ])
        }
        return heading("People", person, city, knownBy, away) + (people.isEmpty ? "none" : table.text())
    }
}

private func because(_ reasons: [ReasonView]) -> String { reasons.map(\.text).joined(separator: " ") }

private func heading(_ what: String, _ person: String, _ city: String, _ knownBy: KnownBy, _ away: Bool) -> String {
    let from = away ? ", who lives elsewhere" : ""
    let by = knownBy == .features ? ", known by their record only" : ""
    return "\(what) of \(city) for person \(person)\(from)\(by)\n\n"
}
