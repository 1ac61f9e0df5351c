// What people are expected to like before any of their visits is looked at: by what they say of themselves, a ridge
// regression of the city's fitted coefficients, and by their friends, whose coefficients differ from what they say
// themselves in the same direction. Learned from the fits it then serves as the prior of, a few times in turn
// (empirical Bayes; Train, "Discrete choice methods with simulation", chapter 11).

import Basics
import Graph

/// One city's prior.
struct TastePrior {
    private let stated: SparseRows
    private let residents: Int
    private let people: Int
    private let offsets: [UInt32]
    private let friends: [UInt32]
    /// The upper triangular X with X · Xᵀ the inverse of the residents' SᵀS + 1, where S has a last column of ones.
    private let factor: [Double]

    /// `stated` has a row for each of the graph's people.
    init(_ graph: CityGraph, stated: SparseRows) {
        (self.stated, residents, people) = (stated, graph.residents, graph.people.count)
        (offsets, friends) = (graph.socialOffsets, graph.socialNeighbors)
        let width = stated.width + 1
        var products = [Double](repeating: 0, count: width * width)
        for index in 0..<width { products[index * width + index] = 1 }
        for person in 0..<graph.residents {
            Self.forEach(person, stated) { one, weight in
                Self.forEach(person, stated) { products[one * width + $0] += Double(weight * $1) }
            }
        }
        factor = inverseCholesky(products, width)
    }

    /// The columns of a person and their values, a 1 in the last of all.
    private static func forEach(_ person: Int, _ rows: SparseRows, _ body: (Int, Float) -> Void) {
        for index in Int(rows.offsets[person])..<Int(rows.offsets[person + 1]) {
            body(Int(rows.columns[index]), rows.values[index])
        }
        body(rows.width, 1)
    }

    /// The prior of all people, [people, columns], by the coefficients of residents, [residents, columns].
    func means(from fitted: [Float], columns k: Int) -> [Float] {
        precondition(fitted.count == residents * k, "every resident was fitted")
        let weights = regression(of: fitted, columns: k)
        var means = [Float](repeating: 0, count: people * k)
        for person in 0..<people {
            Self.forEach(person, stated) { column, value in
                for index in 0..<k { means[person * k + index] += value * weights[column * k + index] }
            }
        }
        addFriends(to: &means, fitted, columns: k)
        return means
    }

    /// [stated columns and one, k]
    private func regression(of fitted: [Float], columns k: Int) -> [Float] {
        let width = stated.width + 1
        var products = [Double](repeating: 0, count: width * k)
        for person in 0..<residents {
            Self.forEach(person, stated) { column, value in
                for index in 0..<k { products[column * k + index] += Double(value * fitted[person * k + index]) }
            }
        }
        var (halves, weights) = (products, products)
        for row in 0..<width {
            for index in 0..<k { halves[row * k + index] = 0 }
            for inner in 0...row {
                let part = factor[inner * width + row]
                for index in 0..<k { halves[row * k + index] += part * products[inner * k + index] }
            }
        }
        for row in 0..<width {
            for index in 0..<k { weights[row * k + index] = 0 }
            for inner in row..<width {
                let part = factor[row * width + inner]
                for index in 0..<k { weights[row * k + index] += part * halves[inner * k + index] }
            }
        }
        return weights.map { Float($0) }
    }

    /// Adds what friends have in common beyond what they say: the mean of their residuals, times what it tells of a
    /// person's own, one number for the city.
    private func addFriends(to means: inout [Float], _ fitted: [Float], columns k: Int) {
        let residuals = (0..<residents * k).map { fitted[$0] - means[$0] }
        var heard = [Float](repeating: 0, count: people * k)
        var (own, square) = (0.0, 0.0)
        for person in 0..<people {
            let known = friends[Int(offsets[person])..<Int(offsets[person + 1])].filter { Int($0) < residents }
            if known.isEmpty { continue }
            for friend in known {
                for index in 0..<k {
                    heard[person * k + index] += residuals[Int(friend) * k + index] / Float(known.count)
                }
            }
            if person >= residents { continue }
            for index in person * k..<(person + 1) * k {
                own += Double(heard[index] * residuals[index])
                square += Double(heard[index] * heard[index])
            }
        }
        let slope = square > 0 ? Float(max(0, own / square)) : 0
        for index in means.indices { means[index] += slope * heard[index] }
    }
}
