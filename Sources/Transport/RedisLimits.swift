/// The bounds of the conversation with Redis, in one place.
package enum RedisLimits {
    package static let connectSeconds = 1
    package static let commandSeconds = 5
    /// How often one command is sent on from node to node of a cluster.
    package static let redirectionsMax = 5
    /// How long a read of several streams of a cluster rests before the nodes are asked again: no command waits on all.
    package static let clusterPollMilliseconds = 20
    /// Rows of one append.
    package static let rowsPerAppendMax = 512
    /// Entries of one read of a consumer.
    package static let entriesPerReadMax = 4096
    /// Entries that are added without waiting for the answers to the first: what both sides hold of them is small.
    package static let entriesPerSendMax = 1024
    /// Texts of one answer together.
    package static let replyBytesMax = 1 << 30
    /// Dead letters kept for each city.
    package static let deadLettersMax = 100_000
    /// Sequences and epochs pass through Lua, whose numbers are exact up to here.
    package static let numberMax: UInt64 = 1 << 53
}
