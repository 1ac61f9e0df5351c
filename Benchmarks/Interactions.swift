// Data of the papers on collaborative filtering, in the authors' own splits: LightGCN's folders (`train.txt` and
// `test.txt`, a line `user item item ...` for each user) and SocialLGN's (`train_set.txt`, `test_set.txt` and
// `trust.txt`, pairs `user,item` and `user,friend` under a heading).

import Basics
import FoundationEssentials
import Learn

/// Train and test parts of one data set, and friendships where it has them.
struct Interactions {
    typealias Pairs = [(user: UInt32, item: UInt32)]

    private(set) var known: ItemLists
    private(set) var wanted: ItemLists
    private(set) var friends: ItemLists?
    let name: String

    init(folder: String) throws {
        name = folder.split(separator: "/").last.map(String.init) ?? folder
        let isSocial = FileManager.default.fileExists(atPath: folder + "/trust.txt")
        let train: Pairs
        let test: Pairs
        if isSocial {
            train = try Self.pairs(folder + "/train_set.txt")
            test = try Self.pairs(folder + "/test_set.txt")
        } else {
            train = try Self.lists(folder + "/train.txt")
            test = try Self.lists(folder + "/test.txt")
        }
        let users = Int((train + test).map(\.user).max() ?? 0) + 1
        let items = Int((train + test).map(\.item).max() ?? 0) + 1
        known = ItemLists(users: users, items: items, pairs: train)
        wanted = ItemLists(users: users, items: items, pairs: test)
        if isSocial {
            friends = ItemLists(users: users, items: users, pairs: try Self.pairs(folder + "/trust.txt"))
        }
    }

    /// Made-up tastes: everybody belongs to one of 200 circles and takes most items from the circle's own, popular
    /// ones more often, and has friends in it. A fifth of the pairs is the test part.
    init(madeOf users: Int, items: Int, seed: UInt64) {
        var random = SeededRandom(seed: seed).child("interactions")
        var parts: [Pairs] = [[], []]
        var friendships: Pairs = []
        let circles = 200
        for user in 0..<users {
            let circle = user % circles
            for _ in 0..<20 {
                let among = random.uniform() < 0.8 ? items / circles : items
                let rank = min(Int(random.exponential() * Double(among) / 4), among - 1)
                let item = among == items ? rank : rank * circles + circle
                parts[random.below(5) == 0 ? 1 : 0].append((UInt32(user), UInt32(item)))
            }
            for _ in 0..<5 where user > circles {
                friendships.append((UInt32(user), UInt32(random.below(user / circles) * circles + circle)))
            }
        }
        name = "synthetic \(users) users, \(items) items"
        known = ItemLists(users: users, items: items, pairs: parts[0])
        let had = known
        let new = parts[1].filter { !had[Int($0.user)].contains($0.item) }
        wanted = ItemLists(users: users, items: items, pairs: new)
        friends = ItemLists(users: users, items: users, pairs: friendships)
    }

    /// Holds `share` of the train part out instead of the test part, which is forgotten: for choosing settings.
    mutating func validate(share: Double, seed: UInt64) {
        var random = SeededRandom(seed: seed).child("validation")
        var (kept, held): (Pairs, Pairs) = ([], [])
        for user in 0..<known.userCount {
            for item in known[user] {
                if random.uniform() < share {
                    held.append((UInt32(user), item))
                } else {
                    kept.append((UInt32(user), item))
                }
            }
        }
        let (users, items) = (known.userCount, known.itemCount)
        known = ItemLists(users: users, items: items, pairs: kept)
        wanted = ItemLists(users: users, items: items, pairs: held)
    }

    private static func lists(_ path: String) throws -> Pairs {
        var pairs: Pairs = []
        for numbers in try rows(path) {
            guard let user = numbers.first else { continue }
            pairs += numbers.dropFirst().map { (user, $0) }
        }
        return pairs
    }

    private static func pairs(_ path: String) throws -> Pairs {
        try rows(path).filter { $0.count == 2 }.map { ($0[0], $0[1]) }
    }

    /// The whole numbers of each line, whatever stands between them.
    private static func rows(_ path: String) throws -> [[UInt32]] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw BenchError("\(path) cannot be read; --data takes a LightGCN or SocialLGN folder")
        }
        return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            line.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                .compactMap { UInt32(String(decoding: $0, as: UTF8.self)) }
        }
    }
}
