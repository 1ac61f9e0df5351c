import Basics
import Influence
import Wire

// One search over several cities, from the first question to the last. Whatever city does not answer in time, or has
// lost its part, ends the search: half of the sets say nothing.
//
//     begin     every city: how many residents, and its guests from the others
//     locate    every city: which residents are these guests (and the people whom the question names)?
//     join      every city: its first number in the union, and where its guests are at home
//     ask       what the hunt wants to know (`Influence/UnionGround.swift`), some hundred times
//     close     every city: who are the chosen?

struct CitySearch {
    private let desk: Desk
    private let cities: [CityID]
    private let deadline: Double
    private let number: UInt64
    private var residents: [Int] = []
    /// Bytes of all questions and answers.
    private(set) var exchanged = 0

    /// Questions that wait at a time; the desk takes 256.
    private static let askedAtOnce = 64

    /// `cities` ascend; `deadline` is in monotonic seconds.
    init(desk: Desk, cities: [CityID], deadline: Double) {
        self.desk = desk
        self.cities = cities
        self.deadline = deadline
        var random = SeededRandom(seed: UInt64(monotonicSeconds() * 1e9))
        number = random.next()
    }

    /// Errors: `SearchFault`, or `InfluenceError` where the question cannot be meant.
    mutating func run(_ order: InfluencersRequest) throws -> Influencers {
        let cities = cities
        let begun = try everywhere { _ in .begin(cities: cities, origin: order.origin, model: order.model) }
        residents = begun.map { Int($0.residents) }
        guard residents.reduce(0, +) < Int(UInt32.max) else {
            throw SearchFault(.badRequest, "these cities have more people than a search can number; name fewer")
        }
        let counted = (order.costs + order.values).map(\.person) + order.groups.map(\.person)
        let named = Set((order.forced + order.forbidden) + counted).sorted()
        let (guests, numbers) = try locate(begun, named: named)
        let bases = residents.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        _ = try everywhere { .join(base: UInt32(bases[$0]), seed: order.seed, guests: guests[$0]) }
        let question = try self.question(order, numbers)
        let options = try question.options(usesSentinels: false)
        let result = try maximizeInfluence(
            over: &self, people: residents, options: options, values: try question.roots())
        let rows = try close(result, bases: bases)
        return Influencers(
            people: rows, spread: result.spread, certifiedRatio: result.certifiedRatio,
            greedyRatio: options.limit.greedyRatio, confidence: result.confidence, epsilon: result.epsilon,
            sets: UInt64(result.sets), exchanged: UInt64(exchanged))
    }

    /// Tells the cities, as far as they hear, that the search is over.
    mutating func giveUp() {
        let orders = cities.map {
            Envelope(SearchOrder(search: number, step: .close([])), city: $0, deadlineMilliseconds: 1000)
        }
        _ = desk.ask(orders)
    }

    private func question(
        _ order: InfluencersRequest, _ numbers: [PersonID: UInt32]
    ) throws(SearchFault) -> InfluenceQuestion {
        func number(_ person: PersonID) throws(SearchFault) -> UInt32 {
            guard let number = numbers[person] else {
                throw SearchFault(.unknownPerson, "person \(person) lives in none of the cities of this search")
            }
            return number
        }
        var question = InfluenceQuestion(
            count: Int(order.count), epsilon: order.epsilon, seed: order.seed, communities: residents)
        for person in order.forced { question.forced.append(try number(person)) }
        for person in order.forbidden { question.forbidden.append(try number(person)) }
        for row in order.costs { question.costs.append((try number(row.person), row.amount)) }
        for row in order.values { question.values.append((try number(row.person), row.amount)) }
        if order.spend >= 0 { question.spend = order.spend }
        if order.perCity > 0 { question.perCommunity = Int(order.perCity) }
        for row in order.groups { question.groups.append((try number(row.person), row.group)) }
        if order.perGroup > 0 { question.perGroup = Int(order.perGroup) }
        return question
    }

    /// For each city's guests, home and number there; and numbers in the union of the people named, as far as found.
    private mutating func locate(
        _ begun: [SearchReply], named: [PersonID]
    ) throws(SearchFault) -> (guests: [[UInt64]], numbers: [PersonID: UInt32]) {
        var wanted = [[PersonID]](repeating: named, count: cities.count)
        var askers = [[(place: Int, guest: Int)]](repeating: [], count: cities.count)
        for (place, reply) in begun.enumerated() {
            for (guest, home) in reply.homes.enumerated() {
                guard let home = cities.firstIndex(of: home) else { continue }
                wanted[home].append(reply.people[guest])
                askers[home].append((place, guest))
            }
        }
        var found = [[UInt32]](repeating: [], count: cities.count)
        while let most = zip(wanted, found).map({ $0.count - $1.count }).max(), most > 0 {
            let parts = zip(wanted, found).map { Array($0[$1.count...].prefix(SearchReply.peopleMax)) }
            for (place, reply) in try everywhere({ .locate(parts[$0]) }).enumerated() {
                guard reply.numbers.count == parts[place].count else { throw garbled(place) }
                found[place] += reply.numbers
            }
        }
        var guests = begun.map { [UInt64](repeating: .max, count: $0.people.count) }
        var numbers: [PersonID: UInt32] = [:], base = 0
        for home in cities.indices {
            for (person, number) in zip(named, found[home]) where number != .max {
                numbers[person] = UInt32(base) + number
            }
            for (asker, number) in zip(askers[home], found[home][named.count...]) where number != .max {
                guests[asker.place][asker.guest] = UInt64(home) << 32 | UInt64(number)
            }
            base += residents[home]
        }
        return (guests, numbers)
    }

    private mutating func close(_ result: InfluenceResult, bases: [Int]) throws(SearchFault) -> [InfluencerRow] {
        let homes = result.seeds.map { seed in bases.lastIndex { $0 <= Int(seed) } ?? 0 }
        // A city without residents begins where the next one does: the last that begins there has the person.
        var ours = [[UInt32]](repeating: [], count: cities.count)
        for (seed, home) in zip(result.seeds, homes) { ours[home].append(seed - UInt32(bases[home])) }
        var names = try everywhere { .close(ours[$0]) }.map { $0.people[...] }
        var rows: [InfluencerRow] = []
        for (home, adds) in zip(homes, result.marginal) {
            guard let person = names[home].popFirst() else { throw garbled(home) }
            rows.append(InfluencerRow(person: person, city: cities[home], marginal: adds))
        }
        return rows
    }

    private func garbled(_ place: Int) -> SearchFault {
        SearchFault(.internal, "city \(cities[place]) gave an answer that is none; is its worker of this build?")
    }

    private mutating func everywhere(
        _ step: (Int) -> SearchOrder.Step
    ) throws(SearchFault) -> [SearchReply] {
        try put(cities.indices.map { ($0, step($0), nil) }).map(\.reply)
    }

    private mutating func put(
        _ steps: [(place: Int, step: SearchOrder.Step, question: [UInt8]?)]
    ) throws(SearchFault) -> [(reply: SearchReply, bulk: [UInt8]?)] {
        var answers: [(reply: SearchReply, bulk: [UInt8]?)] = []
        for start in stride(from: 0, to: steps.count, by: Self.askedAtOnce) {
            let left = deadline - monotonicSeconds()
            guard left > 0 else {
                throw SearchFault(.deadline, "the search over \(cities.count) cities takes too long; ask for fewer")
            }
            let envelopes = steps[start..<min(start + Self.askedAtOnce, steps.count)].map { step in
                Envelope(
                    SearchOrder(search: number, step: step.step), city: cities[step.place],
                    deadlineMilliseconds: UInt32(min(left, 3600) * 1000) + 1, bulk: step.question.map { [$0] } ?? [])
            }
            for (asked, answer) in zip(envelopes, desk.ask(envelopes)) {
                exchanged += asked.size + answer.size
                if let failure = try? answer.decode(Wire.Failure.self) {
                    throw SearchFault(
                        failure.code, "the search over \(cities.count) cities was given up: \(failure.detail)")
                }
                guard let reply = try? answer.decode(SearchReply.self) else {
                    throw SearchFault(.internal, "a search got an answer of another kind: \(answer.kind.name)")
                }
                answers.append((reply, answer.bulk.first))
            }
        }
        return answers
    }
}

extension CitySearch: InfluencePlaces {
    mutating func ask(_ questions: [(place: Int, question: PlaceQuestion)]) throws(SearchFault) -> [PlaceAnswer] {
        let steps = questions.map { place, question in
            var writer = ByteWriter()
            question.encode(into: &writer)
            return (place: place, step: SearchOrder.Step.ask, question: Optional(writer.bytes))
        }
        var answers: [PlaceAnswer] = []
        for (asked, answer) in zip(questions, try put(steps)) {
            var reader = ByteReader(answer.bulk ?? [])
            guard let answer = try? PlaceAnswer(from: &reader), fits(answer, asked.question, asked.place) else {
                throw garbled(asked.place)
            }
            answers.append(answer)
        }
        return answers
    }

    /// What the hunt relies on: places and people that there are.
    private func fits(_ answer: PlaceAnswer, _ question: PlaceQuestion, _ place: Int) -> Bool {
        let goesOn = answer.frontier.allSatisfy { home, entries in
            Int(home) < cities.count && entries.allSatisfy { Int($0.vertex) < residents[Int(home)] }
        }
        switch question {
        case .count: return goesOn && answer.numbers.count == residents[place]
        case .meet:
            return goesOn && answer.losses.count == answer.numbers.count
                && answer.numbers.allSatisfy { Int($0) < residents[place] }
        default: return goesOn
        }
    }
}

extension Envelope {
    /// Bytes on the wire, frames' own headers aside.
    fileprivate var size: Int { WireLimits.headerBytes + body.count + bulk.reduce(0) { $0 + $1.count } }
}
