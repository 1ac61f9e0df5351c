import FoundationEssentials
import Learn

/// Groups, their members and what groups and people chose, in ConsRec's layout: `groupMember.txt` (`group user,user`),
/// `groupRatingTrain.txt`, `groupRatingTest.txt`, `userRatingTrain.txt` (`who place`), `groupRatingNegative.txt`
/// (`(group,place) other other ...`).
struct GroupData {
    struct Test {
        let group: Int
        let place: Int
        let others: [Int]
    }

    let members: [[UInt32]]
    let chosen: Interactions.Pairs
    let visited: Interactions.Pairs
    let tests: [Test]
    let people: Int
    let places: Int

    init(folder: String) throws {
        var members: [[UInt32]] = []
        for line in try Self.lines(folder + "/groupMember.txt") {
            let words = line.split(separator: " ")
            guard words.count == 2, Int(words[0]) == members.count else {
                throw BenchError("groupMember.txt: '\(line.prefix(40))' is not the next group with its members")
            }
            members.append(words[1].split(separator: ",").compactMap { UInt32($0) })
        }
        chosen = try Self.pairs(folder + "/groupRatingTrain.txt")
        visited = try Self.pairs(folder + "/userRatingTrain.txt")
        let tested = try Self.pairs(folder + "/groupRatingTest.txt")
        let others = try Self.lines(folder + "/groupRatingNegative.txt").map { line in
            line.split(separator: " ").dropFirst().compactMap { Int($0) }
        }
        guard tested.count == others.count, tested.allSatisfy({ Int($0.user) < members.count }) else {
            throw BenchError("\(folder): every test row has its negatives and its group")
        }
        tests = zip(tested, others).map { Test(group: Int($0.user), place: Int($0.item), others: $1) }
        let all = chosen.map(\.item) + visited.map(\.item) + tested.map(\.item)
        places = max(Int(all.max() ?? 0), others.joined().max() ?? 0) + 1
        people = Int((visited.map(\.user) + members.joined()).max() ?? 0) + 1
        self.members = members
    }

    private static func lines(_ path: String) throws -> [Substring] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw BenchError("\(path) cannot be read")
        }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    }

    private static func pairs(_ path: String) throws -> Interactions.Pairs {
        try lines(path).map { line in
            let words = line.split(separator: " ")
            guard words.count >= 2, let who = UInt32(words[0]), let place = UInt32(words[1]) else {
                throw BenchError("\(path): '\(line.prefix(40))' is not a pair")
            }
            return (who, place)
        }
    }
}
