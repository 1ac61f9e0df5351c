// The shelves of a store. Each kind of thing has a column family of its own, so that it is scanned,
// cached and compacted by itself; all families share one write-ahead log, so that one batch over
// several of them is still one atomic, durable step.
//
// Numbers in keys are big-endian: the order of the bytes is the order of the numbers. Numbers in values
// are little-endian. A shard's city is not in its keys: the directory is the city's, and `meta` says which.
//
// | family      | key                                      | value                                          |
// | ----------- | ---------------------------------------- | ---------------------------------------------- |
// | meta        | name in ASCII                            | see `MetaKey`                                  |
// | people      | person u64                               | a `Record.person` in its own encoding          |
// | places      | place u64                                | a `Record.place` in its own encoding           |
// | visits      | person u64, place u64, time i64 biased   | flags u8 (bit 0 attended, bit 1 signals        |
// |             | (the sign bit flipped)                   | follow), then if so: dwell f32, likes u16,     |
// |             |                                          | saves u16, shares u16                          |
// | staged      | number u64                               | a block of rows as it came, whose visits are   |
// |             |                                          | not yet in `visits`: see `ShardStore+Stage`    |
// | friendships | first u64, second u64                    | overlap f32, co-attendance u32, shared f32     |
// | friendLabels| first u64, second u64                    | flags u8 (bit 0 compatible, bit 1 attends)     |
// | gatherings  | gathering u64                            | a `Record.gathering` in its own encoding       |
// | seeds       | the owner's                              | the owner's                                    |
// | outbox      | sequence u64                             | the event, opaque                              |
// | model       | the owner's                              | the owner's                                    |
// | history     | subject u64, sequence u64                | the event, as it was in the outbox             |
// | signals     | the owner's                              | the owner's                                    |
//
// A family that a directory of an earlier build lacks is made when it is opened.

/// A shelf of a database: one RocksDB column family. The raw value is its name on disk.
package enum Family: String, CaseIterable, Sendable {
    case meta, people, places, visits, friendships, friendLabels, gatherings, seeds, outbox, model, staged, history
    case signals

    /// The families of records, in the order in which they are read back.
    static let records: [Family] = [.people, .places, .visits, .friendships, .friendLabels, .gatherings]

    /// Position in `allCases`.
    var index: Int {
        switch self {
        case .meta: 0
        case .people: 1
        case .places: 2
        case .visits: 3
        case .friendships: 4
        case .friendLabels: 5
        case .gatherings: 6
        case .seeds: 7
        case .outbox: 8
        case .model: 9
        case .staged: 10
        case .history: 11
        case .signals: 12
        }
    }
}
