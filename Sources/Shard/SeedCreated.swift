import Basics
import FoundationEssentials
import Plans
import World

/// The event that tells the booking layer of a new plan seed: CloudEvents 1.0, JSON with sorted keys, 64-bit numbers
/// as strings (a JavaScript reader would round them), no personal data beyond ids. `type` carries the version.
struct SeedCreated: Codable, Equatable {
    struct Seed: Codable, Equatable {
        var city: String
        var venue: String
        var starters: [String]
        var slot: String
        var conversion: Double
        var expectedTurnout: Double
        var invites: [String]
        var model: String
    }

    var specversion = "1.0"
    var type = "muster.seed.created.v1"
    var source: String
    var id: String
    var subject: String
    var datacontenttype = "application/json"
    var data: Seed

    init(_ seed: PlanSeed, city: String, cluster: UInt64, model: ModelVersion) {
        source = "muster/\(cluster)/\(city)"
        id = "seed.created/\(seed.id)"
        subject = String(seed.id.number)
        data = Seed(
            city: city, venue: String(seed.venue.number), starters: seed.starters.map { String($0.number) },
            slot: seed.slot.name, conversion: rounded(seed.conversion),
            expectedTurnout: rounded(seed.expectedTurnout), invites: seed.invites.map { String($0.number) },
            model: String(model.number))
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}

/// Four digits are more than a probability deserves, and short to read.
private func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
