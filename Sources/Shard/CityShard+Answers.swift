import Basics
import Events
import Plans
import Store

// What answers do to a seed: the newest answer of each person is kept, and each that changes something is an event.

extension CityShard {
    /// Keeps answers and says what follows from them. What was answered before is in the store, what is answered now in
    /// `batch` as well.
    func follow(
        _ answers: [(signal: Signal, cause: String)], in batch: inout WriteBatch
    ) throws -> [EventDraft] {
        var drafts: [EventDraft] = []
        var tallies: [SeedID: SeedAnswers] = [:]
        for (signal, cause) in answers {
            guard case .answer(let person, let id, let answer) = signal.deed else { continue }
            var tally = try tallies[id] ?? SeedAnswers(of: id, in: store)
            let revision = tally.take(answer, of: person)
            tallies[id] = tally
            var value = ByteWriter()
            value.put(signal.time)
            value.put(answer.number)
            value.put(revision)
            batch.put(.signals, key: ShardKeys.signal("answer/", id.number, person.number), value: value.bytes)
            let event = SeedAnswered(
                city: name, person: Digits(person), answer: answer, accepted: tally.count(of: .accepted),
                declined: tally.count(of: .declined), waiting: tally.waiting)
            drafts.append(
                EventDraft(
                    event, about: id.number, seed: id, key: "\(id)/\(person)/\(revision)",
                    cause: EventCause.signal(cause), time: signal.time))
        }
        return drafts
    }
}

/// Who has answered what about one seed.
private struct SeedAnswers {
    private let asked: Set<PersonID>
    private var answers: [PersonID: AnswerWord] = [:]
    private var revisions: [PersonID: UInt32] = [:]

    init(of id: SeedID, in store: ShardStore) throws {
        guard let bytes = try store.database.get(.seeds, key: ShardKeys.seed(id)) else {
            asked = []
            return
        }
        var reader = ByteReader(bytes)
        let seed = try PlanSeed(from: &reader)
        asked = Set(seed.starters + seed.invites)
        let prefix = ShardKeys.signal("answer/", id.number)
        var known: [PersonID: (AnswerWord, UInt32)] = [:]
        try store.database.scan(.signals, prefix: prefix) { key, value in
            var name = ByteReader(Array(key.dropFirst(prefix.count)))
            var reader = ByteReader(value)
            let person = PersonID(try name.getBigEndian(UInt64.self))
            _ = try reader.get(Int64.self)
            let answer = try AnswerWord(number: try reader.get())
            known[person] = (answer, try reader.get())
            return true
        }
        answers = known.mapValues(\.0)
        revisions = known.mapValues(\.1)
    }

    /// Notes an answer, and tells the how-many-eth of the person it is.
    mutating func take(_ answer: AnswerWord, of person: PersonID) -> UInt32 {
        answers[person] = answer
        revisions[person, default: 0] += 1
        return revisions[person] ?? 1
    }

    func count(of answer: AnswerWord) -> Int { answers.values.count { $0 == answer } }

    /// Who was or will be asked and has not answered.
    var waiting: Int { asked.count { answers[$0] == nil } }
}

extension AnswerWord {
    fileprivate var number: UInt8 {
        switch self {
        case .accepted: 0
        case .declined: 1
        case .maybe: 2
        }
    }

    fileprivate init(number: UInt8) throws(ByteError) {
        guard let word = Self.allCases.first(where: { $0.number == number }) else { throw .invalid("answer \(number)") }
        self = word
    }
}
