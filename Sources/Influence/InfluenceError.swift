/// Why a question about influence cannot be asked as it stands.
package enum InfluenceError: Error, Equatable {
    case budget(Int)
    case cost(vertex: Int, value: Double)
    case edgeCounts(offsets: Int, sources: Int, chances: Int)
    case epsilon(Double)
    case factor(Double)
    case failure(Double)
    case forcedAndForbidden(UInt32)
    case forcedBeyondLimit(UInt32)
    case limit(name: String, value: Int, least: Int)
    case offsets(vertex: Int)
    case probability(edge: Int, value: Float)
    case ratio(Double)
    case source(edge: Int, source: UInt32)
    case spending(Double)
    case stranger(UInt32)
    case thresholdSum(vertex: Int, sum: Double)
    case twoLimits
    case value(vertex: Int, value: Double)
}

extension InfluenceError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .budget(let budget):
            "the number of people to choose is \(budget): ask for zero or more, and for all who are forced"
        case .cost(let vertex, let value):
            "the cost of asking vertex \(vertex) is \(value): keep it positive and finite"
        case .edgeCounts(let offsets, let sources, let chances):
            "the influence graph announces \(offsets) edges but has \(sources) sources and "
                + "\(chances) chances: give one of each per edge"
        case .epsilon(let value):
            "epsilon is \(value): choose it above 0 and below what greedy guarantees "
                + "(0.632 by number, 0.393 with costs, 0.5 with quotas)"
        case .factor(let value):
            "the factor of a weighted cascade is \(value): choose zero or more"
        case .failure(let value):
            "the chance of failure is \(value): choose it above 0 and below 1"
        case .forcedAndForbidden(let person):
            "vertex \(person) is both forced and forbidden: decide for one"
        case .forcedBeyondLimit(let person):
            "with vertex \(person) those who are forced cost more, or are more of one community, than is allowed"
        case .limit(let name, let value, let least):
            "\(name) is \(value): allow at least \(least)"
        case .offsets(let vertex):
            "the influence graph's offsets break at vertex \(vertex): start at 0 and never fall"
        case .probability(let edge, let value):
            "the influence graph's edge \(edge) has probability \(value): keep it in 0...1"
        case .ratio(let value):
            "the ratio to prove is \(value): choose it in 0...1, below 1"
        case .source(let edge, let source):
            "the influence graph's edge \(edge) comes from vertex \(source), which does not exist"
        case .spending(let value):
            "the sum to spend is \(value): keep it finite and not below 0"
        case .stranger(let number):
            "a question about influence names person or set \(number), which is not here"
        case .thresholdSum(let vertex, let sum):
            "the weights of vertex \(vertex)'s in-edges sum to \(sum): under linear threshold keep them at most 1"
        case .twoLimits:
            "a choice is limited by what it costs, by so many of each city, or by so many of each group, not by two of "
                + "these: no guarantee is known"
        case .value(let vertex, let value):
            "the value of vertex \(vertex) is \(value): keep it finite and not below 0, and not all of them 0"
        }
    }
}
