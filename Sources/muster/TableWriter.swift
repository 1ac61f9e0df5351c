import Basics
import Wire
import World

/// Writes one table of the cluster, whatever it holds, as text.
struct TableWriter {
    private enum Text {
        case records(TableText)
        case embeddings(EmbeddingText)
    }

    private var text: Text
    private(set) var rows = 0

    init(_ table: ExportTable, format: TextFormat, cities: [CityRow]) {
        let names = Dictionary(uniqueKeysWithValues: cities.map { ($0.city, $0.name) })
        if let kind = table.kind {
            text = .records(TableText(kind, format: format, cityNames: names))
        } else {
            text = .embeddings(EmbeddingText(ofPeople: table == .peopleEmbeddings, format: format))
        }
    }

    /// What comes before the rows.
    mutating func head() -> [UInt8] {
        switch text {
        case .records(var table):
            table.head()
            return table.drain()
        case .embeddings(var table):
            table.head()
            return table.drain()
        }
    }

    /// The rows of a page.
    mutating func rows(of page: ExportReader.Page) throws -> [UInt8] {
        rows += Int(page.head.rows)
        switch text {
        case .records(var table):
            for record in try page.records() { table.append(record, of: page.city.city) }
            return table.drain()
        case .embeddings(var table):
            try page.forEachEmbedding { number, atHome, vector in
                table.append(
                    number: number, city: page.city.name, atHome: atHome, model: page.head.model, vector: vector)
            }
            return table.drain()
        }
    }
}

extension ExportTable {
    /// The name of its files and of the option.
    var name: String {
        switch self {
        case .people: "people"
        case .places: "places"
        case .visits: "visits"
        case .friendships: "friendships"
        case .friendLabels: "friend_labels"
        case .gatherings: "gatherings"
        case .peopleEmbeddings: "people_embeddings"
        case .placeEmbeddings: "place_embeddings"
        }
    }

    /// What its records are written as; nil for embeddings.
    var kind: TableKind? { TableKind(rawValue: name) }
}
