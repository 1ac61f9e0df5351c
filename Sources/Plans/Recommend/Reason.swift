// Why something was recommended: features that the asker and the recommended share, and that really raised the score.
// Each named feature was taken away once, and the score fell: see Removal.

import World

/// One reason, for programs (`kind`, `features`, `effect`) and for people (`text`).
package struct Reason: Equatable, Sendable {
    /// What it is about. The words are stable.
    package enum Kind: String, Sendable {
        case tags, categories, vibes, neighborhood, popularity, similarity
    }

    package let kind: Kind
    /// The words of the taxonomy, or the neighborhood's number; none for popularity and similarity.
    package let features: [String]
    /// By how much the score falls when the features are taken away, each for itself, added up.
    package let effect: Float
    package let text: String
}

/// A reason in the making.
struct Finding {
    var kind: Reason.Kind
    var feature: Int
    var effect: Float
}

/// Whether a place or a person is recommended.
enum Recommended { case place, person }

extension Reason {
    /// A place or a person has so many reasons at most, each of which names so many features at most.
    private static let reasonsMax = 3
    private static let featuresMax = 2

    /// The one to three strongest of what was found, strongest first.
    static func strongest(_ found: [Finding], for what: Recommended) -> [Reason] {
        var reasons: [Reason] = []
        for kind in [Kind.tags, .categories, .vibes, .neighborhood, .popularity, .similarity] {
            let own = found.filter { $0.kind == kind }
            if own.isEmpty { continue }
            let named = own.sorted { ($0.effect, $1.feature) > ($1.effect, $0.feature) }.prefix(featuresMax)
            let words = kind.words(named.map(\.feature))
            reasons.append(
                Reason(
                    kind: kind, features: words, effect: named.reduce(0) { $0 + $1.effect },
                    text: kind.text(words, for: what)))
        }
        return Array(reasons.sorted { $0.effect > $1.effect }.prefix(reasonsMax))
    }
}

/// The words of the taxonomy as people write them.
private let readable = Dictionary(
    uniqueKeysWithValues: Set(Taxonomy.fineTags + Taxonomy.categories + Taxonomy.vibes).map { word in
        (word, word.split(separator: "_").joined(separator: " "))
    })

extension Reason.Kind {
    fileprivate func words(_ features: [Int]) -> [String] {
        switch self {
        case .tags: features.map { Taxonomy.fineTags[$0] }
        case .categories: features.map { Taxonomy.categories[$0] }
        case .vibes: features.map { Taxonomy.vibes[$0] }
        case .neighborhood: features.map { String($0) }
        case .popularity, .similarity: []
        }
    }

    fileprivate func text(_ words: [String], for what: Recommended) -> String {
        let list = words.map { readable[$0] ?? $0 }.joined(separator: " and ")
        switch (self, what) {
        case (.tags, .place): return "Matches your interest in \(list)."
        case (.tags, .person): return "You both like \(list)."
        case (.categories, .place): return "You like \(list), and this place offers it."
        case (.categories, .person): return "You both enjoy \(list)."
        case (.vibes, _): return "You have this in common: \(list)."
        case (.neighborhood, .place): return "You are often in neighborhood \(list), where this place is."
        case (.neighborhood, .person): return "You are both often in neighborhood \(list)."
        case (.popularity, _): return "Many people of this city go there."
        case (.similarity, .place): return "Close to what you do and where you go."
        case (.similarity, .person): return "You go out in similar ways."
        }
    }
}
