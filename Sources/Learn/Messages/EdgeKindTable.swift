// The kinds of edges that a city has, numbered in ascending order, and their features: what a step weighs.

import Graph

/// The different kinds among a city's edges.
struct EdgeKindTable: Sendable {
    /// Features of each kind, [count, columns].
    let features: [Float]
    let columns: Int
    /// The kind of each edge, a row of `features`.
    let kindOfEdge: [UInt16]

    var count: Int { features.count / columns }

    init(features: [Float], columns: Int, kindOfEdge: [UInt16]) {
        precondition(features.count % columns == 0, "kinds have whole rows of features")
        (self.features, self.columns, self.kindOfEdge) = (features, columns, kindOfEdge)
    }

    private init(_ codes: [UInt16], columns: Int, write: (UInt16, inout MutableSpan<Float>, Int) -> Void) {
        var numbers = [UInt16](repeating: 0, count: 1 << 16)
        for code in codes { numbers[Int(code)] = 1 }
        var known: [UInt16] = []
        for code in numbers.indices where numbers[code] != 0 {
            numbers[code] = UInt16(known.count)
            known.append(UInt16(code))
        }
        var features = [Float](repeating: 0, count: known.count * columns)
        var span = features.mutableSpan
        for (row, code) in known.enumerated() { write(code, &span, row * columns) }
        self.init(features: features, columns: columns, kindOfEdge: codes.map { numbers[Int($0)] })
    }

    /// Of all visits, in the order of `CityGraph.visitSignals`.
    init(visits: VisitSignalColumn) { self.init(visitKinds: visits.kinds) }

    /// Of visits whose kinds are given as `VisitSignals` numbers them.
    init(visitKinds: [UInt16]) {
        self.init(visitKinds, columns: VisitSignals.featureCount) { code, features, start in
            VisitSignals(kind: code).features(into: &features, at: start)
        }
    }

    /// Of all friendships; `features` is [edges, 3].
    init(friendships features: [Float]) { self.init(friendshipKinds: Self.kinds(ofFriendships: features)) }

    static func kinds(ofFriendships features: [Float]) -> [UInt16] {
        (0..<features.count / FriendshipColumns.count).map { FriendshipKind.kind(of: $0, in: features.span) }
    }

    /// Of friendships whose kinds are given as `FriendshipKind` numbers them.
    init(friendshipKinds: [UInt16]) {
        self.init(friendshipKinds, columns: FriendshipColumns.count) { code, features, start in
            FriendshipKind.features(of: code, into: &features, at: start)
        }
    }
}
