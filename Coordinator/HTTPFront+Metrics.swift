import Basics
import Gateway
import Wire

// Figures for whoever watches the cluster, from what the workers said last: nobody is asked, however often it is read.

extension HTTPFront {
    static func metrics(_ desk: Desk) -> HTTPResponse {
        translate(desk.ask(envelope(StatusRequest()))) { answer in
            metrics(of: try answer.decode(Status.self)).response
        }
    }

    static func metrics(of status: Status) -> MetricsText {
        var metrics = MetricsText()
        metrics.add(
            "muster_workers", .gauge, "Workers that are here.",
            [(labels: [], value: Double(status.workers.count { $0.alive }))])
        metrics.add(
            "muster_city_up", .gauge, "1 where the city's worker is here.",
            status.cities.map { (labels: [("city", $0.name)], value: $0.alive ? 1 : 0) })
        func add(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (CityReport) -> Double) {
            metrics.add(
                name, kind, help,
                status.cities.compactMap { row in
                    row.report.map { (labels: [("city", row.name)], value: value($0)) }
                })
        }
        add("muster_events_waiting", .gauge, "Events that are not known to be in Redis.") { Double($0.outboxLag) }
        add(
            "muster_events_wait_seconds", .gauge,
            "How long the oldest event has waited that is not known to be in Redis."
        ) { Double($0.outboxWait) / 1000 }
        add("muster_signals_wait_seconds", .gauge, "How long the oldest signal has waited in Redis.") {
            Double($0.signalsWait) / 1000
        }
        add("muster_signals_taken_total", .counter, "Signals that had their effect.") { Double($0.signalsTaken) }
        add("muster_signals_refused_total", .counter, "Signals that were refused.") { Double($0.signalsRefused) }
        add("muster_dead_letters", .gauge, "Refused signals in the stream of dead letters.") {
            Double($0.deadLetters)
        }
        return metrics
    }
}
