/// Which handler answers which method and path. A pattern's segments are literals or `{names}`; where two patterns
/// fit, the one with the earlier literal wins. Built once, then only read.
package struct Router: Sendable {
    /// Is given the request and the path's values by name. Runs on a server thread; may block for a few seconds.
    package typealias Handler = @Sendable (HTTPRequest, [String: String]) -> HTTPResponse

    private enum Segment: Equatable, Sendable {
        case literal(String)
        case value(String)

        var isLiteral: Bool { if case .literal = self { true } else { false } }
    }

    private struct Route: Sendable {
        let method: String
        let segments: [Segment]
        let handler: Handler
    }

    private var routes: [Route] = []

    package init() {}

    /// `pattern` is a path such as `/v1/cities/{city}/seeds`. Registering a method twice for the same shape of path is
    /// a mistake of ours, and so is a name that occurs twice. `HEAD` is answered by the handler of `GET`.
    package mutating func on(_ method: String, _ pattern: String, handler: @escaping Handler) {
        precondition(pattern.hasPrefix("/"), "a pattern starts with a slash")
        let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            part.hasPrefix("{") && part.hasSuffix("}")
                ? Segment.value(String(part.dropFirst().dropLast())) : .literal(String(part))
        }
        let names = segments.filter { !$0.isLiteral }.map { "\($0)" }
        precondition(Set(names).count == names.count, "a name occurs twice in \(pattern)")
        let isKnown = routes.contains { $0.method == method && Self.isSameShape($0.segments, segments) }
        precondition(!isKnown, "\(method) \(pattern) has a handler already")
        routes.append(Route(method: method, segments: segments, handler: handler))
    }

    /// The answer of the handler that fits best; 404 and 405 (with `Allow`) are problems. O(routes).
    package func answer(_ request: HTTPRequest) -> HTTPResponse {
        let fitting = routes.filter { Self.values(of: $0.segments, in: request.segments) != nil }
        guard let first = fitting.first else {
            return .problem(
                status: 404, title: "Not found", detail: "there is nothing at \(request.path); see the API description")
        }
        let method = request.method == "HEAD" && !fitting.contains { $0.method == "HEAD" } ? "GET" : request.method
        let candidates = fitting.filter { $0.method == method }
        guard !candidates.isEmpty else {
            var allowed = Set(fitting.map(\.method))
            if allowed.contains("GET") { allowed.insert("HEAD") }
            let list = allowed.sorted().joined(separator: ", ")
            return .problem(
                status: 405, title: "Method not allowed",
                detail: "\(request.path) does not know \(request.method); it knows \(list)", headers: ["Allow": list])
        }
        let best = candidates.dropFirst().reduce(candidates.first ?? first) { best, other in
            Self.isMoreSpecific(other.segments, than: best.segments) ? other : best
        }
        return best.handler(request, Self.values(of: best.segments, in: request.segments) ?? [:])
    }

    /// The path's values by name, or nil when the path does not fit.
    private static func values(of pattern: [Segment], in path: [String]) -> [String: String]? {
        guard pattern.count == path.count else { return nil }
        var values: [String: String] = [:]
        for (segment, text) in zip(pattern, path) {
            switch segment {
            case .literal(let literal): if literal != text { return nil }
            case .value(let name):
                if text.isEmpty { return nil }
                values[name] = text
            }
        }
        return values
    }

    private static func isSameShape(_ left: [Segment], _ right: [Segment]) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { $0 == $1 || (!$0.isLiteral && !$1.isLiteral) }
    }

    /// Both fit the same path, so they differ first where one has a literal and the other a name.
    private static func isMoreSpecific(_ left: [Segment], than right: [Segment]) -> Bool {
        for (one, other) in zip(left, right) where one.isLiteral != other.isLiteral { return one.isLiteral }
        return false
    }
}
