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
    /// One page of a table: its head, and its bulk frames. Asked again for the same cursor, it answers the same unless
    /// rows came or went.
    package func export(_ order: ExportRequest) throws -> (page: ExportRows, bulk: [[UInt8]]) {
        switch order.table {
        case .people:
            return try rows(.people, order) { record in
                if case .person(let person) = record { person.homeCity == self.city } else { false }
            }
        case .places: return try rows(.places, order) { _ in true }
        case .visits: return try rows(.visits, order) { _ in true }
        case .friendships:
            var homes = Homes(self)
            return try rows(.friendships, order) { record throws(StoreError) in
                guard case .friendship(let tie) = record else { return false }
                return try homes.owns(tie.first, tie.second)
            }
        case .friendLabels:
            var homes = Homes(self)
            return try rows(.friendLabels, order) { record throws(StoreError) in
                guard case .friendLabel(let label) = record else { return false }
                return try homes.owns(label.first, label.second)
            }
        case .gatherings: return try rows(.gatherings, order) { _ in true }
        case .peopleEmbeddings, .placeEmbeddings: return try embeddings(order)
        }
    }

    private func rows(
        _ family: Family, _ order: ExportRequest, where isWanted: (Record) throws(StoreError) -> Bool
    ) throws -> (page: ExportRows, bulk: [[UInt8]]) {
        let page = try store.page(
            family, from: order.cursor, rowsMax: ExportLimits.pageRows, bytesMax: ExportLimits.pageBytes,
            where: isWanted)
        let block = RecordBlock(city: city, records: page.records)
        return (ExportRows(rows: UInt32(page.records.count), next: page.next ?? []), [block.encoded()])
    }
}

/// Which city a tie of two people is exported from. Ties come sorted by their first, who is looked up once.
private struct Homes {
    private let shard: CityShard
    private var last: PersonID?
    private var lastHome: CityID?

    init(_ shard: CityShard) { self.shard = shard }

    /// True at the home of the first. Where the first is not known, which no importer leaves behind, the home of the
    /// second has the row: rather twice than never.
    mutating func owns(_ first: PersonID, _ second: PersonID) throws(StoreError) -> Bool {
        if last != first {
            lastHome = try shard.store.person(first)?.homeCity
            last = first
        }
        if let lastHome { return lastHome == shard.city }
        return try shard.store.person(second)?.homeCity == shard.city
    }
}

extension CityShard {
    /// A page of the current model's vectors, in the order of the model. The cursor is the model's version and a row.
    private func embeddings(_ order: ExportRequest) throws -> (page: ExportRows, bulk: [[UInt8]]) {
        let (version, start) = try position(order.cursor)
        guard let model = try exportedModel(version) else {
            return (ExportRows(rows: 0, next: []), [[], [], []])
        }
        let ofPeople = order.table == .peopleEmbeddings
        let width = model.embeddings.dimensions
        let count = ofPeople ? model.people.count : model.places.count
        guard start <= count else { throw ShardError.unknownCursor(city: name) }
        let end = min(count, start + max(1, ExportLimits.pageBytes / (4 * width)))
        var numbers = ByteWriter(capacity: 8 * (end - start))
        var atHome: [UInt8] = []
        for row in start..<end {
            numbers.put(ofPeople ? model.people[row].number : model.places[row].number)
            let isGuest = try ofPeople && store.person(model.people[row])?.homeCity != city
            atHome.append(isGuest ? 0 : 1)
        }
        let all = ofPeople ? model.embeddings.people : model.embeddings.places
        var next = ByteWriter()
        if end < count {
            next.put(model.version.number)
            next.put(UInt64(end))
        } else {
            exported.withLock { $0 = nil }
        }
        let page = ExportRows(
            rows: UInt32(end - start), next: next.bytes, model: model.version, dimensions: UInt32(width))
        return (page, [numbers.bytes, atHome, Envelope.bulk(of: Array(all[start * width..<end * width]))])
    }

    /// What a cursor says; an empty one means the first row of the current model.
    private func position(_ cursor: [UInt8]) throws -> (version: ModelVersion?, row: Int) {
        if cursor.isEmpty { return (nil, 0) }
        do {
            var reader = ByteReader(cursor)
            let version = ModelVersion(try reader.get())
            let row = try reader.get(UInt64.self)
            try reader.finish()
            guard let row = Int(exactly: row) else { throw ByteError.invalid("row \(row)") }
            return (version, row)
        } catch {
            throw ShardError.unknownCursor(city: name)
        }
    }

    /// The current model, kept in memory until its last page is asked for; nil when there is none.
    /// Not the model of `computing`: an export must not wait behind a training round. Throws `modelChanged` when the
    /// current model is not the one of the pages before.
    private func exportedModel(_ version: ModelVersion?) throws -> CityModel? {
        let current = try ShardKeys.currentModelVersion(in: store.database)
        if let version, version != current { throw ShardError.modelChanged(city: name) }
        if current.number == 0 { return nil }
        return try exported.withLock { kept in
            if let kept, kept.version == current { return kept }
            guard let bytes = try store.database.get(.model, key: ShardKeys.model(current)) else { return nil }
            do {
                kept = try CityModel(decoding: bytes)
            } catch {
                throw ShardError.unreadableState(city: name, what: "model \(current)")
            }
            return kept
        }
    }
}
