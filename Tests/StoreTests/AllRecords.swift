import World

@testable import Store

extension ShardStore {
    /// Every record: people, places, visits, friendships, friend labels, gatherings, each kind in the order of its
    /// keys. It sees each kind as it was when that kind's turn came. Errors of `body` pass through.
    func forEachRecord(_ body: (Record) throws -> Void) throws {
        try settle()
        for family in Family.records {
            var failure: (any Error)?
            try database.walk(family) { key, value throws(StoreError) in
                let record = try self.record(family, key, value)
                do {
                    try body(record)
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
            if let failure { throw failure }
        }
    }
}
