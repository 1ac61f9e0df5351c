package import Basics
package import World

// Rows a page at a time, for those who carry a whole table away: bounded memory, no iterator that stays open between
// two pages, and a place to go on from that means the same tomorrow and after a restart.

/// Some rows of one family, in the order of their keys.
package struct StorePage: Equatable, Sendable {
    package var records: [Record]
    /// Where the next page begins; nil: nothing follows.
    package var next: [UInt8]?
}

extension ShardStore {
    /// The rows of a family of records from the key `from` on (empty: the first) that `isWanted`. A page ends after
    /// `bytesMax` bytes of wanted rows or `rowsMax` rows looked at, whichever comes first; at least one row is looked
    /// at. Rows written after the first page was read may not be seen.
    package func page(
        _ family: Family, from: [UInt8], rowsMax: Int, bytesMax: Int,
        where isWanted: (Record) throws(StoreError) -> Bool
    ) throws(StoreError) -> StorePage {
        if from.isEmpty { try settle() }
        var page = StorePage(records: [], next: nil)
        var rows = 0
        var bytes = 0
        try database.walk(family, from: from) { key, value throws(StoreError) in
            if rows > 0, rows >= rowsMax || bytes >= bytesMax {
                page.next = Array(key)
                return false
            }
            let record = try self.record(family, key, value)
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
        var key = ByteWriter()
        key.putBigEndian(id.number)
        guard let value = try database.get(.people, key: key.bytes) else { return nil }
        var reader = ByteReader(value)
        let stored: Record?
        do { stored = try Record(from: &reader) } catch { stored = nil }
        guard case .person(let person) = stored else {
            throw .corrupt(directory: database.directory, family: Family.people.rawValue, reason: "not a person")
        }
        return person
    }
}
