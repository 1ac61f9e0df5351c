package import Basics

/// Writes the vectors that a city's model gave to its people or places, a row each.
///
/// A person who has to do with several cities has a vector in each; `at_home` is true in the one where they live. The
/// inner product of a person's vector and a place's, of the same city and model, is how well the place suits them. The
/// last entry is the places' bias: 1 in every person's vector.
package struct EmbeddingText {
    private var row: RowText
    private let ofPeople: Bool

    /// Vectors of people, or else of places.
    package init(ofPeople: Bool, format: TextFormat) {
        self.ofPeople = ofPeople
        row = RowText(format: format, columns: Self.columns(ofPeople: ofPeople))
    }

    /// The names of the columns, in the order in which they are written.
    package static func columns(ofPeople: Bool) -> [String] {
        ofPeople
            ? ["user_id", "city_id", "at_home", "model_version", "embedding"]
            : ["place_id", "city_id", "model_version", "embedding"]
    }

    /// The line that comes before the rows; none in JSON Lines.
    package mutating func head() { row.head() }

    /// One more row. `atHome` is passed over for places.
    package mutating func append(
        number: UInt64, city: String, atHome: Bool, model: ModelVersion, vector: ArraySlice<Float>
    ) {
        row.put(number)
        row.put(text: city)
        if ofPeople { row.put(flag: atHome) }
        row.put(model.number)
        row.put(list: vector)
        row.endRow()
    }

    /// Hands out what is written and begins anew, without another head.
    package mutating func drain() -> [UInt8] { row.drain() }
}
