// Taking a feature away from what is recommended, as if its record had never had it. What a vertex is by its features
// alone (FeatureEncoder) is computed with and without the feature, and the difference taken off its embedding: what it
// hears from others stays. So the score without the feature is that of the model, up to what neighbors would have heard
// of the difference.

import Graph
import Learn

/// One feature of a place or of a person that its record might not have had.
struct Removal: Equatable, Sendable {
    let kind: Reason.Kind
    /// Index in the taxonomy, or the neighborhood.
    let feature: Int

    /// The same row of a place's 114 features without it.
    func applied(toPlace features: inout [Float]) {
        switch kind {
        case .tags: features[PlaceColumns.fineTags.lowerBound + feature] = 0
        case .categories: features[PlaceColumns.categories.lowerBound + feature] = 0
        case .neighborhood: features[PlaceColumns.neighborhood] = 0
        case .vibes, .popularity, .similarity: preconditionFailure("a place has no \(kind)")
        }
    }

    /// The same row of a person's 148 features without it; shares of what is left sum to one again.
    func applied(toPerson features: inout [Float]) {
        switch kind {
        case .tags: Self.drop(feature, of: PersonColumns.fineTags, in: &features)
        case .categories: Self.drop(feature, of: PersonColumns.categories, in: &features)
        case .vibes: Self.drop(feature, of: PersonColumns.vibes, in: &features)
        case .neighborhood: features[PersonColumns.neighborhood] = 0
        case .popularity, .similarity: preconditionFailure("a person has no \(kind)")
        }
    }

    private static func drop(_ feature: Int, of columns: Range<Int>, in features: inout [Float]) {
        features[columns.lowerBound + feature] = 0
        let rest = columns.reduce(Float(0)) { $0 + features[$1] }
        if rest <= 0 { return }
        for column in columns { features[column] /= rest }
    }
}

/// The features that two rows have in common in some columns of each, the largest product first, at most `count`.
func common(
    _ one: ArraySlice<Float>, _ ones: Range<Int>, _ other: ArraySlice<Float>, _ others: Range<Int>, count: Int
) -> [Int] {
    var found: [(feature: Int, weight: Float)] = []
    for feature in 0..<ones.count {
        let weight =
            one[one.startIndex + ones.lowerBound + feature] * other[other.startIndex + others.lowerBound + feature]
        if weight > 0 { found.append((feature, weight)) }
    }
    found.sort { ($0.weight, $1.feature) > ($1.weight, $0.feature) }
    return found.prefix(count).map(\.feature)
}

/// Rows of embeddings without some of their features. The last column, which features do not tell, stays.
struct ChangedRows {
    /// [removals, dimensions]
    let rows: [Float]

    /// `embeddings` and `features` have a row for each element of `removals`; `encode` embeds rows of features, without
    /// the last column.
    init(
        _ removals: [[Removal]], embeddings: [ArraySlice<Float>], features given: [[Float]],
        apply: (Removal, inout [Float]) -> Void, encode: ([Float]) -> [Float]
    ) {
        var asked: [Float] = []
        for (index, list) in removals.enumerated() {
            asked += given[index]
            for removal in list {
                var changed = given[index]
                apply(removal, &changed)
                asked += changed
            }
        }
        guard let width = embeddings.first?.count else {
            rows = []
            return
        }
        var (changed, next): ([Float], Int) = ([], 0)
        changed.reserveCapacity(removals.reduce(0) { $0 + $1.count } * width)
        let encoded = encode(asked)
        for (index, list) in removals.enumerated() {
            let whole = next
            next += 1
            for _ in list {
                changed += embeddings[index]
                Self.add(encoded, next, minus: whole, columns: width - 1, to: &changed, at: changed.count - width)
                next += 1
            }
        }
        rows = changed
    }

    /// Adds the difference of two of `rows` to the entries from `start` on.
    private static func add(
        _ rows: [Float], _ row: Int, minus other: Int, columns: Int, to entries: inout [Float], at start: Int
    ) {
        var target = entries.mutableSpan
        for column in 0..<columns {
            let (with, without) = (rows[other * columns + column], rows[row * columns + column])
            target[start + column] = target[start + column] - with + without
        }
    }
}
