import Basics
import Wire

// What a city keeps of a round it has done, until nobody can ask for it any more: what it said, and the change of the
// shared weights as it will travel. What packing lost of that change is kept too and added to the next one.
//
// | bytes | field |
// | --- | --- |
// | as on the wire | `roundResult` |
// | 1 | format of the delta |
// | 4 + n | the packed delta |
// | 4 + 4n | the weights before the round, in the first one; else none |
// | 4 + 4n | what packing lost; none where nothing is lost |

struct RoundRecord: Equatable {
    var result: RoundResult
    var format: DeltaFormat
    var delta: [UInt8]
    var base: [Float]
    var residue: [Float]

    /// Packs the way from `before` to `after`, with what was lost of the way before (none: empty).
    init(_ result: RoundResult, before: [Float], after: [Float], lost: [Float], as format: DeltaFormat) {
        precondition(before.count == after.count, "a delta between weights of two models")
        self.result = result
        self.format = format
        var change = after
        for index in change.indices { change[index] -= before[index] }
        if lost.count == change.count { for index in change.indices { change[index] += lost[index] } }
        delta = format.packed(change)
        base = result.round == 0 ? before : []
        residue = []
        if format == .float32 { return }
        residue = change
        let sent = format.unpacked(delta) ?? []
        for index in residue.indices { residue[index] -= sent[index] }
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: delta.count + 4 * (base.count + residue.count) + 64)
        result.encode(into: &writer)
        writer.put(format.rawValue)
        writer.put(block: delta)
        writer.put(array: base)
        writer.put(array: residue)
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        result = try RoundResult(from: &reader)
        let number = try reader.get(UInt8.self)
        guard let format = DeltaFormat(rawValue: number) else { throw .invalid("delta format \(number)") }
        self.format = format
        delta = try reader.getBlock()
        base = try reader.getArray(of: Float.self)
        residue = try reader.getArray(of: Float.self)
        try reader.finish()
    }
}
