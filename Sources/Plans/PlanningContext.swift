import Basics
import Graph
import Influence
import Learn

/// Everything about a city that its cells are planned from. Immutable, shared by the threads that plan them.
struct PlanningContext: Sendable {
    let graph: CityGraph
    let influence: InfluenceGraph
    let table: InterestTable
    let rhythm: Rhythm
    let likeness: Likeness
    let options: PlanOptions
    let apart: PeopleApart

    init(
        graph: CityGraph, influence: InfluenceGraph, interests: [PersonInterest], recent: RecentInterest = .none,
        embeddings: CityEmbeddings, apart: PeopleApart = PeopleApart(), options: PlanOptions
    ) {
        precondition(interests.count == graph.residents, "one interest per resident")
        precondition(influence.count == graph.people.count, "influence and city have the same people")
        self.graph = graph
        self.influence = influence
        self.options = options
        self.apart = apart
        table = InterestTable(interests, recent: recent, options.willingness, places: graph.places.count)
        rhythm = Rhythm(personSlots: graph.personSlots, placeSlots: graph.placeSlots)
        likeness = Likeness(embeddings, people: graph.people.count)
    }

    /// Whether two people, local, must not meet.
    func areApart(_ one: UInt32, _ other: UInt32) -> Bool {
        !apart.isEmpty && apart.contains(graph.people[Int(one)], graph.people[Int(other)])
    }
}

/// How alike people's embeddings are, by the network's columns: the others are about places.
struct Likeness: Sendable {
    private let dimensions: Int
    private let columns: Int
    /// [people, dimensions]
    private let rows: [Float]
    /// 1 / length of each row, 0 for a row of zeros.
    private let inverseLengths: [Float]

    init(_ embeddings: CityEmbeddings, people: Int) {
        precondition(embeddings.people.count == people * embeddings.dimensions, "one embedding per person")
        let dimensions = embeddings.dimensions
        let (rows, columns) = (embeddings.people, embeddings.networkColumns)
        (self.dimensions, self.columns) = (dimensions, columns)
        self.rows = rows
        inverseLengths = (0..<people).map { person in
            let square = Self.product(rows.span, person * dimensions, person * dimensions, count: columns)
            return square > 0 ? 1 / square.squareRoot() : 0
        }
    }

    /// Inner product of two people's embeddings.
    func product(_ first: UInt32, _ second: UInt32) -> Float {
        Self.product(rows.span, Int(first) * dimensions, Int(second) * dimensions, count: columns)
    }

    /// (1 + cosine) / 2: 0 opposite, one half unrelated or unknown, 1 the same.
    func closeness(_ first: UInt32, _ second: UInt32) -> Double {
        let cosine = product(first, second) * inverseLengths[Int(first)] * inverseLengths[Int(second)]
        return Double(min(max((1 + cosine) / 2, 0), 1))
    }

    private static func product(_ rows: Span<Float>, _ first: Int, _ second: Int, count: Int) -> Float {
        let left = rows.extracting(first..<first + count), right = rows.extracting(second..<second + count)
        // Four sums in a fixed order: the same bits everywhere, and four times less waiting for the last addition.
        var sums = SIMD4<Float>.zero
        var index = 0
        while index + 4 <= count {
            sums +=
                SIMD4(left[index], left[index + 1], left[index + 2], left[index + 3])
                * SIMD4(right[index], right[index + 1], right[index + 2], right[index + 3])
            index += 4
        }
        var sum = (sums[0] + sums[1]) + (sums[2] + sums[3])
        while index < count {
            sum += left[index] * right[index]
            index += 1
        }
        return sum
    }
}
