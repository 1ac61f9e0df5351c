package import Basics
package import World

// Rows a page at a time, for those who carry whole tables away: bounded memory, no iterator that stays open between
// two pages, and a place to go on from. All pages of one snapshot show the store at one moment, whatever is written
// meanwhile. The price is on the disk: as long as the snapshot lives, files keep the rows that were replaced since.

/// Some rows of one family, in the order of their keys.
package struct StorePage: Equatable, Sendable {
    package var records: [Record]
    /// Where the next page begins; nil: nothing follows.
    package var next: [UInt8]?
}

/// A store as it was at one moment. Must not outlive its store's `close`.
package final class StoreSnapshot: Sendable {
    private let store: ShardStore
    private let view: DatabaseView

    fileprivate init(_ store: ShardStore) throws(StoreError) {
        self.store = store
        view = try store.database.view()
    }

    /// The rows of a family of records from the key `from` on (empty: the first) that `isWanted`. A page ends after
    /// `bytesMax` bytes of wanted rows or `rowsMax` rows looked at, whichever comes first; at least one row is looked
    /// at.
    package func page(
        _ family: Family, from: [UInt8], rowsMax: Int, bytesMax: Int,
        where isWanted: (Record) throws(StoreError) -> Bool
    ) throws(StoreError) -> StorePage {
        var page = StorePage(records: [], next: nil)
        var rows = 0
        var bytes = 0
        try view.walk(family, from: from) { key, value throws(StoreError) in
            if rows > 0, rows >= rowsMax || bytes >= bytesMax {
                page.next = Array(key)
                return false
            }
            let record = try store.record(family, key, value)
            rows += 1
            if try isWanted(record) {
                page.records.append(record)
                bytes += key.count + value.count
            }
            return true
        }
        return page
    }

    /// A person by number, resident or halo; nil when the shard does not know them.
    package func person(_ id: PersonID) throws(StoreError) -> Person? {
        guard let bytes = try value(.people, key: ShardStore.key(of: id)) else { return nil }
        return try store.person(from: bytes)
    }

    /// The value of a key, or nil when there is none.
    package func value(_ family: Family, key: [UInt8]) throws(StoreError) -> [UInt8]? {
        try view.get(family, key: key)
    }
}

extension ShardStore {
    /// A person as stored now, without the cost of a snapshot.
    package func person(_ id: PersonID) throws(StoreError) -> Person? {
        guard let bytes = try database.get(.people, key: Self.key(of: id)) else { return nil }
        return try person(from: bytes)
    }

    fileprivate static func key(of person: PersonID) -> [UInt8] {
        var key = ByteWriter()
        key.putBigEndian(person.number)
        return key.bytes
    }

    fileprivate func person(from bytes: [UInt8]) throws(StoreError) -> Person {
        var reader = ByteReader(bytes)
        let stored: Record?
        do { stored = try Record(from: &reader) } catch { stored = nil }
        guard case .person(let person) = stored else {
            throw .corrupt(directory: database.directory, family: Family.people.rawValue, reason: "not a person")
        }
        return person
    }

    /// The store as it is now, staged rows included.
    package func snapshot() throws(StoreError) -> StoreSnapshot {
        try settle()
        return try StoreSnapshot(self)
    }
}
