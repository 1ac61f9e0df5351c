// The tables in which a world is read and written: file names, columns, and how each value is spelled. Reading and
// writing share this one list, so that what is written is always read again.
//
// Values are spelled alike in CSV, TSV and JSON Lines; an empty field, or null in JSON, is "unknown".
//
//   identifier, whole     digits
//   decimal               12, 0.25, 1e-3
//   flag                  true or false (read: also 1 and 0)
//   time                  2012-04-02T18:30:00.250Z, the fraction only where it is not zero
//                         (read: also milliseconds since 1970, and the forms of ISO 8601 that TimeText lists)
//   text                  UTF-8
//   vector                one number for each word of the vocabulary: 0.1;0;0.9 or [0.1,0,0.9]
//                         (read: also sparse, by word or index: techno:0.75;jazz:0.25 or {"techno":0.75,"jazz":0.25})
//   weights               number:weight pairs: 3:0.5;7:0.5 or {"3":0.5,"7":0.5}

/// One kind of rows, each in a file of its own.
package enum TableKind: String, CaseIterable, Sendable {
    case people, places, visits, friendships
    case friendLabels = "friend_labels"
    case gatherings

    /// The file's name without folder and extension, as written, and the others under which it is found.
    package var fileNames: [String] {
        switch self {
        case .people: ["people", "users"]
        case .places: ["places"]
        case .visits: ["visits", "interactions"]
        case .friendships: ["friendships", "user_user_edges"]
        case .friendLabels: ["friend_labels"]
        case .gatherings: ["gatherings"]
        }
    }
}

/// How a column's values are spelled: see the head of this file.
package enum ColumnForm: Equatable, Sendable {
    case identifier, whole, decimal, flag, time, text
    /// Words of a vocabulary, by index.
    case vector([String])
    case weights
}

/// One column of a table.
package struct Column: Equatable, Sendable {
    /// The name in the header, as written.
    package let name: String
    /// Other names under which it is read.
    package let aliases: [String]
    package let form: ColumnForm
    /// Without it a table cannot be read at all.
    package let isRequired: Bool

    init(_ name: String, _ form: ColumnForm, required: Bool = false, also aliases: [String] = []) {
        self.name = name
        self.form = form
        self.isRequired = required
        self.aliases = aliases
    }
}

extension TableKind {
    /// The columns in the order in which they are written.
    package var columns: [Column] {
        switch self {
        case .people: Self.peopleColumns
        case .places: Self.placeColumns
        case .visits: Self.visitColumns
        case .friendships: Self.friendshipColumns
        case .friendLabels: Self.friendLabelColumns
        case .gatherings: Self.gatheringColumns
        }
    }

    /// Columns that other systems write beside these and that follow from them: read over in silence.
    package var derivedColumns: [String] {
        switch self {
        case .places: ["category_ids"]
        case .visits: ["implicit_rating", "rating", "time_of_day_bucket", "day_of_week_bucket"]
        default: []
        }
    }

    private static let peopleColumns = [
        Column("user_id", .identifier, required: true, also: ["person", "person_id", "user", "id"]),
        Column("home_city_id", .text, required: true, also: ["home_city", "city", "city_id"]),
        Column("home_neighborhood_id", .whole, also: ["home_neighborhood", "neighborhood"]),
        Column("cat_pref", .vector(Taxonomy.categories), also: ["category_preference"]),
        Column("fine_pref", .vector(Taxonomy.fineTags), also: ["fine_preference"]),
        Column("vibe_pref", .vector(Taxonomy.vibes), also: ["vibe_preference"]),
        Column("area_freqs", .weights, also: ["area_frequencies"]),
        Column("avg_sessions_per_week", .decimal, also: ["sessions_per_week"]),
        Column("avg_views_per_session", .decimal, also: ["views_per_session"]),
        Column("avg_likes_per_session", .decimal, also: ["likes_per_session"]),
        Column("avg_saves_per_session", .decimal, also: ["saves_per_session"]),
        Column("avg_attends_per_month", .decimal, also: ["attends_per_month"]),
        Column("age_group", .whole),
        Column("gender", .whole),
    ]

    private static let placeColumns = [
        Column("place_id", .identifier, required: true, also: ["place", "venue", "id"]),
        Column("city_id", .text, required: true, also: ["city"]),
        Column("neighborhood_id", .whole, also: ["neighborhood"]),
        Column("category_one_hot", .vector(Taxonomy.categories), also: ["categories"]),
        Column("fine_tag_vector", .vector(Taxonomy.fineTags), also: ["fine_tags"]),
        Column("price_band", .whole),
        Column("typical_time_slot", .whole, also: ["typical_slot"]),
        // Popularity is known where base_popularity is given; the three below it are then 0 where they are not.
        Column("base_popularity", .decimal, also: ["popularity"]),
        Column("avg_daily_visits", .decimal, also: ["daily_visits"]),
        Column("conversion_rate", .decimal),
        Column("novelty_score", .decimal, also: ["novelty"]),
    ]

    private static let visitColumns = [
        Column("user_id", .identifier, required: true, also: ["person", "person_id", "user"]),
        Column("place_id", .identifier, required: true, also: ["place", "venue"]),
        // The place's city: needed where two cities have a place of that number, or no places are given.
        Column("city_id", .text, also: ["city"]),
        Column("dwell_time", .decimal, also: ["dwell_seconds"]),
        Column("num_likes", .whole, also: ["likes"]),
        Column("num_saves", .whole, also: ["saves"]),
        Column("num_shares", .whole, also: ["shares"]),
        Column("attended", .flag),
        Column("timestamp", .time, required: true, also: ["time"]),
    ]

    private static let friendshipColumns = [
        Column("user_u", .identifier, required: true, also: ["first"]),
        Column("user_v", .identifier, required: true, also: ["second"]),
        Column("interest_overlap_score", .decimal, also: ["interest_overlap"]),
        Column("co_attendance_count", .whole, also: ["co_attendance"]),
        Column("same_neighborhood_freq", .decimal, also: ["shared_neighborhoods"]),
    ]

    private static let friendLabelColumns = [
        Column("user_u", .identifier, required: true, also: ["first"]),
        Column("user_v", .identifier, required: true, also: ["second"]),
        Column("label_compat", .flag, required: true, also: ["is_compatible"]),
        Column("label_attend", .flag, required: true, also: ["attends"]),
    ]

    private static let gatheringColumns = [
        Column("gathering_id", .identifier, required: true, also: ["gathering", "id"]),
        Column("kind", .text),
        Column("title", .text),
        Column("city_id", .text, required: true, also: ["city"]),
        Column("place_id", .identifier, required: true, also: ["place"]),
        Column("host_id", .identifier, also: ["host"]),
        Column("start", .time, required: true),
        Column("end", .time),
        Column("capacity", .whole),
        Column("price_band", .whole),
        Column("categories", .vector(Taxonomy.categories), also: ["category_one_hot"]),
        Column("fine_tags", .vector(Taxonomy.fineTags), also: ["fine_tag_vector"]),
        Column("status", .text),
    ]
}
