import Basics
import FoundationEssentials
import Wire

extension Verb {
    static let influencers = Verb(
        name: "influencers",
        summary: "show whom to ask first in one city, in some, or in all together",
        usage: """
            muster influencers --city Bergen --count 50 --eps 0.1
            muster influencers --city Bergen --city Oslo --count 50 --per-city 30
            muster influencers --cost costs.csv --spend 1000
            muster influencers --group neighborhoods.csv --per-group 5

            Without --city, all cities are searched as one; friendships between cities count. A file of costs or values
            has lines 'person,number'; whom it does not name costs, or is worth, 1. A file of groups has lines
            'person,group', a group by any name; whom it does not name may always be chosen.
            """,
        settings: [
            Setting("city", "a city to search; several are searched as one", .texts, scope: .call),
            Setting("count", "how many people", .integer(1...10_000), default: "10", scope: .call),
            Setting(
                "eps", "how far below what greedy guarantees the answer may stay", .number(0.01...0.6),
                default: "0.1", scope: .call),
            Setting("seed", "seed of the samples", .integer(0...Int.max), default: "1", scope: .call),
            influenceSetting,
            Setting(
                "model", "ic: each friend tries once; lt: friends' weights add up to a threshold",
                .choice(InfluenceModel.allCases.map(\.word)), default: InfluenceModel.independentCascade.word,
                scope: .call),
            Setting("forced", "a person who is chosen in any case", .texts, scope: .call),
            Setting("forbidden", "a person who is not to be chosen", .texts, scope: .call),
            Setting("cost", "file that says what it costs to ask people", .path, scope: .call),
            Setting(
                "spend", "what may be spent, instead of --count; 0: asking costs nothing", .number(0...1e15),
                default: "0", scope: .call),
            Setting("value", "file that says what it is worth that people come", .path, scope: .call),
            Setting(
                "per-city", "people of one city, at most; 0: any number", .integer(0...10_000), default: "0",
                scope: .call),
            Setting("group", "file that says to which group people belong", .path, scope: .call),
            Setting(
                "per-group", "people of one group, at most; 0: no groups", .integer(0...10_000), default: "0",
                scope: .call),
        ]
    ) { invocation in
        try invocation.noMoreWords()
        let session = try invocation.session()
        let names = invocation.settings.texts("city")
        let cities = try names.isEmpty ? session.citiesAtHome() : names.map { try session.city(named: $0) }
        guard !cities.isEmpty else { return complain("there is no city yet: muster import") }
        var order = try order(invocation.settings)
        // One city is asked itself; several are the coordinator's business.
        let single = Set(cities.map(\.city)).count == 1
        if !single { order.cities = cities.map(\.city) }
        let answer = try session.ask(
            order, city: single ? cities[0].city : nil, seconds: 120, for: Influencers.self)
        let view = InfluencersView(answer, cities: cities)
        if invocation.isJSON { return try printJSON(view) }
        print(view.text())
    }

    /// Of verbs that look at who brings whom.
    static let influenceSetting = Setting(
        "influence", "where the chances come from with which friends bring each other",
        .choice(InfluenceOrigin.allCases.map(\.word)), default: InfluenceOrigin.weightedCascade.word, scope: .call)

    static func influenceOrigin(_ settings: Settings) -> InfluenceOrigin {
        guard let origin = InfluenceOrigin(word: settings.text("influence")) else {
            preconditionFailure("a choice is one of its words")
        }
        return origin
    }

    private static func order(_ settings: Settings) throws -> InfluencersRequest {
        func people(_ name: String) throws -> [PersonID] {
            try settings.texts(name).map { text in
                guard let number = UInt64(text) else { throw UsageError("--\(name) takes a person's number") }
                return PersonID(number)
            }
        }
        let spend = settings.number("spend")
        if settings.path("cost") != nil, spend == 0 { throw UsageError("--cost needs --spend, the sum to be spent") }
        guard (settings.path("group") == nil) == (settings.integer("per-group") == 0) else {
            throw UsageError("--group and --per-group, how many of one group may be chosen, go together")
        }
        guard let model = InfluenceModel(word: settings.text("model")) else {
            preconditionFailure("a choice is one of its words")
        }
        return InfluencersRequest(
            count: UInt32(settings.integer("count")), epsilon: settings.number("eps"),
            seed: UInt64(settings.integer("seed")),
            origin: influenceOrigin(settings), model: model,
            forced: try people("forced"), forbidden: try people("forbidden"), spend: spend > 0 ? spend : -1,
            costs: try settings.path("cost").map(amounts) ?? [],
            values: try settings.path("value").map(amounts) ?? [], perCity: UInt32(settings.integer("per-city")),
            groups: try settings.path("group").map(groups) ?? [], perGroup: UInt32(settings.integer("per-group")))
    }

    /// As many rows as fit into a message.
    private static let rowsMax = 2_000_000

    private static func amounts(in file: String) throws -> [PersonAmount] {
        try rows(of: file, "person,number") { person, text in
            Float(text).map { PersonAmount(person: person, amount: $0) }
        }
    }

    private static func groups(in file: String) throws -> [PersonGroup] {
        let rows = try rows(of: file, "person,group") { person, name in (person: person, name: String(name)) }
        let numbers = PersonGroup.numbers(of: rows.lazy.map(\.name))
        return rows.map { PersonGroup(person: $0.person, group: numbers[$0.name] ?? 0) }
    }

    private static func rows<Row>(
        of file: String, _ form: String, _ read: (PersonID, Substring) -> Row?
    ) throws -> [Row] {
        let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.count <= rowsMax else {
            throw CommandError("\(file) has \(lines.count) lines; give at most \(rowsMax)")
        }
        return try lines.enumerated().map { index, line in
            let columns = line.split(separator: ",")
            guard columns.count == 2, let person = UInt64(columns[0]), let row = read(PersonID(person), columns[1])
            else { throw CommandError("\(file), line \(index + 1): '\(line)' is no '\(form)'") }
            return row
        }
    }
}
