// What a store will take on the disk once all rows are settled and merged, from a census. Kept beside the layout it
// speaks of (`Family`, `RecordRow`); a test holds it against real directories.

package import World

extension ShardStore {
    /// Bytes of a city's directory: rows in sorted files, without the log of what was written last.
    package static func expectedBytes(of city: CityCensus) -> Double {
        let people = city.people + city.halo
        let shape = city.visitShape
        let person = entry(.people, shared: sharedNumber(people), value: city.personBytes)
        let place = entry(.places, shared: sharedNumber(city.places), value: city.placeBytes)
        let visit = entry(.visits, shared: shape.sharedKeyBytes, value: 1 + 10 * shape.signalShare)
        let friendship = entry(.friendships, shared: sharedTie(city.friendships, people), value: 12)
        let label = entry(.friendLabels, shared: sharedTie(city.friendLabels, people), value: 1)
        let gathering = entry(.gatherings, shared: sharedNumber(city.gatherings), value: city.gatheringBytes)
        return emptyBytes + people * person + city.places * place + city.visits * visit
            + city.friendships * friendship + city.friendLabels * label + city.gatherings * gathering
    }

    /// RocksDB's own files of a store without rows: options, manifest, log.
    private static let emptyBytes = 215_000.0

    /// Bytes of a row in a file of sorted rows: three lengths, the part of the key that differs from the key before, 8
    /// bytes of version, the value; every sixteenth key stands in full, with an entry in the block's own index. Then 10
    /// bits of filter, and for each block of 16 KiB its key, place and checksum.
    private static func entry(_ family: Family, shared: Double, value: Double) -> Double {
        let key = Double(RecordKey.bytes(of: family))
        let lengths = value > 127 ? 4.0 : 3.0
        let row = lengths + key - shared * 15 / 16 + 8 + value + 4.0 / 16
        return row * (1 + (key + 8 + 20) / 16_384) + 10.0 / 8
    }

    /// What neighbours among so many numbers share: they are taken to lie close together.
    private static func sharedNumber(_ count: Double) -> Double { count > 1 ? 7 : 0 }

    /// The same for ties: the first person of one tie is mostly that of the next, and the second is any.
    private static func sharedTie(_ ties: Double, _ people: Double) -> Double {
        if ties < 2 { return 0 }
        let isSameFirst = max(0, 1 - people / ties)
        let width = people > 65_536 ? 3.0 : people > 256 ? 2.0 : 1.0
        return 7 + isSameFirst * (1 + 8 - width)
    }
}
