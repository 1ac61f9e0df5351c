// Cascades drawn from a process, by its branching structure (Hawkes and Oakes, 1974): some events come by themselves,
// and each brings a Poisson number of others, each at an age drawn from the kernel. Exact for any kernel, and it goes
// on from a history just as well: an event of the past still brings what it has not brought yet.

package import Basics

extension Hawkes {
    /// Draws what happens from `start` to `end`, given the history until `start`, whose events are not repeated. Marks
    /// of new events are drawn from `marks` (all 1 when there are none). Nil when more than `most` events come: then
    /// the process explodes. O(events · log).
    package func simulate(
        from start: Double = 0, to end: Double, after history: Cascade? = nil, marks: [Double] = [],
        most: Int = 100_000,
        _ random: inout SeededRandom
    ) -> Cascade? {
        var waiting: [Double] = []
        addPoisson(base * (end - start), &random) { waiting.append(start + $0.uniform() * (end - start)) }
        if let history {
            for (time, mark) in zip(history.times, history.marks) {
                let age = start - time
                addPoisson(mark * branching * kernel.survival(age), &random) {
                    waiting.append(time + kernel.age(after: age, share: 1 - $0.uniform()))
                }
            }
        }
        var events: [(time: Double, mark: Double)] = []
        while let time = waiting.popLast() {
            if time > end { continue }
            if events.count >= most { return nil }
            let mark = marks.isEmpty ? 1 : marks[random.below(marks.count)]
            events.append((time, mark))
            addPoisson(mark * branching, &random) {
                waiting.append(time + kernel.age(after: 0, share: 1 - $0.uniform()))
            }
        }
        events.sort { $0.time < $1.time }
        return Cascade(times: events.map(\.time), marks: events.map(\.mark), end: end)
    }

    /// Calls `add` a Poisson number of times: waits of a unit process until `mean` is used up. O(mean).
    private func addPoisson(
        _ mean: Double, _ random: inout SeededRandom, _ add: (inout SeededRandom) -> Void
    ) {
        var used = random.exponential()
        while used < mean {
            add(&random)
            used += random.exponential()
        }
    }
}
