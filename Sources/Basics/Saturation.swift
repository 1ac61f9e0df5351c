extension UInt64 {
    /// The sum, or the largest number where it is none: for counts that others tell.
    package func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
