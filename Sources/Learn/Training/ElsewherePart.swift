// What a city tells another one, for steps that hear it (`CityAcross`): what people whom the other knows did here, and
// the friends at home of its guests. With them come the inputs of places and people that the other does not have.
// All of it follows from the graph and the visits kept back, so it is the same all through a training.

package import Basics
import Graph

/// What one city knows of another's people.
package struct ElsewherePart: Equatable, Sendable {
    /// Who visited here, of those whom the other city knows.
    var people: [PersonID] = []
    /// Visits of person p are at `offsets[p]..<offsets[p + 1]`.
    var offsets: [UInt32] = [0]
    /// The place of each visit, a row of `places`.
    var visits: [UInt32] = []
    /// What a message over each is weighed by.
    var kinds: [UInt16] = []
    var places: [PlaceID]
    var placeInputs: VertexInputs
    /// Friendships of people who live here and are guests there.
    var guests: [PersonID] = []
    var friends: [PersonID] = []
    var friendshipKinds: [UInt16] = []
    /// Friends whom the other city does not know.
    var strangers: [PersonID]
    var strangerInputs: VertexInputs
}

extension CityTrainer {
    /// What this city tells another one that has `guests` from anywhere. The visits kept back are left out.
    /// O(what both cities know of the same people + visits).
    package func elsewhere(for city: CityID, guests: [PersonID]) -> ElsewherePart {
        let guests = Set(guests)
        func isKnown(_ person: Int) -> Bool {
            guests.contains(graph.people[person]) || person >= graph.residents && home(of: person) == city
        }
        var (places, strangers) = (Told(), Told())
        var part = ElsewherePart(
            places: [], placeInputs: inputs.places.rows([]), strangers: [], strangerInputs: inputs.people.rows([]))
        let kinds = graph.visitSignals.kinds
        let friendshipKinds = EdgeKindTable.kinds(ofFriendships: graph.socialFeatures)
        for person in graph.people.indices where isKnown(person) {
            for edge in graph.visits(of: UInt32(person)) {
                let place = Int(graph.visitPlaces[edge])
                if validation.pairs.contains(UInt64(person) << 32 | UInt64(place)) { continue }
                part.visits.append(UInt32(places.number(of: place)))
                part.kinds.append(kinds[edge])
            }
            if part.visits.count > Int(part.offsets.last ?? 0) {
                part.people.append(graph.people[person])
                part.offsets.append(UInt32(part.visits.count))
            }
            // All friends of residents are known at home only.
            guard person < graph.residents else { continue }
            for edge in graph.friends(of: UInt32(person)) {
                let friend = Int(graph.socialNeighbors[edge])
                part.guests.append(graph.people[person])
                part.friends.append(graph.people[friend])
                part.friendshipKinds.append(friendshipKinds[edge])
                if !isKnown(friend) { _ = strangers.number(of: friend) }
            }
        }
        part.places = places.rows.map { graph.places[$0] }
        part.placeInputs = inputs.places.rows(places.rows)
        part.strangers = strangers.rows.map { graph.people[$0] }
        part.strangerInputs = inputs.people.rows(strangers.rows)
        return part
    }
}

/// Vertices in the order in which they are told first.
private struct Told {
    private(set) var rows: [Int] = []
    private var numbers: [Int: Int] = [:]

    mutating func number(of row: Int) -> Int {
        if let number = numbers[row] { return number }
        numbers[row] = rows.count
        rows.append(row)
        return rows.count - 1
    }
}

// Lists behind their 32-bit count, little-endian.
//
// | list of | what |
// | --- | --- |
// | u64, u32, u32, u16 | people, offsets of their visits, the visits' places as rows, kinds |
// | u64 | places, and then their inputs |
// | u64, u64, u16 | friendships: guest, friend, kind |
// | u64 | strangers, and then their inputs |
//
// Inputs are quantities; a flag, and where it is 1 what passes the hidden layer; a u8 count of tables, and for each a
// list of u32. Quantities and what passes are a width u32, offsets u32, columns u32, values f32.
extension ElsewherePart {
    package func encode(into writer: inout ByteWriter) {
        writer.put(array: people.map(\.number))
        writer.put(array: offsets)
        writer.put(array: visits)
        writer.put(array: kinds)
        writer.put(array: places.map(\.number))
        placeInputs.encode(into: &writer)
        writer.put(array: guests.map(\.number))
        writer.put(array: friends.map(\.number))
        writer.put(array: friendshipKinds)
        writer.put(array: strangers.map(\.number))
        strangerInputs.encode(into: &writer)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        people = try reader.getArray(of: UInt64.self).map { PersonID($0) }
        offsets = try reader.getArray(of: UInt32.self)
        visits = try reader.getArray(of: UInt32.self)
        kinds = try reader.getArray(of: UInt16.self)
        places = try reader.getArray(of: UInt64.self).map { PlaceID($0) }
        placeInputs = try VertexInputs(from: &reader, count: places.count)
        guests = try reader.getArray(of: UInt64.self).map { PersonID($0) }
        friends = try reader.getArray(of: UInt64.self).map { PersonID($0) }
        friendshipKinds = try reader.getArray(of: UInt16.self)
        strangers = try reader.getArray(of: UInt64.self).map { PersonID($0) }
        strangerInputs = try VertexInputs(from: &reader, count: strangers.count)
        let count = places.count
        guard isPartition(offsets, rows: people.count, of: visits.count), kinds.count == visits.count,
            visits.allSatisfy({ Int($0) < count }), friends.count == guests.count,
            friendshipKinds.count == guests.count
        else { throw .invalid("what is told of people elsewhere does not fit together") }
    }

    /// Whether it comes from a city that trains the same model.
    package func fits(_ trainer: CityTrainer) -> Bool {
        placeInputs.fits(trainer.model.layout.places) && strangerInputs.fits(trainer.model.layout.people)
    }
}

extension VertexInputs {
    /// Some rows alone.
    fileprivate func rows(_ rows: [Int]) -> VertexInputs {
        VertexInputs(
            quantities: quantities.rows(rows), straight: straight.map { $0.rows(rows) },
            keys: keys.map { keys in rows.map { keys[$0] } })
    }

    fileprivate func encode(into writer: inout ByteWriter) {
        quantities.encode(into: &writer)
        writer.put(straight != nil)
        straight?.encode(into: &writer)
        writer.put(UInt8(keys.count))
        for table in keys { writer.put(array: table) }
    }

    fileprivate init(from reader: inout ByteReader, count: Int) throws(ByteError) {
        quantities = try SparseRows(from: &reader, count: count)
        straight = try reader.getBool() ? try SparseRows(from: &reader, count: count) : nil
        var keys: [[UInt32]] = []
        for _ in 0..<(try reader.get(UInt8.self)) { keys.append(try reader.getArray(of: UInt32.self)) }
        guard keys.allSatisfy({ $0.count == count }) else { throw .invalid("keys of other rows") }
        self.keys = keys
    }

    fileprivate func fits(_ blocks: EncoderBlocks) -> Bool {
        quantities.width == blocks.features.rows && straight?.width == blocks.passing?.rows
            && keys.count == blocks.tables.count
            && zip(keys, blocks.tables).allSatisfy { keys, table in
                keys.allSatisfy { Int($0) < table.table.rows }
            }
    }
}

extension SparseRows {
    /// Some rows alone.
    fileprivate func rows(_ rows: [Int]) -> SparseRows {
        SparseRows([], width: width).followed(by: rows.map { (self, $0) })
    }

    fileprivate func encode(into writer: inout ByteWriter) {
        writer.put(UInt32(width))
        writer.put(array: offsets)
        writer.put(array: Array(columns[..<values.count]))
        writer.put(array: values)
    }

    fileprivate init(from reader: inout ByteReader, count: Int) throws(ByteError) {
        let width = Int(try reader.get(UInt32.self))
        let offsets = try reader.getArray(of: UInt32.self)
        let columns = try reader.getArray(of: UInt32.self)
        let values = try reader.getArray(of: Float.self)
        guard width > 0, isPartition(offsets, rows: count, of: values.count), columns.count == values.count,
            columns.allSatisfy({ Int($0) < width }), values.allSatisfy(\.isFinite)
        else { throw .invalid("rows of features that do not fit together") }
        self.init(offsets: offsets, columns: columns, values: values, width: width)
    }
}

/// Whether `offsets` cut so many entries into so many rows.
private func isPartition(_ offsets: [UInt32], rows: Int, of entries: Int) -> Bool {
    offsets.count == rows + 1 && offsets[0] == 0 && Int(offsets[rows]) == entries
        && zip(offsets, offsets.dropFirst()).allSatisfy(<=)
}
