// Who is to be known where. A person belongs to their home city; a visit or a friend elsewhere
// makes them a guest there, and a guest's record is sent there too, marked by its home city.

/// How often each person was seen with each choice (a city, a neighbourhood), to find the favourite.
struct Ballot {
    private var entries: [UInt64: Int] = [:]
    private var keys: [UInt64] = []
    private var votes: [UInt32] = []
    private var lastKey = UInt64.max
    private var lastEntry = 0

    /// One more vote of a person, by number, for a choice.
    mutating func add(person: Int, choice: Int) {
        let key = UInt64(person) << 32 | UInt64(choice)
        if key != lastKey {
            lastKey = key
            lastEntry = entries[key] ?? keys.count
            if lastEntry == keys.count {
                entries[key] = lastEntry
                keys.append(key)
                votes.append(0)
            }
        }
        votes[lastEntry] += 1
    }

    /// Each person's choice with the most votes, ties to the one seen first; nil for people who never voted.
    func favourites(people: Int) -> [Int?] {
        var favourites = [Int?](repeating: nil, count: people)
        var most = [UInt32](repeating: 0, count: people)
        for (entry, key) in keys.enumerated() {
            let person = Int(key >> 32)
            if votes[entry] > most[person] {
                most[person] = votes[entry]
                favourites[person] = Int(key & 0xFFFF_FFFF)
            }
        }
        return favourites
    }
}

/// The cities, by slot, beside their home in which people must be known.
struct GuestList {
    private var pairs: [UInt64] = []

    /// Notes that a person, by number, has to do with a city. Their home is passed over.
    mutating func note(person: Int, in city: Int, home: Int) {
        if city == home { return }
        let pair = UInt64(person) << 32 | UInt64(city)
        if pairs.last != pair { pairs.append(pair) }
    }

    /// Notes that two people are friends, or have a friend label: each is to be known in the home of the other.
    mutating func note(pair first: Int, _ second: Int, homes: [Int]) {
        note(person: first, in: homes[second], home: homes[first])
        note(person: second, in: homes[first], home: homes[second])
    }

    /// Calls `visit` for each person in order: once with their home, then with each other city, ascending.
    consuming func forEach(homes: [Int], _ visit: (_ person: Int, _ city: Int) throws -> Void) rethrows {
        pairs.sort()
        var next = 0
        for (person, home) in homes.enumerated() {
            try visit(person, home)
            var last = -1
            while next < pairs.count && Int(pairs[next] >> 32) == person {
                let city = Int(pairs[next] & 0xFFFF_FFFF)
                if city != last { try visit(person, city) }
                last = city
                next += 1
            }
        }
    }
}

/// Steps of a long reading, told as a share of the whole, seldom enough to cost nothing.
struct ProgressMeter {
    private let total: Int
    private let from: Double
    private var done = 0
    private static let stepRows = 16_384

    /// `total` rows lead from `from` to 1.
    init(total: Int, from: Double = 0) {
        self.total = total
        self.from = from
    }

    /// One more row is done.
    mutating func step(_ progress: (Double) -> Void) {
        done += 1
        if done % Self.stepRows == 0 { progress(min(1, from + (1 - from) * Double(done) / Double(total))) }
    }
}
