import Basics
import Wire

// Answers as people and machines read them. Numbers of people, places and seeds are strings in JSON: they have 64
// bits, and many readers round those.

struct SeedView: Encodable {
    var seed: String
    var city: String
    var venue: String
    var starters: [String]
    var slot: String
    var conversion: Double
    var expectedTurnout: Double
    var score: Double
    var invites: [String]

    init(_ row: SeedRow, city: String) {
        seed = String(row.id.number)
        self.city = city
        venue = String(row.venue.number)
        starters = row.starters.map { String($0.number) }
        slot = row.slotName
        conversion = row.conversion
        expectedTurnout = row.expectedTurnout
        score = row.score
        invites = row.invites.map { String($0.number) }
    }

    static func table(_ seeds: [SeedView]) -> String {
        var table = TextTable([
            ("city", .left), ("venue", .right), ("slot", .left), ("starters", .left), ("conversion", .right),
            ("turn-out", .right), ("then ask", .left),
        ])
        for seed in seeds {
            let asked = seed.invites.prefix(4).joined(separator: " ") + (seed.invites.count > 4 ? " ..." : "")
            table.add([
                seed.city, seed.venue, seed.slot, seed.starters.joined(separator: " + "),
                fixed(100 * seed.conversion, 1) + " %", fixed(seed.expectedTurnout, 1), asked,
            ])
        }
        return table.text()
    }
}

struct InfluencersView: Encodable {
    struct Person: Encodable {
        var person: String
        var adds: Double
    }

    var city: String
    var people: [Person]
    var spread: Double
    var certifiedRatio: Double
    var confidence: Double
    var epsilon: Double
    var sets: UInt64

    init(_ answer: Influencers, city: String) {
        self.city = city
        people = answer.people.map { Person(person: String($0.person.number), adds: $0.marginal) }
        spread = answer.spread
        certifiedRatio = answer.certifiedRatio
        confidence = answer.confidence
        epsilon = answer.epsilon
        sets = answer.sets
    }
}

struct StatusView: Encodable {
    struct Worker: Encodable {
        var worker: UInt32
        var name: String
        var alive: Bool
        var process: UInt32
        var cities: UInt32
    }

    struct City: Encodable {
        var city: UInt32
        var name: String
        var worker: String?
        var home: Bool
        var epoch: UInt64
        var people: UInt64 = 0
        var halo: UInt64 = 0
        var places: UInt64 = 0
        var visits: UInt64 = 0
        var friendships: UInt64 = 0
        var model: UInt64 = 0
        var seeds: UInt64 = 0
        var eventsWaiting: UInt64 = 0
    }

    var cluster: String
    var build: String
    var workers: [Worker]
    var cities: [City]
    var jobs: [JobView]

    init(_ status: Status) {
        cluster = String(status.cluster)
        build = status.build
        workers = status.workers.map {
            Worker(worker: $0.worker.number, name: $0.name, alive: $0.alive, process: $0.processID, cities: $0.cities)
        }
        cities = status.cities.map { row in
            var city = City(
                city: row.city.number, name: row.name, worker: row.worker == nil ? nil : row.workerName,
                home: row.alive, epoch: row.epoch.number)
            if let report = row.report {
                city.people = report.people
                city.halo = report.halo
                city.places = report.places
                city.visits = report.visits
                city.friendships = report.friendships
                city.model = report.modelVersion.number
                city.seeds = report.seeds
                city.eventsWaiting = report.outboxLag
            }
            return city
        }
        jobs = status.jobs.map { JobView($0) }
    }

    func text() -> String {
        var parts = ["muster \(build), cluster \(cluster)"]
        var workerTable = TextTable([("worker", .left), ("state", .left), ("process", .right), ("cities", .right)])
        for row in workers {
            workerTable.add([row.name, row.alive ? "here" : "gone", String(row.process), String(row.cities)])
        }
        parts.append(workers.isEmpty ? "no worker has ever connected" : workerTable.text())
        var cityTable = TextTable([
            ("city", .left), ("home", .left), ("epoch", .right), ("people", .right), ("halo", .right),
            ("places", .right), ("visits", .right), ("friendships", .right), ("model", .right), ("seeds", .right),
            ("events waiting", .right),
        ])
        for row in cities {
            let home = row.worker.map { row.home ? $0 : "none (\($0) is gone)" } ?? "none"
            cityTable.add(
                [row.name, home, String(row.epoch)]
                    + [row.people, row.halo, row.places, row.visits, row.friendships].map { grouped($0) }
                    + [row.model == 0 ? "-" : String(row.model), grouped(row.seeds), grouped(row.eventsWaiting)])
        }
        parts.append(cities.isEmpty ? "no cities yet: muster import" : cityTable.text())
        if !jobs.isEmpty {
            var jobTable = TextTable([("job", .right), ("kind", .left), ("state", .left), ("round", .right), ("", .left)])
            for job in jobs {
                jobTable.add([
                    String(job.job), job.kind, job.state, "\(job.round)/\(job.rounds)",
                    job.detail.isEmpty ? sparkline(job.losses) : job.detail,
                ])
            }
            parts.append(jobTable.text())
        }
        return parts.joined(separator: "\n\n")
    }
}
