import Testing

@testable import Gateway

@Suite struct MetricsTextTests {
    @Test("families stand in their order, with their kind, and labels hold any text")
    func format() {
        var metrics = MetricsText()
        metrics.add("up", .gauge, "Whether.", [(labels: [], value: 1)])
        metrics.add("nothing", .gauge, "Never shown.", [])
        metrics.add(
            "seen_total", .counter, "How often.",
            [
                (labels: [("city", "A\"b\\c\nd"), ("kind", "é")], value: 0.25),
                (labels: [("city", "B")], value: 9_007_199_254_740_991),
                (labels: [("city", "C")], value: .infinity),
            ])
        #expect(
            metrics.text == """
                # HELP up Whether.
                # TYPE up gauge
                up 1
                # HELP seen_total How often.
                # TYPE seen_total counter
                seen_total{city="A\\"b\\\\c\\nd",kind="é"} 0.25
                seen_total{city="B"} 9007199254740991
                seen_total{city="C"} +Inf

                """)
        #expect(metrics.response.contentType.contains("version=0.0.4"))
    }
}
