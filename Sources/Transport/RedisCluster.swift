// A Redis Cluster spreads keys over its nodes by slots: 16,384 numbers, each owned by one node. A key's slot is a
// checksum of what stands in its first braces, so all keys of a city have one. Whoever asks the wrong node is told the
// right one:
//
//     MOVED slot host:port    the slot lives there from now on
//     ASK slot host:port      the slot is on its way there: this once, with ASKING in front

/// Which node owns which slots, as far as is known.
struct RedisCluster {
    private var owners: [String?] = [String?](repeating: nil, count: slots)
    static let slots = 1 << 14

    /// From the answer to CLUSTER SLOTS: [[first, last, [host, port, ...], ...], ...]. nil: it is another answer, as
    /// one Redis alone gives. `base` is the node that was asked.
    init?(_ reply: RedisReply, base: RedisAddress) {
        guard case .list(let ranges) = reply else { return nil }
        for range in ranges {
            guard case .list(let parts) = range, parts.count > 2, case .integer(let first) = parts[0],
                case .integer(let last) = parts[1], case .list(let node) = parts[2], node.count > 1,
                case .integer(let port) = node[1], 0 <= first, first <= last, last < Self.slots
            else { return nil }
            let place = base.neighbor(node[0].string ?? "", port: "\(port)")
            for slot in first...last { owners[Int(slot)] = place }
        }
    }

    /// The owner of a key; nil: nobody has said.
    func node(of key: String) -> String? { owners[Self.slot(of: key)] }

    /// Each node that owns slots, once.
    var nodes: [String] { Set(owners.compactMap(\.self)).sorted() }

    mutating func note(_ redirection: RedisRedirection) { owners[redirection.slot] = redirection.node }

    /// CRC-16 (polynomial 0x1021, from zero) of what stands in the first braces, if anything does, else of all.
    static func slot(of key: String) -> Int {
        var bytes = Array(key.utf8)[...]
        if let open = bytes.firstIndex(of: UInt8(ascii: "{")),
            let close = bytes[open...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        {
            bytes = bytes[open + 1..<close]
        }
        var sum: UInt16 = 0
        for byte in bytes {
            sum ^= UInt16(byte) << 8
            for _ in 0..<8 { sum = sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
        }
        return Int(sum) % slots
    }
}

/// A node's word that another must be asked.
struct RedisRedirection: Equatable {
    let slot: Int
    let node: String
    /// For one command only.
    let isOnce: Bool

    /// nil: the error is another.
    init?(_ reason: String, base: RedisAddress) {
        let words = reason.split(separator: " ")
        guard words.count == 3, words[0] == "MOVED" || words[0] == "ASK", let slot = Int(words[1]),
            (0..<RedisCluster.slots).contains(slot), let colon = words[2].lastIndex(of: ":")
        else { return nil }
        self.slot = slot
        isOnce = words[0] == "ASK"
        node = base.neighbor(String(words[2][..<colon]), port: String(words[2][words[2].index(after: colon)...]))
    }
}

extension RedisAddress {
    /// Another node of the same cluster, reached in the same way; without a host, another port of the same machine.
    func neighbor(_ host: String, port: String) -> String {
        var own = ""
        if case .host(let name, _) = place { own = name }
        let name = host.isEmpty ? own : host
        return (isEncrypted ? Self.encrypted : "") + (name.contains(":") ? "[\(name)]" : name) + ":\(port)"
    }
}
