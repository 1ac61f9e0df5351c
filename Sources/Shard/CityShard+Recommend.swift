import Basics
import Plans
import Synchronization
package import Wire
package import World

// Questions into words of Plans, answers into words of Wire. Questions come in lists: all that waited for this city,
// each answered as if it were alone.

/// What somebody asks for, with their record where the city may not know them.
package struct Question<Body: Sendable>: Sendable {
    package var body: Body
    package var stranger: Person?

    package init(_ body: Body, stranger: Person?) { (self.body, self.stranger) = (body, stranger) }
}

extension CityShard {
    package typealias Outcome<Answer> = Result<Answer, any Error>

    /// At most so many answers to a question.
    private static let countMax: UInt32 = 100

    /// One answer for each question. A question that cannot be answered does not keep the others from being.
    package func recommendPlaces(_ questions: [Question<RecommendPlaces>]) -> [Outcome<PlaceRecommendations>] {
        answer(questions, version: { $0.version }) { question, city in
            let body = question.body
            try check(body.count)
            return PlaceAsk(
                asker: try asker(body.person, question.stranger, in: city), slot: try Self.slot(body.slot, name),
                categories: try Self.numbers(body.categories, of: Taxonomy.categories, "category", name),
                tags: try Self.numbers(body.tags, of: Taxonomy.fineTags, "tag", name),
                priceMost: body.priceMost.map { min(Int($0), Taxonomy.priceBands - 1) }, onlyNew: body.onlyNew,
                count: Int(body.count))
        } recommend: { city, asks in
            zip(asks, city.recommend(asks)).map { ask, choices in
                PlaceRecommendations(
                    asker: AskerRow(version: city.version, isKnown: ask.asker.isKnown, isAway: ask.asker.isAway),
                    places: choices.map {
                        PlaceRecommendation(place: $0.place, score: $0.score, reasons: $0.reasons.map(ReasonRow.init))
                    })
            }
        }
    }

    /// The same for people.
    package func recommendPeople(_ questions: [Question<RecommendPeople>]) -> [Outcome<PeopleRecommendations>] {
        answer(questions, version: { $0.version }) { question, city in
            let body = question.body
            try check(body.count)
            guard city.judgesPeople else {
                let rule = "model \(city.version) judges no pairs of people; train one that does, or ask another"
                throw ShardError.badQuestion(city: name, rule: rule)
            }
            var place: Int?
            if let asked = body.place {
                place = city.place(asked)
                if place == nil { throw ShardError.unknownPlace(city: name, place: asked) }
            }
            return PeopleAsk(
                asker: try asker(body.person, question.stranger, in: city), place: place,
                tags: try Self.numbers(body.tags, of: Taxonomy.fineTags, "tag", name),
                slot: try Self.slot(body.slot, name),
                blocked: body.blocked + apart.withLock { $0.others(of: body.person) }, alpha: body.alpha,
                count: Int(body.count))
        } recommend: { city, asks in
            zip(asks, city.recommend(asks)).map { ask, choices in
                PeopleRecommendations(
                    asker: AskerRow(version: city.version, isKnown: ask.asker.isKnown, isAway: ask.asker.isAway),
                    people: choices.map {
                        PersonRecommendation(
                            person: $0.person, score: $0.score, compatible: $0.compatible, attends: $0.attends,
                            reasons: $0.reasons.map(ReasonRow.init))
                    })
            }
        }
    }

    /// Questions of one version are answered together, from one city that nobody changes meanwhile.
    private func answer<Body, Ask, Answer>(
        _ questions: [Question<Body>], version: (Body) -> ModelVersion,
        ask: (Question<Body>, ServingCity) throws -> Ask, recommend: (ServingCity, [Ask]) -> [Answer]
    ) -> [Outcome<Answer>] {
        var outcomes = [Outcome<Answer>?](repeating: nil, count: questions.count)
        let versions = Set(questions.map { version($0.body) })
        for wanted in versions.sorted() {
            let city = serving.withLock { $0.city(wanted) }
            var (asks, numbers): ([Ask], [Int]) = ([], [])
            for (number, question) in questions.enumerated() where version(question.body) == wanted {
                do {
                    guard let city else { throw notServed(wanted) }
                    asks.append(try ask(question, city))
                    numbers.append(number)
                } catch {
                    outcomes[number] = .failure(error)
                }
            }
            guard let city, !asks.isEmpty else { continue }
            for (number, answer) in zip(numbers, recommend(city, asks)) { outcomes[number] = .success(answer) }
        }
        return outcomes.map { outcome in
            guard let outcome else { preconditionFailure("a question without an outcome") }
            return outcome
        }
    }

    private func notServed(_ version: ModelVersion) -> ShardError {
        let here = serving.withLock { [$0.live, $0.other].compactMap { $0?.version } }
        if !here.isEmpty { return .unknownModel(city: name, asked: version, here: here) }
        return view.withLock { $0.modelVersion.number } == 0 ? .noModel(city: name) : .notReady(city: name)
    }

    private func asker(_ person: PersonID, _ stranger: Person?, in city: ServingCity) throws -> Asker {
        if let known = city.asker(person) { return known }
        guard let stranger else { throw ShardError.unknownPerson(city: name, person: person) }
        return city.asker(stranger: stranger)
    }

    private func check(_ count: UInt32) throws {
        guard (1...Self.countMax).contains(count) else {
            throw ShardError.badQuestion(city: name, rule: "an answer has 1 to \(Self.countMax) rows, not \(count)")
        }
    }

    private static func slot(_ word: String, _ city: String) throws -> Int? {
        try word.isEmpty ? nil : number(word, of: Taxonomy.timeSlots, "time slot", city)
    }

    private static func numbers(_ words: [String], of all: [String], _ what: String, _ city: String) throws -> [Int] {
        try words.map { try number($0, of: all, what, city) }
    }

    private static func number(_ word: String, of all: [String], _ what: String, _ city: String) throws -> Int {
        if let number = all.firstIndex(of: word) { return number }
        let hint = suggestion(for: word, among: all).map { "did you mean '\($0)'?" }
        throw ShardError.badQuestion(
            city: city,
            rule: "there is no \(what) '\(word)'; \(hint ?? "there are: " + all.prefix(12).joined(separator: ", "))")
    }
}

extension ReasonRow {
    fileprivate init(_ reason: Reason) {
        self.init(kind: reason.kind.rawValue, features: reason.features, effect: reason.effect, text: reason.text)
    }
}
