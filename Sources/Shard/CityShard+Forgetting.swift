import Basics
import Plans
import Store
import Synchronization

// What came of seeds is learned from, and looked up by people; both for a while. A city that plans for years must not
// grow with every plan it ever made.

extension CityShard {
    /// Forgets seeds whose time was over `daysKept` days before `now` (in milliseconds since 1970), those included that
    /// were confirmed and of whose booking nobody said anything, with their rosters, reasons, answers, feedback and
    /// bookings. Those stay that are in the current plan or of the live model: a model may choose one again, and knows
    /// it by its row. Signals about a forgotten seed are refused as about an unknown one. O(seeds that are over).
    func forgetOldSeeds(now: Int64) throws {
        let kept = Int64(policy.daysKept) * 86_400_000
        let desk = LivesDesk(self, now: now - kept)
        let current = try Set(currentPlan())
        let live = view.withLock { $0.modelVersion }
        var old: [SeedID] = []
        for word in ["past/", "life/"] {
            let prefix = ShardKeys.signal(word)
            try store.database.scan(.signals, prefix: prefix) { key, _ in
                var reader = ByteReader(Array(key.dropFirst(prefix.count)))
                let id = SeedID(try reader.getBigEndian(UInt64.self))
                if !current.contains(id), let plan = try livePlan(of: id, desk),
                    plan.isOver || plan.lifecycle.stage == .confirmed, plan.lifecycle.terms.deadline < desk.now,
                    try desk.roster(of: plan.seed).model != live
                {
                    old.append(id)
                }
                return true
            }
        }
        if old.isEmpty { return }
        // Signals come in between.
        for id in old { try signals.withLock { _ in try forget(id) } }
        Log.info("old seeds are forgotten", ["city": name, "seeds": old.count])
    }

    private func forget(_ id: SeedID) throws {
        var batch = WriteBatch()
        batch.delete(.seeds, key: ShardKeys.seed(id))
        batch.delete(.meta, key: ShardKeys.reasons(id))
        for word in ["past/", "life/", "roster/", "booking/"] {
            batch.delete(.signals, key: ShardKeys.signal(word, id.number))
        }
        for word in ["answer/", "feedback/"] {
            try store.database.scan(.signals, prefix: ShardKeys.signal(word, id.number)) { key, _ in
                batch.delete(.signals, key: key)
                return true
            }
        }
        try store.database.commit(batch)
    }
}
