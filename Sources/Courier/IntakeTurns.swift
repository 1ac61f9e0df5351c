import Basics
import Events
import Shard
import Transport

/// Which cities are read next, and from where.
struct IntakeTurns {
    /// A city's part in one read.
    struct Turn {
        let shard: CityShard
        /// What comes behind this entry is asked for.
        let after: EntryID
    }

    /// Streams whose group is there.
    private var joined: Set<String> = []
    /// Until when a city is left alone that could not take its signals, in monotonic seconds.
    private var resting: [CityID: Double] = [:]
    private static let restSeconds = 1.0

    /// What to ask for, by stream: behind what `found` holds where the city is about to take that, else behind what it
    /// has taken. Makes the groups that are missing.
    mutating func next(
        of cities: [CityShard], _ consumer: RedisConsumer, behind found: [String: [StreamEntry]] = [:],
        of reading: [String: Turn] = [:]
    ) throws -> [String: Turn] {
        let now = monotonicSeconds()
        var turns: [String: Turn] = [:]
        for shard in cities where shard.epoch.number > 0 && resting[shard.city, default: 0] <= now {
            let stream = RedisConsumer.signalsKey(city: shard.name)
            if joined.insert(stream).inserted { try consumer.join(stream) }
            let offset = try shard.signalAccount().offset
            let ahead = reading[stream]?.after == offset ? found[stream]?.last?.id : nil
            turns[stream] = Turn(shard: shard, after: ahead ?? offset)
        }
        return turns
    }

    /// The city is not asked for a while.
    mutating func rest(_ city: CityID) { resting[city] = monotonicSeconds() + Self.restSeconds }
}
