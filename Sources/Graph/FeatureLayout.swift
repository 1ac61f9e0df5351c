// Where things stand in a row of features. Models read columns by these names, so that a column has one
// definition; the widths are part of the contract between training and serving.

/// The 148 columns of a person's features.
package enum PersonColumns {
    package static let count = 148
    /// Number of the home city, to be looked up in an embedding, not a quantity.
    package static let city = 0
    /// Number of the home neighborhood within the city, likewise.
    package static let neighborhood = 1
    /// Share of each of the 6 categories; sums to 1, or is all 0 when nothing is known.
    package static let categories = 2..<8
    /// Share of each of the 100 fine tags; sums to 1 or is all 0.
    package static let fineTags = 8..<108
    /// Categories and fine tags: what is derived from visits where it is not stated.
    package static let tastes = 2..<108
    /// Share of each of the 30 vibes; sums to 1 or is all 0.
    package static let vibes = 108..<138
    /// The weights of the 5 neighborhoods the person is most often in, largest first.
    package static let areas = 138..<143
    /// Sessions a week / 10, views a session / 100, likes / 10, saves / 10, attended a month / 20; at most 1.
    package static let behavior = 143..<148
}

/// The 114 columns of a place's features.
package enum PlaceColumns {
    package static let count = 114
    /// Number of the city, to be looked up in an embedding, not a quantity.
    package static let city = 0
    /// Number of the neighborhood within the city, likewise.
    package static let neighborhood = 1
    /// Weight of each of the 6 categories, each in 0...1.
    package static let categories = 2..<8
    /// Weight of each of the 100 fine tags; sums to 1 or is all 0.
    package static let fineTags = 8..<108
    /// 0..<5, to be looked up in an embedding.
    package static let priceBand = 108
    /// Number of the time slot the place is made for, 0..<6, to be looked up in an embedding.
    package static let typicalSlot = 109
    /// log(1 + base popularity) / 5, log(1 + daily visits) / 5, conversion rate, novelty.
    package static let popularity = 110..<114
}

/// The 3 columns of a friendship's features, all in 0...1.
package enum FriendshipColumns {
    package static let count = 3
    package static let interestOverlap = 0
    /// Places both attended / 10, at most 1.
    package static let coAttendance = 1
    package static let sharedNeighborhoods = 2
}
