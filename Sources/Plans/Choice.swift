// Which plans a city gets, chosen together. The value of a set C of plans is
//
//     F(C) = 2/3 * sum over people of the chance that they come to at least one plan of C
//          + 1/3 * sum over venues of the greatest number of people that one plan of C gathers there
//
// in people: a first plan at a new venue for new people counts its whole gathering, a plan for people who
// already have one counts less, and so does a second plan at the same venue. Both sums are monotone and
// submodular, so F is.
//
// A plan may join C when its cell (venue and slot) is free, no starter is in `seedsPerPerson` groups already, and none
// starts another plan in the same slot. Per person that is a laminar matroid, per cell a partition matroid, and a
// plan of three starters touches three and one of them: putting a plan in costs at most four others. The
// sets of allowed plans are therefore a 4-extendible system, also when cut off at `seedsPerCity`, and greedy reaches at
// least 1/5 of the best F among the given candidates (Fisher, Nemhauser and Wolsey 1978: 1 / (p + 1)). The
// guarantee speaks of the candidates as formed; the final invitations, which respect each person's limit, come after.

import Influence

/// A chosen candidate and what it added to F.
struct Chosen: Equatable {
    let candidate: Int
    let gain: Double
}

/// The state of the choice: what is taken, and what people and venues already have.
struct PlanChoice {
    private let candidates: [Candidate]
    private let seedsPerPerson: Int
    private var takenCells: Set<Int> = []
    private var roles: [Int]
    /// One bit per slot in which the person starts a plan.
    private(set) var startsIn: [UInt8]
    /// Per person: the chance that they come to no plan so far.
    private var open: [Double]
    private var bestAtPlace: [Double]

    private static let peopleShare = 2.0 / 3

    init(_ candidates: [Candidate], people: Int, places: Int, seedsPerPerson: Int) {
        self.candidates = candidates
        self.seedsPerPerson = seedsPerPerson
        roles = [Int](repeating: 0, count: people)
        startsIn = [UInt8](repeating: 0, count: people)
        open = [Double](repeating: 1, count: people)
        bestAtPlace = [Double](repeating: 0, count: places)
    }

    /// Lazy greedy: at most `count` candidates, best gain first, ties by lower index; gains fall.
    mutating func choose(_ count: Int) -> [Chosen] {
        var heap = MaxHeap(candidates.indices.map { Promise(gain: gain($0), vertex: UInt32($0)) })
        var chosen: [Chosen] = []
        while chosen.count < count, let best = heap.pop() {
            let index = Int(best.vertex)
            if !isAllowed(index) { continue }
            let fresh = Promise(gain: gain(index), vertex: best.vertex)
            if let next = heap.top, fresh < next {
                heap.push(fresh)
                continue
            }
            if fresh.gain <= 0 { break }
            take(index)
            chosen.append(Chosen(candidate: index, gain: fresh.gain))
        }
        return chosen
    }

    /// What the candidate would add to F now. O(people it may gather).
    func gain(_ index: Int) -> Double {
        let candidate = candidates[index]
        var people = 0.0
        for (person, chance) in zip(candidate.people, candidate.chances) {
            people += open[Int(person)] * Double(chance)
        }
        let venue = max(candidate.gathered - bestAtPlace[Int(candidate.place)], 0)
        return Self.peopleShare * people + (1 - Self.peopleShare) * venue
    }

    /// Once false, false for ever.
    func isAllowed(_ index: Int) -> Bool {
        let candidate = candidates[index]
        if takenCells.contains(candidate.cell) { return false }
        return candidate.starters.allSatisfy { person in
            roles[Int(person)] < seedsPerPerson && startsIn[Int(person)] >> candidate.slot & 1 == 0
        }
    }

    mutating func take(_ index: Int) {
        let candidate = candidates[index]
        takenCells.insert(candidate.cell)
        for person in candidate.starters {
            roles[Int(person)] += 1
            startsIn[Int(person)] |= 1 << candidate.slot
        }
        for (person, chance) in zip(candidate.people, candidate.chances) { open[Int(person)] *= 1 - Double(chance) }
        let place = Int(candidate.place)
        bestAtPlace[place] = max(bestAtPlace[place], candidate.gathered)
    }
}
