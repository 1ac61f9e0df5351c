import Basics

/// All people of a made-up world, by number; a city's people are neighbours.
struct SyntheticPeople: Sendable {
    /// City c is the home of `starts[c]..<starts[c + 1]`.
    let starts: [Int]
    let persons: [SyntheticPerson]

    init(_ configuration: SyntheticConfiguration, _ random: SeededRandom, _ pool: ComputePool) {
        let starts = SyntheticCities.shares(of: configuration.people, among: configuration.cities)
        self.starts = starts
        persons = pool.map(configuration.people, chunks: 16) { number in
            var random = random.child("person", UInt64(number))
            return SyntheticPerson(
                home: range(holding: number, in: starts), neighborhoodsCount: configuration.neighborhoodsPerCity,
                &random)
        }
    }

    subscript(number: Int) -> SyntheticPerson { persons[number] }

    func home(of number: Int) -> Int { Int(persons[number].home) }

    /// The numbers of a city's people.
    func residents(of city: Int) -> Range<Int> { starts[city]..<starts[city + 1] }

    /// Cosine of what two people say they like, 0...1, in whole millionths.
    func statedOverlap(_ one: Int, _ other: Int) -> Float {
        let (left, right) = (persons[one], persons[other])
        let product = product(left.tags, left.stated, right.tags, right.stated)
        return rounded(min(max(product / (left.statedLength * right.statedLength), 0), 1), to: weightScale)
    }

    /// Cosine of two people's true tastes, 0...1.
    func trueOverlap(_ one: Int, _ other: Int) -> Float {
        min(product(persons[one].tags, persons[one].taste, persons[other].tags, persons[other].taste), 1)
    }

    /// How much of their time two people spend in the same neighbourhoods, 0...1, in whole millionths.
    func sharedNeighborhoods(_ one: Int, _ other: Int) -> Float {
        guard persons[one].home == persons[other].home else { return 0 }
        var shared: Float = 0
        for area in persons[one].areas {
            for match in persons[other].areas where match.neighborhood == area.neighborhood {
                shared += min(area.weight, match.weight)
            }
        }
        return rounded(min(shared, 1), to: weightScale)
    }

    /// A city other than `home`, larger ones more often. There must be two.
    func anotherCity(than home: Int, _ random: inout SeededRandom) -> Int {
        let atHome = residents(of: home)
        var stranger = random.below(persons.count - atHome.count)
        if stranger >= atHome.lowerBound { stranger += atHome.count }
        return self.home(of: stranger)
    }

    /// True tastes of some people as rows of 100, [people, 100], each of Euclidean length one.
    func tastes(of range: Range<Int>) -> [Float] {
        let width = Taxonomy.fineTags.count
        var rows = [Float](repeating: 0, count: range.count * width)
        for (row, number) in range.enumerated() {
            let person = persons[number]
            for (tag, weight) in zip(person.tags, person.taste) { rows[row * width + Int(tag)] = weight }
        }
        return rows
    }

    /// The record of a person, whose home is known by the number `home`.
    func record(_ number: Int, home: CityID) -> Person {
        let person = persons[number]
        return Person(
            id: PersonID(UInt64(number)), homeCity: home, homeNeighborhood: person.neighborhood,
            categoryPreference: person.statedCategories,
            finePreference: dense(person.tags, person.stated, Taxonomy.fineTags.count),
            vibePreference: dense(person.vibes, person.vibeWeights, Taxonomy.vibes.count),
            areaFrequencies: person.areas, sessionsPerWeek: person.sessionsPerWeek,
            viewsPerSession: person.viewsPerSession, likesPerSession: person.likesPerSession,
            savesPerSession: person.savesPerSession, attendsPerMonth: person.attendsPerMonth,
            ageGroup: person.ageGroup, gender: person.gender)
    }
}

private func dense(_ indices: [UInt8], _ weights: [Float], _ count: Int) -> [Float] {
    var all = [Float](repeating: 0, count: count)
    for (index, weight) in zip(indices, weights) { all[Int(index)] = weight }
    return all
}

/// Inner product of two sparse rows, indices ascending, summed in order so that every machine agrees.
private func product(_ left: [UInt8], _ leftWeights: [Float], _ right: [UInt8], _ rightWeights: [Float]) -> Float {
    var sum: Float = 0
    var (one, other) = (0, 0)
    while one < left.count && other < right.count {
        if left[one] == right[other] {
            sum += leftWeights[one] * rightWeights[other]
            one += 1
            other += 1
        } else if left[one] < right[other] {
            one += 1
        } else {
            other += 1
        }
    }
    return sum
}

/// The range that holds a number, where range c is `starts[c]..<starts[c + 1]`. O(log ranges).
func range(holding number: Int, in starts: [Int]) -> Int {
    var low = 0, high = starts.count - 2
    while low < high {
        let middle = (low + high + 1) / 2
        if starts[middle] <= number { low = middle } else { high = middle - 1 }
    }
    return low
}

/// Nearly normal with mean 0 and deviation 1, and much cheaper: a centred sum of three uniform numbers.
@inline(always)
func bell(_ random: inout SeededRandom) -> Float { bell(of: random.next()) }

/// The same from 63 of a number's bits, if they are random.
@inline(always)
func bell(of bits: UInt64) -> Float {
    let mask: UInt64 = 0x1F_FFFF
    let sum = (bits & mask) + (bits >> 21 & mask) + (bits >> 42 & mask)
    return 2 * (Float(sum) * 0x1p-21 - 1.5)
}
