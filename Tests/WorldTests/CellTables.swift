import Streams

@testable import World

/// A table as cells of bytes, so that a test knows which row stands on which line of whichever text is made of it.
struct CellTable {
    enum Form: String, CaseIterable { case csv, tsv, jsonl }

    let kind: TableKind
    var header: [String]
    var rows: [[[UInt8]]]

    init(_ kind: TableKind, _ header: String, _ rows: [[String]]) {
        self.kind = kind
        self.header = header.split(separator: " ").map { String($0) }
        self.rows = rows.map { row in row.map { Array($0.utf8) } }
    }

    func form(ofColumn column: Int) -> ColumnForm {
        kind.columns.first { $0.name == header[column] }?.form ?? .text
    }

    func isRequired(_ column: Int) -> Bool { kind.columns.contains { $0.name == header[column] && $0.isRequired } }

    var cityColumn: Int? { header.firstIndex { $0.hasSuffix("city_id") } }

    /// The text, and the line on which each row begins.
    func text(_ form: Form) -> (bytes: [UInt8], lines: [Int]) {
        let separator = UInt8(ascii: form == .tsv ? "\t" : ",")
        var bytes: [UInt8] = []
        var lines: [Int] = []
        var line = 1
        if form != .jsonl {
            bytes += header.map { Array($0.utf8) }.joined(separator: [separator]) + [10]
            line += 1
        }
        for row in rows {
            lines.append(line)
            if form == .jsonl {
                let fields = zip(header, row).filter { !$1.isEmpty }.map { name, cell in
                    Array("\"\(name)\":".utf8) + quoted(cell, escape: [92], lineFeed: Array("\\n".utf8))
                }
                bytes += [UInt8(ascii: "{")] + fields.joined(separator: [UInt8(ascii: ",")]) + Array("}\n".utf8)
            } else {
                let fields = row.map { cell in
                    cell.contains { $0 == separator || $0 == 34 || $0 == 10 }
                        ? quoted(cell, escape: [34], lineFeed: [10]) : cell
                }
                bytes += fields.joined(separator: [separator]) + [10]
                line += row.reduce(0) { $0 + $1.count { $0 == 10 } }
            }
            line += 1
        }
        return (bytes, lines)
    }

    private func quoted(_ cell: [UInt8], escape: [UInt8], lineFeed: [UInt8]) -> [UInt8] {
        [34] + cell.flatMap { $0 == 34 ? escape + [34] : $0 == 10 ? lineFeed : [$0] } + [34]
    }
}

extension CellTable {
    /// A small world in which every cell says something, so that damage to any of them tells.
    static let world = [
        CellTable(
            .people,
            "user_id home_city_id home_neighborhood_id cat_pref fine_pref vibe_pref area_freqs "
                + "avg_sessions_per_week avg_views_per_session age_group gender",
            [("1", "Oslo"), ("2", "Oslo"), ("3", "Bergen"), ("4", "Paris, Texas")].map { id, city in
                [
                    id, city, "3", "0.5;0.5;0;0;0;0", "techno:0.75;jazz:0.25", "party:1", "3:0.5;7:0.5", "2.5", "20",
                    "5", "1",
                ]
            }),
        CellTable(
            .places,
            "place_id city_id neighborhood_id category_one_hot fine_tag_vector price_band typical_time_slot "
                + "base_popularity avg_daily_visits conversion_rate novelty_score",
            [("10", "Oslo"), ("11", "Oslo"), ("20", "Bergen"), ("30", "Paris, Texas")].map { id, city in
                [id, city, "2", "0;1;0;0;0;0", "1:1", "4", "5", "1.5", "12", "0.25", "0.5"]
            }),
        CellTable(
            .visits, "user_id place_id city_id dwell_time num_likes num_saves num_shares attended timestamp",
            [("1", "10", "Oslo"), ("2", "11", "Oslo"), ("1", "20", "Bergen"), ("4", "30", "Paris, Texas")].map {
                [$0, $1, $2, "30.5", "1", "2", "3", "true", "2012-04-02T18:30:00.250Z"]
            }),
        CellTable(
            .friendships, "user_u user_v interest_overlap_score co_attendance_count same_neighborhood_freq",
            [("1", "2"), ("3", "1"), ("2", "4")].map { [$0, $1, "0.5", "3", "0.25"] }),
        CellTable(
            .friendLabels, "user_u user_v label_compat label_attend",
            [["1", "2", "1", "0"], ["4", "3", "true", "true"]]),
        CellTable(
            .gatherings,
            "gathering_id kind title city_id place_id host_id start end capacity price_band categories fine_tags "
                + "status",
            [("5", "10", "Oslo"), ("6", "20", "Bergen")].map { id, place, city in
                [
                    id, "gig", "Say \"hello\"\ntwice, please", city, place, "1", "2012-04-02T18:30:00Z",
                    "2012-04-02T20:30:00Z", "80", "2", "1;0;0;0;0;0", "jazz:1", "open",
                ]
            }),
    ]
}
