/// One request as its handler sees it: whole, decoded, and within the limits.
package struct HTTPRequest: Sendable {
    /// Upper case as sent: `GET`, `HEAD`, `POST`, ...
    package var method: String
    /// The decoded path from the first slash on. Ambiguous where a segment holds an encoded slash; use `segments`
    /// to decide.
    package var path: String
    /// The parts between the slashes, each decoded on its own: `/v1/a%2Fb` is `["v1", "a/b"]`, `/` is `[""]`.
    package var segments: [String]
    /// Decoded names and values; the first of several values with one name counts.
    package var query: [String: String]
    /// Names in lower case; values of one name joined by a comma.
    package var headers: [String: String]
    package var body: [UInt8]

    /// A request from its parts; `target` is the path and query as on the request line. Throws what is wrong with it.
    package init(
        method: String, target: String, headers: [String: String] = [:], body: [UInt8] = []
    ) throws(TargetError) {
        let target = try RequestTarget(target.utf8)
        self.method = method
        path = "/" + target.segments.joined(separator: "/")
        segments = target.segments
        query = target.query
        self.headers = headers
        self.body = body
    }
}

/// Why a request line's target cannot be understood. Every case is the caller's fault: status 400.
package enum TargetError: Error, Equatable {
    /// Neither `/path` nor `http://host/path`.
    case notAPath
    /// A percent sign without two hexadecimal digits after it.
    case badEscape
    /// The decoded bytes are not UTF-8, or hold a zero byte.
    case badText
}

extension TargetError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAPath: "the target of the request is not a path that starts with a slash"
        case .badEscape: "the target holds a percent sign that is not followed by two hexadecimal digits"
        case .badText: "the target, decoded, is not UTF-8 text without zero bytes"
        }
    }
}

/// A path in segments and a query (RFC 3986, sections 3.3 and 3.4; `+` in a query is a space, as forms send it).
struct RequestTarget: Equatable {
    var segments: [String]
    var query: [String: String]

    init(_ target: some Collection<UInt8>) throws(TargetError) {
        var rest = Array(target.prefix { $0 != UInt8(ascii: "#") })[...]
        // The absolute form, which clients use toward proxies and servers must accept.
        for scheme in ["http://", "https://"] where rest.starts(with: scheme.utf8) {
            rest = rest.dropFirst(scheme.utf8.count).drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            if rest.first != UInt8(ascii: "/") { rest = [UInt8(ascii: "/")] + rest }
        }
        guard rest.first == UInt8(ascii: "/") else { throw .notAPath }
        let path = rest.prefix { $0 != UInt8(ascii: "?") }
        segments = []
        for segment in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            segments.append(try Self.decode(segment, plusIsSpace: false))
        }
        query = [:]
        for pair in rest.dropFirst(path.count + 1).split(separator: UInt8(ascii: "&")) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let decodedName = try Self.decode(name, plusIsSpace: true)
            let value = try Self.decode(pair.dropFirst(name.count + 1), plusIsSpace: true)
            if query[decodedName] == nil { query[decodedName] = value }
        }
    }

    /// The text behind `%XX` escapes.
    private static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) throws(TargetError) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal)
                else { throw .badEscape }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        guard !decoded.contains(0), let text = String(validating: decoded, as: UTF8.self) else { throw .badText }
        return text
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
