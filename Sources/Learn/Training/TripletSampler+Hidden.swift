// Steps that hide visits: of some people a part of what they liked is taken out of the messages, and has to be found
// again among all places of the city. A denoising autoencoder over a graph (Liang et al., "Variational autoencoders for
// collaborative filtering", WWW 2018, is the same without one). All positives of a person that are hidden share the
// person's one embedding, so that a step learns from tens of thousands of them.

import Basics
import Graph
import Linalg

extension TripletSampler {
    /// What step `number` hides and asks for. People take turns in shuffled epochs.
    mutating func drawHidden(step number: Int) -> Triplets {
        var random = seed.child("hidden", UInt64(number))
        var triplets = Triplets()
        var rows = DistinctRows()
        let places = candidates(&random)
        for place in places { _ = rows.place(place) }
        var hidden: [Positive] = []
        for turn in turns(number) {
            let first = hidden.count
            for positive in positives[starts[turn]..<starts[turn + 1]]
            where random.uniformFloat() < configuration.hiddenShare {
                hidden.append(positive)
            }
            ask(for: hidden[first...], &triplets, &rows)
        }
        let total = triplets.targets.weights.reduce(0, +)
        for index in triplets.targets.weights.indices { triplets.targets.weights[index] /= total }
        addPairs(of: hidden, &triplets, &rows, &random)
        maskKnown(&triplets, rows)
        if configuration.friendWeight + configuration.attendWeight > 0 {
            triplets.friends = friends.draw(step: number, &rows)
        }
        triplets.people = rows.people
        triplets.places = rows.places
        return triplets
    }

    /// Indices into `people` whose turn it is, ascending.
    private func turns(_ number: Int) -> [Int] {
        if people.count <= configuration.people { return Array(people.indices) }
        var order = Array(people.indices)
        let (epoch, place) = (number * configuration.people).quotientAndRemainder(dividingBy: people.count)
        var random = seed.child("turns", UInt64(epoch))
        random.shuffle(&order)
        // The end of an epoch is asked together with its beginning: two halves of one order meet nobody twice. As
        // many at the beginning of the next order wait for the epoch after it.
        return (0..<configuration.people).map { order[(place + $0) % people.count] }.sorted()
    }

    /// The places that compete whatever the step asks for: all, or in a large city an even draw of them, ascending.
    private func candidates(_ random: inout SeededRandom) -> [UInt32] {
        if placeCount <= configuration.candidates { return (0..<UInt32(placeCount)).map { $0 } }
        let chosen = (0..<configuration.candidates).map { _ in UInt32(random.below(placeCount)) }
        return Array(Set(chosen)).sorted()
    }

    /// Visits of one place that count.
    static let visitsMost: UInt32 = 4

    /// Adds a person whose `wanted` places are hidden; nobody when there are none.
    private func ask(for wanted: ArraySlice<Positive>, _ triplets: inout Triplets, _ rows: inout DistinctRows) {
        guard let person = wanted.first?.person else { return }
        _ = rows.person(person)
        for positive in wanted { triplets.excluded.insert(UInt64(person) << 32 | UInt64(positive.place)) }
        // Who went somewhere twice asks for it twice; who goes every day says no more by it.
        let places = wanted.flatMap { repeatElement(rows.place($0.place), count: Int(min($0.visits, Self.visitsMost))) }
        triplets.targets.wanted += places.sorted()
        triplets.targets.wantedOffsets.append(UInt32(triplets.targets.wanted.count))
        triplets.targets.weights.append(Float.power(Float(places.count), configuration.activityPower))
    }

    /// What somebody is known to like does not compete for them, whoever brought it into the step.
    private func maskKnown(_ triplets: inout Triplets, _ rows: DistinctRows) {
        for row in 0..<triplets.targets.people {
            let person = rows.people[row]
            let known = visits.row(Int(person)).filter {
                !triplets.excluded.contains(UInt64(person) << 32 | UInt64($0))
            }
            triplets.targets.masked += known.compactMap { rows.knownPlace($0) }.sorted()
            triplets.targets.maskedOffsets.append(UInt32(triplets.targets.masked.count))
        }
    }

    /// Pairs for the place head: of the hidden positives a sample, each with its negatives.
    private func addPairs(
        of hidden: [Positive], _ triplets: inout Triplets, _ rows: inout DistinctRows, _ random: inout SeededRandom
    ) {
        if hidden.isEmpty || configuration.rankingWeight == 0 { return }
        let chosen = (0..<configuration.batch).map { _ in hidden[random.below(hidden.count)] }
        let pool = chosen.map { _ in UInt32(random.below(placeCount)) }
        let wishes = chosen.map { wish(after: $0, &random) }
        for block in 0...configuration.negatives {
            for (positive, wish) in zip(chosen, wishes) {
                let place = block == 0 ? positive.place : negative(for: positive, from: pool, &random)
                triplets.pairs.people.append(rows.person(positive.person))
                triplets.pairs.places.append(rows.place(place))
                triplets.pairs.context += wish.context(
                    place: features(ofPlace: place), width: configuration.contextDimensions)
            }
        }
        triplets.positives = chosen.count
    }
}

extension TripletSampler {
    /// What somebody who ended up at this place may have asked for. Half of the time nothing, so that the head can
    /// judge without a wish; else the slot of the visit, one of the place's categories or one of its tags, each by
    /// chance.
    private func wish(after positive: Positive, _ random: inout SeededRandom) -> PlaceWish {
        if random.next() & 1 == 0 { return .anything }
        let features = features(ofPlace: positive.place)
        var wish = PlaceWish()
        if random.next() & 1 == 0 { wish.slot = Int(positive.slot) }
        if random.next() & 1 == 0 { wish.categories = Self.one(of: features, PlaceColumns.categories, &random) }
        if random.next() & 1 == 0 { wish.tags = Self.one(of: features, PlaceColumns.fineTags, &random) }
        return wish
    }

    /// One of the columns that are not zero, by its weight, as a vector; none when all are zero.
    private static func one(
        of features: ArraySlice<Float>, _ columns: Range<Int>, _ random: inout SeededRandom
    ) -> [Float] {
        let weights = columns.map { Double(max(features[features.startIndex + $0], 0)) }
        let total = weights.reduce(0, +)
        if total <= 0 { return [] }
        var chosen = [Float](repeating: 0, count: weights.count)
        chosen[random.weighted(weights, total: total)] = 1
        return chosen
    }

    private func features(ofPlace place: UInt32) -> ArraySlice<Float> {
        let start = Int(place) * PlaceColumns.count
        return placeFeatures[start..<start + PlaceColumns.count]
    }
}

extension DistinctRows {
    /// The row of a place that has one.
    fileprivate func knownPlace(_ vertex: UInt32) -> UInt32? { placeRows[vertex] }
}

extension Float {
    /// base to the power of exponent, exactly 1 or the base where it can be.
    fileprivate static func power(_ base: Float, _ exponent: Float) -> Float {
        if exponent == 0 { return 1 }
        return exponent == 1 ? base : Float.exponential(exponent * Float.logOnePlus(base - 1))
    }
}
