// Who has which items, as compressed rows: the form in which interactions, masks and held-out truths are kept.

/// For each user the items of a set, ascending and without repeats. Users and items are numbered from 0.
package struct ItemLists: Sendable, Equatable {
    /// Numbers of items are below this.
    package let itemCount: Int
    /// User u owns `items[offsets[u]..<offsets[u + 1]]`.
    package let offsets: [UInt32]
    package let items: [UInt32]

    package var userCount: Int { offsets.count - 1 }

    /// Lists from pairs in any order; pairs that repeat count once. O(pairs · log of the longest list).
    package init(users: Int, items itemCount: Int, pairs: [(user: UInt32, item: UInt32)]) {
        var counts = [UInt32](repeating: 0, count: users + 1)
        for pair in pairs {
            precondition(Int(pair.user) < users && Int(pair.item) < itemCount, "a pair names a user and an item")
            counts[Int(pair.user) + 1] += 1
        }
        for user in 0..<users { counts[user + 1] += counts[user] }
        var places = counts
        var sorted = [UInt32](repeating: 0, count: pairs.count)
        for pair in pairs {
            sorted[Int(places[Int(pair.user)])] = pair.item
            places[Int(pair.user)] += 1
        }
        var (offsets, kept): ([UInt32], [UInt32]) = ([0], [])
        offsets.reserveCapacity(users + 1)
        kept.reserveCapacity(sorted.count)
        for user in 0..<users {
            let start = kept.count
            for item in sorted[Int(counts[user])..<Int(counts[user + 1])].sorted()
            where kept.count == start || kept[kept.count - 1] != item {
                kept.append(item)
            }
            offsets.append(UInt32(kept.count))
        }
        (self.itemCount, self.offsets, self.items) = (itemCount, offsets, kept)
    }

    /// Lists as they are. Offsets ascend from 0 to the number of items; each list ascends strictly.
    package init(itemCount: Int, offsets: [UInt32], items: [UInt32]) {
        precondition(offsets.first == 0 && Int(offsets[offsets.count - 1]) == items.count, "offsets span the items")
        for user in 0..<offsets.count - 1 {
            precondition(offsets[user] <= offsets[user + 1], "offsets ascend")
            for index in Int(offsets[user])..<Int(offsets[user + 1]) {
                precondition(Int(items[index]) < itemCount, "an item is below the number of items")
                precondition(index == Int(offsets[user]) || items[index - 1] < items[index], "a list ascends")
            }
        }
        (self.itemCount, self.offsets, self.items) = (itemCount, offsets, items)
    }

    /// Where a user's items stand in `items`.
    package func range(of user: Int) -> Range<Int> { Int(offsets[user])..<Int(offsets[user + 1]) }

    /// The items of one user, ascending.
    package subscript(user: Int) -> ArraySlice<UInt32> { items[range(of: user)] }

    /// How many users have each item.
    package var usersPerItem: [UInt32] {
        var counts = [UInt32](repeating: 0, count: itemCount)
        for item in items { counts[Int(item)] += 1 }
        return counts
    }

    /// The same pairs seen from the items: for each item its users, ascending. O(pairs).
    package var transposed: ItemLists {
        var offsets = [UInt32](repeating: 0, count: itemCount + 1)
        for item in items { offsets[Int(item) + 1] += 1 }
        for item in 0..<itemCount { offsets[item + 1] += offsets[item] }
        var next = offsets
        var users = [UInt32](repeating: 0, count: items.count)
        for user in 0..<userCount {
            for item in self[user] {
                users[Int(next[Int(item)])] = UInt32(user)
                next[Int(item)] += 1
            }
        }
        return ItemLists(itemCount: userCount, offsets: offsets, items: users)
    }
}
