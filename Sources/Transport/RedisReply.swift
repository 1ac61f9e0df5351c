import CHiredis
import Events

// Answers of Redis. hiredis would build a tree of small blocks for each; here it is told to leave an answer flat, as it
// stands on the wire: one buffer of texts, one list of what comes after what. Readers of thousands of entries go over
// that; everybody else takes the tree.

/// An answer of Redis, as a tree.
enum RedisReply: Equatable {
    case integer(Int64)
    case text([UInt8])
    case list([RedisReply])
    case none
    case error(String)

    /// The text of a status or a string that is UTF-8.
    var string: String? {
        if case .text(let bytes) = self { String(validating: bytes, as: UTF8.self) } else { nil }
    }
}

/// An answer of Redis, flat: a list stands before its elements.
struct FlatReply {
    enum Part: Equatable {
        case integer(Int64)
        case text(TextPlace)
        case list(Int)
        case none
        case error(TextPlace)
    }

    fileprivate(set) var bytes: [UInt8] = []
    fileprivate(set) var parts: [Part] = []

    var tree: RedisReply {
        var next = 0
        return tree(&next)
    }

    /// Why Redis refuses, if it does.
    var refusal: String? {
        guard case .error(let place)? = parts.first else { return nil }
        return String(decoding: bytes[place.range], as: UTF8.self)
    }

    private func tree(_ next: inout Int) -> RedisReply {
        let part = parts[next]
        next += 1
        switch part {
        case .integer(let number): return .integer(number)
        case .text(let place): return .text(Array(bytes[place.range]))
        case .list(let count): return .list((0..<count).map { _ in tree(&next) })
        case .none: return .none
        case .error(let place): return .error(String(decoding: bytes[place.range], as: UTF8.self))
        }
    }
}

/// Where hiredis leaves what it reads. Belongs to one connection and its thread.
final class ReplyReader {
    private var reply = FlatReply()
    /// What hiredis calls, for as long as the connection is there.
    private let calls: UnsafeMutablePointer<redisReplyObjectFunctions>

    /// From now on the connection's answers are left here. The reader must outlive the connection.
    init(of context: UnsafeMutablePointer<redisContext>) {
        calls = .allocate(capacity: 1)
        calls.initialize(
            to: redisReplyObjectFunctions(
                createString: { ReplyReader.of($0)?.add(text: $1, $2, isError: $0?.pointee.type == REDIS_REPLY_ERROR) },
                createArray: { ReplyReader.of($0)?.add(.list(Int($1))) },
                createInteger: { ReplyReader.of($0)?.add(.integer(Int64($1))) },
                createNil: { ReplyReader.of($0)?.add(.none) },
                freeObject: { _ in }))
        context.pointee.reader.pointee.fn = calls
        context.pointee.reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit { calls.deallocate() }

    /// The answer that was read whole, which is no longer here.
    func take() -> FlatReply {
        let whole = reply
        reply = FlatReply()
        // The next is likely to be as large, up to a bound.
        reply.bytes.reserveCapacity(min(whole.bytes.count, 1 << 20))
        reply.parts.reserveCapacity(min(whole.parts.count, 1 << 16))
        return whole
    }

    private static func of(_ task: UnsafePointer<redisReadTask>?) -> ReplyReader? {
        guard let reader = task?.pointee.privdata else { return nil }
        return Unmanaged<ReplyReader>.fromOpaque(reader).takeUnretainedValue()
    }

    /// Takes a part in. What is answered stands for the part with hiredis, which only asks whether it is there.
    private func add(_ part: FlatReply.Part) -> UnsafeMutableRawPointer {
        reply.parts.append(part)
        return Unmanaged.passUnretained(self).toOpaque()
    }

    /// nil, and so the end of the connection: more than an answer may be.
    private func add(text: UnsafeMutablePointer<CChar>?, _ count: Int, isError: Bool) -> UnsafeMutableRawPointer? {
        let start = reply.bytes.count
        guard start + count <= RedisLimits.replyBytesMax else { return nil }
        reply.bytes.append(contentsOf: UnsafeRawBufferPointer(start: text, count: count))
        let place = TextPlace(start: start, end: start + count)
        return add(isError ? .error(place) : .text(place))
    }
}
