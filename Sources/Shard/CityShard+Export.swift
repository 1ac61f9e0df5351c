import Basics
import Learn
import Store
import Synchronization
package import Wire
import World

// A city's rows on their way out, each row of the cluster from exactly one city: a person from home, a place and a
// visit from the place's city, a friendship and a friend label from the home of the first of the two.

/// The sizes of a page.
enum ExportLimits {
    /// Bytes of rows, as stored.
    static let pageBytes = 1 << 20
    /// Rows looked at, so that a page of a table with few rows of ours comes soon, too.
    static let pageRows = 32_768
}

extension CityShard {
    /// One page of a table: its head, and its bulk frames. Asked again for the same snapshot and cursor, it answers the
    /// same. Throws `exportGone` for a snapshot that is not kept any more.
    package func export(_ order: ExportRequest) throws -> (page: ExportRows, bulk: [[UInt8]]) {
        let moment = try moment(order.snapshot)
        switch order.table {
        case .people:
            return try rows(.people, order, moment) { record in
                if case .person(let person) = record { person.homeCity == self.city } else { false }
            }
        case .places: return try rows(.places, order, moment) { _ in true }
        case .visits: return try rows(.visits, order, moment) { _ in true }
        case .friendships:
            var homes = Homes(city, moment.rows)
            return try rows(.friendships, order, moment) { record throws(StoreError) in
                guard case .friendship(let tie) = record else { return false }
                return try homes.owns(tie.first, tie.second)
            }
        case .friendLabels:
            var homes = Homes(city, moment.rows)
            return try rows(.friendLabels, order, moment) { record throws(StoreError) in
                guard case .friendLabel(let label) = record else { return false }
                return try homes.owns(label.first, label.second)
            }
        case .gatherings: return try rows(.gatherings, order, moment) { _ in true }
        case .peopleEmbeddings, .placeEmbeddings: return try embeddings(order, moment)
        }
    }

    /// The moment that a request is about, 0 standing for now.
    private func moment(_ number: UInt64) throws -> ExportSnapshots.Moment {
        let now = monotonicSeconds()
        let begun = number == 0 ? try store.snapshot() : nil
        let found = exports.withLock { exports in
            exports.moment(begun.map { exports.begin($0, at: now) } ?? number, at: now)
        }
        guard let found else { throw ShardError.exportGone(city: name) }
        return found
    }

    private func rows(
        _ family: Family, _ order: ExportRequest, _ moment: ExportSnapshots.Moment,
        where isWanted: (Record) throws(StoreError) -> Bool
    ) throws -> (page: ExportRows, bulk: [[UInt8]]) {
        let page = try moment.rows.page(
            family, from: order.cursor, rowsMax: ExportLimits.pageRows, bytesMax: ExportLimits.pageBytes,
            where: isWanted)
        let block = RecordBlock(city: city, records: page.records)
        let head = ExportRows(rows: UInt32(page.records.count), snapshot: moment.number, next: page.next ?? [])
        return (head, [block.encoded()])
    }
}

/// Which city a tie of two people is exported from. Ties come sorted by their first, who is looked up once.
private struct Homes {
    private let city: CityID
    private let rows: StoreSnapshot
    private var last: PersonID?
    private var lastHome: CityID?

    init(_ city: CityID, _ rows: StoreSnapshot) { (self.city, self.rows) = (city, rows) }

    /// True at the home of the first. Where the first is not known, which no importer leaves behind, the home of the
    /// second has the row: rather twice than never.
    mutating func owns(_ first: PersonID, _ second: PersonID) throws(StoreError) -> Bool {
        if last != first {
            lastHome = try rows.person(first)?.homeCity
            last = first
        }
        if let lastHome { return lastHome == city }
        return try rows.person(second)?.homeCity == city
    }
}

extension CityShard {
    /// A page of the model's vectors, in the order of the model. The cursor is a row.
    private func embeddings(
        _ order: ExportRequest, _ moment: ExportSnapshots.Moment
    ) throws -> (page: ExportRows, bulk: [[UInt8]]) {
        guard let model = try model(of: moment) else {
            return (ExportRows(rows: 0, snapshot: moment.number, next: []), [[], [], []])
        }
        let ofPeople = order.table == .peopleEmbeddings
        let width = model.embeddings.dimensions
        let count = ofPeople ? model.people.count : model.places.count
        let start = try row(order.cursor)
        guard start <= count else { throw ShardError.unknownCursor(city: name) }
        let end = min(count, start + max(1, ExportLimits.pageBytes / (4 * width)))
        var numbers = ByteWriter(capacity: 8 * (end - start))
        var atHome: [UInt8] = []
        for row in start..<end {
            numbers.put(ofPeople ? model.people[row].number : model.places[row].number)
            let isGuest = try ofPeople && moment.rows.person(model.people[row])?.homeCity != city
            atHome.append(isGuest ? 0 : 1)
        }
        let all = ofPeople ? model.embeddings.people : model.embeddings.places
        var next = ByteWriter()
        if end < count { next.put(UInt64(end)) }
        let page = ExportRows(
            rows: UInt32(end - start), snapshot: moment.number, next: next.bytes, model: model.version,
            dimensions: UInt32(width))
        return (page, [numbers.bytes, atHome, Envelope.bulk(of: Array(all[start * width..<end * width]))])
    }

    /// The row that a cursor says; an empty one means the first.
    private func row(_ cursor: [UInt8]) throws -> Int {
        if cursor.isEmpty { return 0 }
        do {
            var reader = ByteReader(cursor)
            let row = try reader.get(UInt64.self)
            try reader.finish()
            guard let row = Int(exactly: row) else { throw ByteError.invalid("row \(row)") }
            return row
        } catch {
            throw ShardError.unknownCursor(city: name)
        }
    }

    /// The model that was current at a moment; nil when there was none. Not the model of `computing`: an export must
    /// not wait behind a training round.
    private func model(of moment: ExportSnapshots.Moment) throws -> CityModel? {
        if let model = moment.model { return model }
        guard let stored = try moment.rows.value(.meta, key: ShardKeys.currentModel) else { return nil }
        let version = try ShardKeys.version(stored)
        guard let bytes = try moment.rows.value(.model, key: ShardKeys.model(version)) else { return nil }
        do {
            let model = try CityModel(decoding: bytes)
            exports.withLock { $0.keep(model, of: moment.number) }
            return model
        } catch {
            throw ShardError.unreadableState(city: name, what: "model \(version)")
        }
    }
}
