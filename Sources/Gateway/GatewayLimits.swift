/// How much a client may ask of the server; one place, so that the numbers can be compared.
package struct GatewayLimits: Equatable, Sendable {
    /// Open connections; more wait in the system's queue.
    package var connections = 1_024
    /// Seconds of silence after which a connection is closed.
    package var timeoutSeconds = 30
    /// Bytes of a request's body; more is answered with status 413.
    package var bodyBytes = 1 << 20
    /// Bytes per connection for the request line and the headers; more is answered with status 431 (414 for a line).
    package var headerBytes = 32 << 10
    /// How long `stop` waits for requests that are being answered.
    package var drainMilliseconds = 5_000

    package init() {}

    /// A body above the limit is read up to here before it is refused, so that the refusal arrives; beyond, the
    /// connection is cut.
    var discardedBytes: Int { 8 * bodyBytes }
    /// Connections the system holds until they are accepted.
    static let backlog: Int32 = 511
}
