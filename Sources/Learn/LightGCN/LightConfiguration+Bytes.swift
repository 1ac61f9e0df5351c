// A light configuration as it travels with jobs and models.

package import Basics

extension LightConfiguration {
    private static let version: UInt16 = 1
    private static let widthMax = 4096

    /// | bytes | field |
    /// | --- | --- |
    /// | 2 | version 1 |
    /// | 4 each | dimensions, layers, storage (0 floats, 1 halves), fusion (0 none, 1 links, 2 learned) |
    /// | 4 each | loss (0 pairs, 1 softmax), its batch or users, candidates; start (0 normal, 1 spectral) |
    /// | 4 each | length of a fusion, temperature, user exponent, deviation or length of the start |
    /// | 4 each | learningRate, decay, lengthPower |
    /// | 20 | `RateSchedule` |
    package func encode(into writer: inout ByteWriter) {
        writer.put(Self.version)
        var counts = [dimensions, layers, storage == .half ? 1 : 0]
        var numbers: [Float] = [0]
        switch fusion {
        case .none: counts.append(0)
        case .links: counts.append(1)
        case .learned(let length): (counts, numbers) = (counts + [2], [length])
        }
        switch loss {
        case .pairs(let batch): (counts, numbers) = (counts + [0, batch, 0], numbers + [1, 0])
        case .softmax(let users, let candidates, let temperature, let exponent):
            (counts, numbers) = (counts + [1, users, candidates], numbers + [temperature, exponent])
        }
        switch start {
        case .normal(let deviation): (counts, numbers) = (counts + [0], numbers + [deviation])
        case .spectral(let length): (counts, numbers) = (counts + [1], numbers + [length])
        }
        for count in counts { writer.put(UInt32(count)) }
        for number in numbers + [learningRate, decay, lengthPower] { writer.put(number) }
        schedule.encode(into: &writer)
    }

    /// Refuses versions it does not know and settings no model can have.
    package init(from reader: inout ByteReader) throws(ByteError) {
        let version = try reader.get(UInt16.self)
        guard version == Self.version else { throw .invalid("light configuration version \(version)") }
        var (counts, numbers): ([Int], [Float]) = ([], [])
        for _ in 0..<8 { counts.append(Int(try reader.get(UInt32.self))) }
        for _ in 0..<7 { numbers.append(try reader.getFloat()) }
        (dimensions, layers, storage) = (counts[0], counts[1], counts[2] == 1 ? .half : .float)
        fusion = [.none, .links, .learned(length: numbers[0])][min(counts[3], 2)]
        loss =
            counts[4] == 0
            ? .pairs(batch: counts[5])
            : .softmax(users: counts[5], candidates: counts[6], temperature: numbers[1], userExponent: numbers[2])
        start = counts[7] == 0 ? .normal(deviation: numbers[3]) : .spectral(length: numbers[3])
        (learningRate, decay, lengthPower) = (numbers[4], numbers[5], numbers[6])
        schedule = try RateSchedule(from: &reader)
        let choices = [(counts[2], 1), (counts[3], 2), (counts[4], 1), (counts[7], 1)]
        guard numbers.allSatisfy(\.isFinite), dimensions <= Self.widthMax, layers <= 8, counts[5] <= 1 << 20,
            choices.allSatisfy({ $0.0 <= $0.1 })
        else { throw .invalid("settings \(counts) and \(numbers)") }
        if let problem { throw .invalid(problem) }
    }
}
