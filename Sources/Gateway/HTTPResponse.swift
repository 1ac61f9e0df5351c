import FoundationEssentials

/// What a handler answers.
package struct HTTPResponse: Equatable, Sendable {
    /// 200...599.
    package var status: Int
    package var contentType: String
    package var body: [UInt8]
    /// Further headers, such as `Allow` or `Location`; names and values without line breaks.
    package var headers: [String: String]

    package init(status: Int, contentType: String, body: [UInt8], headers: [String: String] = [:]) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.headers = headers
    }

    /// Plain text, UTF-8.
    package static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    /// A value as JSON with its keys in order, so that equal values are equal bytes. A value that JSON cannot hold
    /// (such as a number that is not finite) is our own fault and becomes a problem with status 500.
    package static func json(_ value: some Encodable, status: Int = 200, headers: [String: String] = [:])
        -> HTTPResponse
    {
        guard let body = encode(value) else {
            return .problem(
                status: 500, title: "Internal error", detail: "the answer holds a value that JSON cannot express")
        }
        return HTTPResponse(status: status, contentType: "application/json", body: body, headers: headers)
    }

    /// A problem document (RFC 9457). `type` names the kind of problem for programs, `title` for people; `detail` says
    /// what it was this time and what to do about it.
    package static func problem(
        status: Int, type: String = "about:blank", title: String, detail: String, headers: [String: String] = [:]
    ) -> HTTPResponse {
        let document = Problem(type: type, title: title, status: status, detail: detail)
        return HTTPResponse(
            status: status, contentType: "application/problem+json", body: encode(document) ?? [], headers: headers)
    }

    private struct Problem: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String
    }

    private static func encode(_ value: some Encodable) -> [UInt8]? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { Array($0) }
    }
}
