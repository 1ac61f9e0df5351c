import Basics
import Graph
import Testing

@testable import Plans

/// Everybody says yes with the same chance; a friend's word adds to it.
private final class PlainResponses: ResponseEstimate {
    private(set) var heard = 0
    func chance(of invitation: Invitation) -> Double { invitation.edge == nil ? 0.4 : 0.7 }
    func hear(_ answer: Bool, to invitation: Invitation) { heard += 1 }
}

@Suite struct CampaignTests {
    private let graph = TestCity(people: 60, places: 12, seed: 1).graph

    private func campaign(_ estimate: PlainResponses, budget: Int, _ options: CampaignOptions) -> Campaign {
        Campaign(graph, estimate, budget: budget, options: options, slots: { _ in [2, 4] }, isOpen: { _, _ in true })
    }

    @Test(arguments: [0, 1, 7, 60])
    func noLimitIsBrokenAndEveryAnswerIsHeard(budget: Int) {
        let options = CampaignOptions(minimum: 2, capacity: 4, invitationsPerPerson: 2, plansPerPlace: 1)
        let estimate = PlainResponses()
        var campaign = campaign(estimate, budget: budget, options)
        var random = SeededRandom(seed: 5)
        var (asked, slots, yes): ([UInt32: Int], [UInt32: Set<Int>], [UInt32: Int]) = ([:], [:], [:])
        var count = 0
        campaign.run { invitation in
            count += 1
            asked[invitation.person, default: 0] += 1
            #expect(slots[invitation.person, default: []].insert(invitation.slot).inserted)
            if let edge = invitation.edge {
                #expect(graph.friends(of: invitation.person).contains(edge))
            }
            let answer = random.uniform() < estimate.chance(of: invitation)
            if answer { yes[invitation.place, default: 0] += 1 }
            return answer
        }
        #expect(count <= budget && estimate.heard == count)
        #expect(asked.values.allSatisfy { $0 <= 2 } && asked.keys.allSatisfy { Int($0) < graph.residents })
        #expect(yes.values.allSatisfy { $0 <= options.capacity * options.plansPerPlace })
        if budget > 5 { #expect(count > 0) }
    }

    @Test func onlyThoseWhoCameAskTheirFriends() {
        let estimate = PlainResponses()
        var campaign = campaign(estimate, budget: 40, CampaignOptions(minimum: 2, capacity: 6))
        var coming: [UInt32: Set<UInt32>] = [:]
        var random = SeededRandom(seed: 9)
        campaign.run { invitation in
            let cell = invitation.place * 6 + UInt32(invitation.slot)
            if let edge = invitation.edge {
                #expect(coming[cell, default: []].contains(graph.socialNeighbors[edge]))
            }
            let answer = random.uniform() < 0.6
            if answer { coming[cell, default: []].insert(invitation.person) }
            return answer
        }
    }
}

@Suite struct ResponseModelTests {
    @Test func weightsPeopleAndPairsAreLearned() {
        var random = SeededRandom(seed: 3)
        let truth = [-1.0, 2.0, 0.5]
        func answer(_ person: UInt32, _ friend: UInt32?) -> InvitationAnswer {
            let features: [Float] = [1, random.uniformFloat(), friend == nil ? 0 : 1]
            var odds = zip(truth, features).reduce(0) { $0 + $1.0 * Double($1.1) }
            if person == 7 { odds += 2 }
            if person == 8 && friend == 9 { odds -= 2 }
            return InvitationAnswer(
                person: person, friend: friend, features: features,
                saidYes: random.uniform() < 1 / (1 + exponential(-odds)))
        }
        var answers: [InvitationAnswer] = []
        for index in 0..<6000 {
            answers.append(answer(UInt32(10 + index % 1000), index % 2 == 0 ? nil : UInt32(index % 13)))
        }
        for _ in 0..<60 { answers += [answer(7, nil), answer(8, 9)] }
        var model = ResponseModel(prior: [0, 0, 0], precision: 1)
        model.refit(answers)
        for answer in answers { model.hear(answer) }
        model.refit(answers)
        for (found, true_) in zip(model.weights, truth) { #expect(abs(found - true_) < 0.25) }
        let features: [Float] = [1, 0.5, 1]
        let plain = model.chance(features, person: 5000, friend: nil)
        #expect(model.chance(features, person: 7, friend: nil) > plain + 0.1)
        #expect(model.chance(features, person: 8, friend: 9) < plain - 0.1)
    }

    /// Full steps would leap over the top and back, further each time.
    @Test func aFitFromFarAwayEndsAtTheTop() {
        var model = ResponseModel(prior: [-9, 3], precision: 0.01)
        let rows: [[Float]] = (0..<400).map { [1, Float($0 % 20) / 20] }
        let outcomes = rows.indices.map { Double($0 / 20 % 2) }
        model.fit(rows, [Double](repeating: 0, count: rows.count), outcomes, rounds: 30)
        #expect(abs(model.weights[0]) < 0.05 && abs(model.weights[1]) < 0.1)
    }

    /// An explanation that names a feature names one without which the chance falls by as much as it says.
    @Test func contributionsAreWhatMovesTheOdds() {
        let model = ResponseModel(prior: [-1, 2, 0.5], precision: 1)
        let features: [Float] = [1, 0.8, 1]
        let whole = model.logOdds(features, person: 1, friend: nil)
        for (column, contribution) in model.contributions(features).enumerated() {
            var without = features
            without[column] = 0
            #expect(abs(whole - model.logOdds(without, person: 1, friend: nil) - contribution) < 1e-12)
        }
    }

    @Test func aSymmetricSystemIsSolved() {
        let matrix: [Double] = [4, 0, 0, 1, 3, 0, 2, 0.5, 5]
        let x = solve(matrix, [1, 2, 3])
        let full: [[Double]] = [[4, 1, 2], [1, 3, 0.5], [2, 0.5, 5]]
        for (row, wanted) in zip(full, [1.0, 2, 3]) {
            #expect(abs(zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } - wanted) < 1e-12)
        }
    }
}
