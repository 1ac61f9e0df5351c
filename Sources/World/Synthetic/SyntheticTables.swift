// The made-up world as tables of comma-separated values, one row once (readers send copies to other cities
// themselves), with the columns of `TableKind` and not those that follow from them. Written city by city, so that only
// one city's visits are in memory; the text is made on all threads, in pieces that are handed out in order.

import Basics

/// How many rows each table of a world got.
package struct SyntheticCounts: Equatable, Sendable {
    package var rows: [TableKind: Int] = [:]
    package var total: Int { rows.values.reduce(0, +) }
}

extension SyntheticWorld {
    /// People, visits of people and so on whose text is one piece.
    private static let rowsPerPiece = 256

    /// Makes and writes all cities. `write` gets each table's text in order, headers first, in pieces that end with a
    /// line; pieces of different tables take turns. `progress` is told how much is done, 0...1, rising.
    package func writeTables(
        _ write: (TableKind, [UInt8]) throws -> Void, progress: (Double) -> Void
    ) throws -> SyntheticCounts {
        var counts = SyntheticCounts()
        for table in TableKind.allCases {
            var text = text(of: table)
            text.head()
            try write(table, text.drain())
            counts.rows[table] = 0
        }
        let isInvolved = peopleWithFriendsAway()
        var attended: [AttendedPlaces] = []
        var peopleDone = 0
        for number in cities.indices {
            let city = city(number)
            try writePeopleAndPlaces(city, number, write, &counts)
            try writeVisits(city, write, &counts)
            try writeTies(city.friendships, city.labels, write, &counts)
            try writeRows(.gatherings, city.gatherings, write, &counts) { $0.append($1) }
            attended.append(city.attended.keeping { isInvolved[$0] })
            peopleDone += city.residents.count
            progress(Double(peopleDone) / Double(configuration.people))
        }
        let between = betweenCities(AttendedPlaces(joining: attended))
        try writeTies(between.friendships, between.labels, write, &counts)
        return counts
    }

    private func text(of table: TableKind) -> TableText {
        let names = cities.indices.map { (cities[$0], SyntheticCities.name($0)) }
        return TableText(
            table, format: .csv, cityNames: Dictionary(uniqueKeysWithValues: names), derived: false)
    }

    private func peopleWithFriendsAway() -> [Bool] {
        var isInvolved = [Bool](repeating: false, count: configuration.people)
        for tie in tiesBetweenCities {
            isInvolved[Int(tie.first)] = true
            isInvolved[Int(tie.second)] = true
        }
        return isInvolved
    }

    private func writePeopleAndPlaces(
        _ city: SyntheticCity, _ number: Int, _ write: (TableKind, [UInt8]) throws -> Void,
        _ counts: inout SyntheticCounts
    ) throws {
        try writeRows(.people, city.residents, write, &counts) { text, person in
            text.append(score.people.record(person, home: cities[number]))
        }
        try writeRows(.places, city.places, write, &counts) { text, place in
            text.append(score.places.record(place, in: cities[number]))
        }
    }

    private func writeVisits(
        _ city: SyntheticCity, _ write: (TableKind, [UInt8]) throws -> Void, _ counts: inout SyntheticCounts
    ) throws {
        try writePieces(.visits, city.visits.count, write) { row, text in
            for visit in city.visits[row] {
                text.append(
                    record(of: visit, by: city.residents.lowerBound + row), of: cities[Int(visit.city)])
            }
        }
        counts.rows[.visits, default: 0] += city.visits.reduce(0) { $0 + $1.count }
    }

    private func writeTies(
        _ friendships: [Friendship], _ labels: [FriendLabel], _ write: (TableKind, [UInt8]) throws -> Void,
        _ counts: inout SyntheticCounts
    ) throws {
        try writeRows(.friendships, friendships, write, &counts) { $0.append($1) }
        try writeRows(.friendLabels, labels, write, &counts) { $0.append($1) }
    }

    private func writeRows<Rows: RandomAccessCollection & Sendable>(
        _ table: TableKind, _ rows: Rows, _ write: (TableKind, [UInt8]) throws -> Void,
        _ counts: inout SyntheticCounts, _ add: @Sendable (inout TableText, Rows.Element) -> Void
    ) throws where Rows.Index == Int {
        try writePieces(table, rows.count, write) { row, text in add(&text, rows[rows.startIndex + row]) }
        counts.rows[table, default: 0] += rows.count
    }

    /// Makes the text of rows 0..<count, some pieces at a time, and hands it out in order.
    private func writePieces(
        _ table: TableKind, _ count: Int, _ write: (TableKind, [UInt8]) throws -> Void,
        _ add: @Sendable (Int, inout TableText) -> Void
    ) throws {
        let empty = text(of: table)
        let batch = 8 * pool.threads
        let pieces = (count + Self.rowsPerPiece - 1) / Self.rowsPerPiece
        var start = 0
        while start < pieces {
            let first = start
            let texts = pool.map(min(batch, pieces - first), chunks: batch) { piece in
                let from = (first + piece) * Self.rowsPerPiece
                var text = empty
                for row in from..<min(from + Self.rowsPerPiece, count) { add(row, &text) }
                return text.drain()
            }
            for text in texts { try write(table, text) }
            start += batch
        }
    }
}
