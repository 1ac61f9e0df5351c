import Glibc

/// Calls `body` for each SIGTERM and SIGINT this process is sent, on a thread of its own. Call it before any other
/// thread starts, so that all of them inherit the mask that leaves these signals to that thread.
package func onTermination(_ body: @escaping @Sendable (_ signal: Int32) -> Void) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
    let waited = signals
    startThread {
        var waited = waited
        while true {
            var number: Int32 = 0
            if sigwait(&waited, &number) == 0 { body(number) }
        }
    }
}
