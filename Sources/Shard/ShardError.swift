package import Basics

/// Why a city could not do what it was asked.
package enum ShardError: Error, Equatable {
    case badCutoffs(city: String)
    case badModel(reason: String)
    case badQuestion(city: String, rule: String)
    case elsewhereBusy(city: String)
    case elsewhereTooLarge(city: String, bytes: Int)
    case exchangeGone(city: String)
    case exportGone(city: String)
    case noModel(city: String)
    case noRound(city: String, job: JobID, round: UInt32)
    case noVersion(city: String, version: ModelVersion)
    case notReady(city: String)
    case outboxFull(city: String, waiting: UInt64)
    case partTooLarge(city: String, bytes: Int)
    case searchGone(city: String)
    case tooManyGuests(city: String, guests: Int, most: Int)
    case unknownCursor(city: String)
    case unknownSeed(city: String, seed: SeedID)
    case unknownModel(city: String, asked: ModelVersion, here: [ModelVersion])
    case unknownPerson(city: String, person: PersonID)
    case unknownPlace(city: String, place: PlaceID)
    case unreadableBlock(city: String, reason: String)
    case unreadablePart(city: String, from: CityID)
    case unreadableSignals(city: String, tooMany: Bool)
    case unreadableState(city: String, what: String)
    case wrongCity(asked: CityID, here: CityID)
    case wrongWeights(expected: Int, got: Int)
}

extension ShardError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .badCutoffs(let city): "\(city): rankings are judged at one or more lengths from 1 to 1000"
        case .badModel(let reason): "the model cannot be trained: \(reason)"
        case .badQuestion(let city, let rule): "\(city): \(rule)"
        case .elsewhereBusy(let city):
            "\(city) computes something else and tells nothing of its guests meanwhile; it is asked again"
        case .elsewhereTooLarge(let city, let bytes):
            "\(city) has \(bytes) bytes to tell another city's turns, more than a message holds; train without --across"
        case .exchangeGone(let city):
            "\(city) does not know how far it was in embedding itself with others (its worker was restarted); it "
                + "begins again"
        case .exportGone(let city):
            "\(city) does not keep this export's moment any more (its worker was restarted, or the export paused for "
                + "ten minutes, or too many ran at once); export again"
        case .noModel(let city): "\(city) has no model yet; train one first: muster train --rounds 10"
        case .noRound(let city, let job, let round): "\(city) keeps nothing of round \(round + 1) of job \(job)"
        case .noVersion(let city, let version): "\(city) does not have model \(version) (any more)"
        case .notReady(let city): "\(city) is opening and makes its indexes; ask again in some seconds"
        case .outboxFull(let city, let waiting):
            "\(city) plans nothing while \(waiting) of its events wait for Redis, as many as may (outbox-max); muster "
                + "events lag shows why they wait"
        case .partTooLarge(let city, let bytes):
            "\(city) has \(bytes) bytes for another city at once, more than a message holds; train fewer dimensions"
        case .searchGone(let city):
            "\(city) does not take part in this search any more (its worker was restarted, or another search began); "
                + "ask again"
        case .tooManyGuests(let city, let guests, let most):
            "\(city) knows \(guests) people of the other cities, more than the \(most) that a search may name; search "
                + "in fewer cities"
        case .unknownCursor(let city): "\(city): this is no cursor of an export; begin again with an empty one"
        case .unknownSeed(let city, let seed):
            "\(city) has planned no seed \(seed.number); muster seeds lists those it has"
        case .unknownModel(let city, let asked, let here):
            "\(city) does not keep model \(asked); there is "
                + here.map { String($0.number) }.joined(separator: " and ")
        case .unknownPerson(let city, let person): "nothing is known of person \(person) in \(city)"
        case .unknownPlace(let city, let place): "\(city) has no place \(place)"
        case .unreadableBlock(let city, let reason): "a block of rows for \(city) cannot be read: it \(reason)"
        case .unreadablePart(let city, let other):
            "\(city): what came from city \(other) cannot be read; run the same version on all workers"
        case .unreadableSignals(let city, let tooMany):
            tooMany
                ? "signals for \(city): more than 1000 at once; send them in several requests"
                : "signals for \(city): the body is neither a JSON object nor a list of them"
        case .unreadableState(let city, let what): "\(city): the stored \(what) cannot be read; train again"
        case .wrongCity(let asked, let here): "rows of city \(asked) came to city \(here)"
        case .wrongWeights(let expected, let got):
            "the model's configuration needs \(expected) shared weights, \(got) came"
        }
    }
}
