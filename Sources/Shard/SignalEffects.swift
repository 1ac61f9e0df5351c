import Basics
import Events
import Store
import World

// From signals to rows. Whatever can be said as a row of a city is one: a look, a save, a share and a coming are
// visits, a friend is a friendship; so they count wherever rows of an import do. The rest is kept for whoever decides
// about seeds.

/// What some signals do, gathered in their order. A later signal about the same thing replaces the earlier one.
struct SignalEffects {
    private struct VisitKey: Hashable {
        let person: PersonID
        let place: PlaceID
        let time: Int64
    }

    private struct Pair: Hashable {
        let first: PersonID
        let second: PersonID

        init(_ one: PersonID, _ other: PersonID) {
            (first, second) = one < other ? (one, other) : (other, one)
        }
    }

    private var visits: [Visit] = []
    private var visitPlaces: [VisitKey: Int] = [:]
    /// Whether the two are friends now.
    private var ties: [Pair: Bool] = [:]
    private(set) var kept = WriteBatch()
    /// Who blocks whom from now on, or no longer, in order.
    private(set) var blocks: [(person: PersonID, other: PersonID, isBlocked: Bool)] = []
    /// What moves the lives of seeds, in order.
    private(set) var forLives: [(signal: Signal, cause: String)] = []

    /// About so many signals will be added.
    init(expecting count: Int) {
        visits.reserveCapacity(count)
        visitPlaces.reserveCapacity(count)
    }

    /// `cause` is asked for where the signal leads to an event.
    mutating func add(_ signal: Signal, cause: @autoclosure () -> String) {
        switch signal.deed {
        case .view(let person, let place, let dwell):
            change(person, place, signal.time) { $0.dwellSeconds = max($0.dwellSeconds, dwell) }
        case .save(let person, let place): change(person, place, signal.time) { $0.saves = 1 }
        case .share(let person, let place): change(person, place, signal.time) { $0.shares = 1 }
        case .attend(let person, let place): change(person, place, signal.time) { $0.attended = true }
        case .friend(let person, let other):
            ties[Pair(person, other)] = true
            // Whoever makes a friend of somebody blocks them no longer.
            kept.delete(.signals, key: ShardKeys.signal("block/", person.number, other.number))
            blocks.append((person, other, false))
        case .block(let person, let other):
            ties[Pair(person, other)] = false
            keep("block/", person.number, other.number) { $0.put(signal.time) }
            blocks.append((person, other, true))
        case .answer: forLives.append((signal, cause()))
        case .feedback(let person, let seed, let rating):
            keep("feedback/", seed.number, person.number) {
                $0.put(signal.time)
                $0.put(rating)
            }
        case .booked(let seed, let reference):
            keep("booking/", seed.number) {
                $0.put(true)
                $0.put(reference)
            }
            forLives.append((signal, cause()))
        case .notBooked(let seed, let reason):
            keep("booking/", seed.number) {
                $0.put(false)
                $0.put(reason)
            }
            forLives.append((signal, cause()))
        }
    }

    /// The rows, ready to be stored.
    func change() -> ShardStore.SignalChange {
        var change = ShardStore.SignalChange()
        change.visits = visits
        for (pair, areFriends) in ties.sorted(by: { ($0.key.first, $0.key.second) < ($1.key.first, $1.key.second) }) {
            if areFriends {
                change.friendships.append(Friendship(first: pair.first, second: pair.second))
            } else {
                change.ended.append((pair.first, pair.second))
            }
        }
        change.alongside = kept
        return change
    }

    /// What several signals say of one moment is one visit.
    private mutating func change(
        _ person: PersonID, _ place: PlaceID, _ time: Int64, _ body: (inout Visit) -> Void
    ) {
        let key = VisitKey(person: person, place: place, time: time)
        if let known = visitPlaces[key] { return body(&visits[known]) }
        var visit = Visit(person: person, place: place, time: Timestamp(milliseconds: time))
        body(&visit)
        visitPlaces[key] = visits.count
        visits.append(visit)
    }

    private mutating func keep(_ word: String, _ numbers: UInt64..., value: (inout ByteWriter) -> Void) {
        var key = ByteWriter()
        key.put(raw: word.utf8)
        for number in numbers { key.putBigEndian(number) }
        var writer = ByteWriter()
        value(&writer)
        kept.put(.signals, key: key.bytes, value: writer.bytes)
    }
}

extension Signal {
    var person: PersonID? {
        switch deed {
        case .view(let person, _, _), .save(let person, _), .share(let person, _), .attend(let person, _),
            .answer(let person, _, _), .feedback(let person, _, _), .friend(let person, _), .block(let person, _):
            person
        case .booked, .notBooked: nil
        }
    }

    /// The second person, where there are two.
    var other: PersonID? {
        switch deed {
        case .friend(_, let other), .block(_, let other): other
        default: nil
        }
    }

    var place: PlaceID? {
        switch deed {
        case .view(_, let place, _), .save(_, let place), .share(_, let place), .attend(_, let place): place
        default: nil
        }
    }

    var seed: SeedID? {
        switch deed {
        case .answer(_, let seed, _), .feedback(_, let seed, _), .booked(let seed, _), .notBooked(let seed, _): seed
        default: nil
        }
    }
}
