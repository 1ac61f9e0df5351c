package import Basics
package import World

// All rows of one kind, read on all threads of a pool: the keys are cut into ranges of whole people (or places), each
// range is walked by one thread into an array of its own. Visits never become a `Record`: a plain `Visit` is 32
// bytes, and a city has millions.

extension ShardStore {
    /// Everybody, halo included, ascending by id.
    package func people(pool: ComputePool) throws(StoreError) -> [Person] {
        try all(.people, pool: pool) { record in
            if case .person(let person) = record { person } else { nil }
        }
    }

    /// All places, ascending by id.
    package func places(pool: ComputePool) throws(StoreError) -> [Place] {
        try all(.places, pool: pool) { record in
            if case .place(let place) = record { place } else { nil }
        }
    }

    /// All friendships, ascending by first and second person.
    package func friendships(pool: ComputePool) throws(StoreError) -> [Friendship] {
        try all(.friendships, pool: pool) { record in
            if case .friendship(let friendship) = record { friendship } else { nil }
        }
    }

    /// All friend labels, ascending by first and second person.
    package func friendLabels(pool: ComputePool) throws(StoreError) -> [FriendLabel] {
        try all(.friendLabels, pool: pool) { record in
            if case .friendLabel(let label) = record { label } else { nil }
        }
    }

    /// What `body` makes of all visits, ascending by person, place and time, in pieces of about equal size; no person's
    /// visits are in two pieces. A piece is gone when its call is over: a thread has one at a time, so that it stays in
    /// the cache. The order of results is that of pieces.
    package func mapVisits<Made: Sendable>(
        pool: ComputePool, _ body: @escaping @Sendable (ArraySlice<Visit>) -> Made
    ) throws(StoreError) -> [Made] {
        try settle()
        let view = try database.view()
        let ranges = try evenRanges(of: .visits, in: view, pieces: pool.threads * Self.visitPiecesPerThread)
        let expected = Int(counts().visits) / max(ranges.count, 1)
        return try read(ranges, pool: pool) { range throws(StoreError) in
            var visits: [Visit] = []
            visits.reserveCapacity(expected + expected / 8)
            try self.walkVisits(range, in: view) { visits.append($0) }
            return body(visits[...])
        }
    }

    /// Many, since people are numbered unevenly; few, since each begins with a search.
    private static let visitPiecesPerThread = 16

    /// The visits of some people, in the order of `people`, of each by place and time.
    package func visits(of people: [PersonID]) throws(StoreError) -> [Visit] {
        try settle()
        let view = try database.view()
        var visits: [Visit] = []
        for person in people {
            try walkVisits(person.number...person.number, in: view) { visits.append($0) }
        }
        return visits
    }

    private func walkVisits(
        _ people: ClosedRange<UInt64>, in view: DatabaseView, _ body: (Visit) -> Void
    ) throws(StoreError) {
        try view.walk(.visits, people) { key, value throws(StoreError) in
            body(try self.visit(key, value))
        }
    }

    private func visit(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(StoreError) -> Visit {
        do { return try Record.visit(key: key, value: value) } catch {
            throw .corrupt(
                directory: database.directory, family: Family.visits.rawValue, reason: error.description)
        }
    }

    private func all<Row: Sendable>(
        _ family: Family, pool: ComputePool, _ row: @escaping @Sendable (Record) -> Row?
    ) throws(StoreError) -> [Row] {
        let view = try database.view()
        let ranges = try evenRanges(of: family, in: view, pieces: pool.threads * 4)
        let parts = try read(ranges, pool: pool) { range throws(StoreError) in
            var rows: [Row] = []
            try view.walk(family, range) { key, value throws(StoreError) in
                if let row = row(try self.record(family, key, value)) { rows.append(row) }
            }
            return rows
        }
        var rows: [Row] = []
        rows.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts { rows += part }
        return rows
    }

    private func read<Part: Sendable>(
        _ ranges: [ClosedRange<UInt64>], pool: ComputePool,
        _ body: @escaping @Sendable (ClosedRange<UInt64>) throws(StoreError) -> Part
    ) throws(StoreError) -> [Part] {
        let results = pool.map(ranges.count) { index in
            Result { () throws(StoreError) in try body(ranges[index]) }
        }
        var parts: [Part] = []
        for result in results { parts.append(try result.get()) }
        return parts
    }

    /// Ranges of first numbers that cover the family. They are cut at even distances: ids are either counted up or
    /// hashed, and both fill their span evenly enough.
    private func evenRanges(
        of family: Family, in view: DatabaseView, pieces: Int
    ) throws(StoreError) -> [ClosedRange<UInt64>] {
        guard let span = try view.span(family) else { return [] }
        let width = span.upperBound - span.lowerBound
        let step = width / UInt64(pieces)
        if step == 0 { return [span] }
        return (0..<UInt64(pieces)).map { piece in
            let start = span.lowerBound + piece * step
            return start...(piece + 1 == UInt64(pieces) ? span.upperBound : start + step - 1)
        }
    }
}
