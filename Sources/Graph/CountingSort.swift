// Grouping by counting: two passes over the keys, no comparisons. It is stable, so rows that came in an
// order (by time, by person) keep it inside their group.

/// Groups row numbers by key. Group g is `order[offsets[g]..<offsets[g + 1]]`, in the order of arrival;
/// rows whose key is not below `groups` are left out. O(rows + groups).
func grouped(by keys: [UInt32], groups: Int) -> (offsets: [UInt32], order: [UInt32]) {
    var offsets = [UInt32](repeating: 0, count: groups + 1)
    for key in keys where Int(key) < groups { offsets[Int(key) + 1] += 1 }
    for group in 0..<groups { offsets[group + 1] += offsets[group] }
    var cursor = offsets
    var order = [UInt32](repeating: 0, count: Int(offsets[groups]))
    for (row, key) in keys.enumerated() where Int(key) < groups {
        order[Int(cursor[Int(key)])] = UInt32(truncatingIfNeeded: row)
        cursor[Int(key)] += 1
    }
    return (offsets, order)
}
