// Users and items as vertices of one graph, users first. Their numbers inside are chosen for the caches: a gather costs
// what its rows' cache lines cost, and those are near when vertices that share neighbors stand together. At first the
// vertices with most neighbors come first on each side; `ordered(by:)` puts similar ones together instead.

import Basics
import Linalg

/// Undirected links between vertices as compressed rows, and the weights of light convolution.
struct VertexLinks: Sendable {
    /// Vertex v is linked with `neighbors[offsets[v]..<offsets[v + 1]]`, ascending.
    let offsets: [UInt32]
    /// Followed by the zeros that gathers may read ahead.
    let neighbors: [UInt32]
    /// 1 / sqrt(degree); 0 for a vertex without links.
    let inverseRoots: [Float]
    /// Their squares.
    let inverseDegrees: [Float]

    var vertexCount: Int { offsets.count - 1 }
    /// Messages of one product: every link in both directions.
    var messageCount: Int { neighbors.count - rowsAhead }

    /// From rows that are symmetric: v lists w exactly when w lists v.
    init(rows: [[UInt32]]) {
        var (offsets, neighbors): ([UInt32], [UInt32]) = ([0], [])
        for row in rows {
            neighbors += row.sorted()
            offsets.append(UInt32(neighbors.count))
        }
        neighbors += [UInt32](repeating: 0, count: rowsAhead)
        (self.offsets, self.neighbors) = (offsets, neighbors)
        inverseRoots = rows.map { $0.isEmpty ? 0 : 1 / Float($0.count).squareRoot() }
        inverseDegrees = inverseRoots.map { $0 * $0 }
    }

    func range(of vertex: Int) -> Range<Int> { Int(offsets[vertex])..<Int(offsets[vertex + 1]) }

    /// Lends the links as what a product of rows sums.
    func withLists<Result>(_ body: (RowLists) -> Result) -> Result {
        offsets.withUnsafeBufferPointer { offsets in
            neighbors.withUnsafeBufferPointer { neighbors in
                // SAFETY: there is always an offset, and always what is read ahead.
                let starts = offsets.baseAddress!
                return body(RowLists(starts: starts, ends: starts + 1, rows: neighbors.baseAddress!))
            }
        }
    }

    /// target[v] = scales[v] · Σ table[n] over the neighbors n of each v in `vertices`. Rows that are read and rows
    /// that are written are different ones.
    func multiply<Storage: StoredNumber>(
        _ table: VertexTable<Storage>, columns: Int, _ vertices: Range<Int>, scales: [Float],
        into target: VertexTable<Storage>, _ pool: ComputePool
    ) {
        let (from, to) = (table.view, target.view)
        withLists { lists in
            pool.forEachPiece(of: vertices.count) { piece in
                let part = vertices.lowerBound + piece.lowerBound..<vertices.lowerBound + piece.upperBound
                scales.withUnsafeBufferPointer { scales in
                    guard let scales = scales.baseAddress else { return }
                    Storage.multiplyRows(
                        from.base, columns: columns, lists, part, scales: scales, adding: nil, into: to.base)
                }
            }
        }
    }
}

/// What light models learn from: who has which items, and perhaps who is whose friend.
package struct InteractionGraph: Sendable {
    /// The interactions themselves, in the caller's numbers.
    package let interactions: ItemLists
    private let friends: ItemLists
    private let linksFriends: Bool
    /// Interactions alone; users first.
    let bipartite: VertexLinks
    /// Interactions, and friendships where they count as links of the same kind.
    let links: VertexLinks
    /// Friendships alone, over the users' vertices; without friends every vertex is alone.
    let friendLinks: VertexLinks
    /// The vertex of each user and each item.
    let vertexOfUser: [UInt32]
    let vertexOfItem: [UInt32]

    package var userCount: Int { interactions.userCount }
    package var itemCount: Int { interactions.itemCount }
    var vertexCount: Int { userCount + itemCount }

    /// `friends` lists users for users, in one direction or both; oneself does not count. With `linksFriends` a
    /// friendship is one more link between vertices; otherwise it is kept apart, in `friendLinks`.
    package init(_ interactions: ItemLists, friends: ItemLists? = nil, linksFriends: Bool = false) {
        let users = interactions.userCount
        precondition(friends.map { $0.userCount == users && $0.itemCount == users } ?? true, "friends are users")
        let byItem = interactions.transposed
        func byDegree(_ lists: ItemLists) -> [UInt32] {
            (0..<UInt32(lists.userCount)).sorted { one, other in
                (lists.range(of: Int(other)).count, one) < (lists.range(of: Int(one)).count, other)
            }
        }
        self.init(
            interactions, byItem, friends: Self.symmetric(friends, users: users), linksFriends: linksFriends,
            users: byDegree(interactions), items: byDegree(byItem))
    }

    /// `users` and `items` are all numbers, in the order of their vertices.
    private init(
        _ interactions: ItemLists, _ byItem: ItemLists, friends: ItemLists, linksFriends: Bool, users: [UInt32],
        items: [UInt32]
    ) {
        func inverse(_ order: [UInt32], from first: Int) -> [UInt32] {
            var ranks = [UInt32](repeating: 0, count: order.count)
            for (rank, number) in order.enumerated() { ranks[Int(number)] = UInt32(first + rank) }
            return ranks
        }
        let vertexOfUser = inverse(users, from: 0)
        let vertexOfItem = inverse(items, from: users.count)
        var rows = users.map { user in interactions[Int(user)].map { vertexOfItem[Int($0)] } }
        rows += items.map { item in byItem[Int(item)].map { vertexOfUser[Int($0)] } }
        let friendRows = users.map { user in friends[Int(user)].map { vertexOfUser[Int($0)] } }
        (self.interactions, self.friends, self.linksFriends) = (interactions, friends, linksFriends)
        (self.vertexOfUser, self.vertexOfItem) = (vertexOfUser, vertexOfItem)
        (bipartite, friendLinks) = (VertexLinks(rows: rows), VertexLinks(rows: friendRows))
        if linksFriends { for user in users.indices { rows[user] += friendRows[user] } }
        links = linksFriends ? VertexLinks(rows: rows) : bipartite
    }

    /// The same graph with similar vertices next to each other. Halving after halving, along the axis of the spectrum
    /// in which directions differ most, until a few hundred are left: those fit the first-level cache. On Gowalla a
    /// gather became a third faster than in the order of degrees. The spectrum is one that this graph or one with the
    /// same interactions has; results of training do not depend on the order, but for rounding and what is drawn.
    package func ordered(by spectrum: SpectralFilter) -> InteractionGraph {
        let order = SpectralOrder(spectrum).order
        let users = userCount
        return InteractionGraph(
            interactions, interactions.transposed, friends: friends, linksFriends: linksFriends,
            users: order.filter { $0 < users }.map { UInt32($0) },
            items: order.filter { $0 >= users }.map { UInt32($0 - users) })
    }

    private static func symmetric(_ friends: ItemLists?, users: Int) -> ItemLists {
        var pairs: [(user: UInt32, item: UInt32)] = []
        if let friends {
            for user in 0..<UInt32(users) {
                for friend in friends[Int(user)] where friend != user { pairs += [(user, friend), (friend, user)] }
            }
        }
        return ItemLists(users: users, items: users, pairs: pairs)
    }
}
