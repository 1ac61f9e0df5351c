// Answers as other people's programs read them, over HTTP and from `muster --json`: the same objects in both. Numbers
// with 64 bits (people, places, seeds, clusters) are strings, since many JSON readers round them.

import Basics

/// A plan seed for a booking layer, a feed, a person.
package struct SeedView: Encodable, Sendable {
    package var seed: String
    package var city: String
    package var venue: String
    package var starters: [String]
    package var slot: String
    package var conversion: Double
    package var expectedTurnout: Double
    package var score: Double
    package var invites: [String]

    package init(_ row: SeedRow, city: String) {
        seed = String(row.id.number)
        self.city = city
        venue = String(row.venue.number)
        starters = row.starters.map { String($0.number) }
        slot = row.slot
        conversion = row.conversion
        expectedTurnout = row.expectedTurnout
        score = row.score
        invites = row.invites.map { String($0.number) }
    }
}

/// Whom to ask first in some cities, and how sure that is.
package struct InfluencersView: Encodable, Sendable {
    package struct Person: Encodable, Sendable {
        package var person: String
        package var city: String
        package var adds: Double
    }

    package var cities: [String]
    package var people: [Person]
    package var spread: Double
    package var certifiedRatio: Double
    package var greedyRatio: Double
    package var confidence: Double
    package var epsilon: Double
    package var sets: UInt64
    package var exchangedBytes: UInt64

    /// `cities` are those that were asked.
    package init(_ answer: Influencers, cities: [CityRow]) {
        let names = Dictionary(uniqueKeysWithValues: cities.map { ($0.city, $0.name) })
        self.cities = cities.map(\.name)
        people = answer.people.map {
            Person(person: String($0.person.number), city: names[$0.city] ?? "?", adds: $0.marginal)
        }
        spread = answer.spread
        certifiedRatio = answer.certifiedRatio
        greedyRatio = answer.greedyRatio
        confidence = answer.confidence
        epsilon = answer.epsilon
        sets = answer.sets
        exchangedBytes = answer.exchanged
    }
}

/// How well a city's live model ranks held-out visits, beside simple rankings.
package struct EvaluationView: Encodable, Sendable {
    package struct Row: Encodable, Sendable {
        package var rankedBy: String
        package var at: UInt32
        package var people: UInt64
        package var recall: Double
        package var ndcg: Double
        package var precision: Double
        package var hitRate: Double
        package var coverage: Double
    }

    /// Areas under the ROC curve, of pairs of residents that were held out; absent where there are not both kinds.
    package struct Friends: Encodable, Sendable {
        package var pairs: UInt64
        package var aucCompat: Double?
        package var aucAttend: Double?
        package var aucAttendIfCompat: Double?
    }

    package var city: String
    package var model: UInt64
    package var rows: [Row]
    package var friends: Friends?

    package init(_ answer: Evaluation, city: String) {
        self.city = city
        model = answer.version.number
        rows = answer.rows.map {
            Row(
                rankedBy: $0.method, at: $0.cutoff, people: $0.people, recall: $0.recall, ndcg: $0.ndcg,
                precision: $0.precision, hitRate: $0.hitRate, coverage: $0.coverage)
        }
        friends = answer.friends.map {
            func area(_ value: Double) -> Double? { value < 0 ? nil : value }
            return Friends(
                pairs: $0.pairs, aucCompat: area($0.compatible), aucAttend: area($0.attends),
                aucAttendIfCompat: area($0.attendsIfCompatible))
        }
    }
}

/// How far a job is, and what each city gave to it.
package struct JobView: Encodable, Sendable {
    package struct City: Encodable, Sendable {
        package var city: String
        package var values: [String: Double]
    }

    package var job: UInt64
    package var kind: String
    package var state: String
    package var round: UInt32
    package var rounds: UInt32
    package var losses: [Double]
    package var validations: [Double]
    package var best: UInt32
    package var detail: String
    package var cities: [City]
    /// Of a training; null for other jobs.
    package var training: TrainingView?

    package init(_ row: JobRow) {
        training = row.kind == JobRow.training ? TrainingView(row) : nil
        job = row.job.number
        kind = row.kind
        state = row.state
        round = row.round
        rounds = row.rounds
        losses = row.losses
        validations = row.validations
        best = row.best
        detail = row.detail
        let names =
            row.kind == JobRow.training
            ? ["people", "recall_at_10", "ndcg_at_10", "popularity_recall_at_10", "popularity_ndcg_at_10"]
            : ["seeds", "new"]
        cities = row.reports.map { report in
            City(city: report.name, values: Dictionary(uniqueKeysWithValues: zip(names, report.values)))
        }
    }
}

/// What a training costs, in all, by worker and by city.
package struct TrainingView: Encodable, Sendable {
    package struct Part: Encodable, Sendable {
        package var city: String
        package var worker: String
        package var state: String
        package var rounds: UInt32
        package var late: UInt32
        package var samples: UInt64
        package var seconds: Double
        package var expectedSeconds: Double
        package var residentBytes: UInt64
        package var workingBytes: UInt64
    }

    package struct Worker: Encodable, Sendable {
        package var worker: String
        package var cities = 0
        package var samples: UInt64 = 0
        package var seconds = 0.0
        package var expectedSeconds = 0.0
        /// Of all its cities, and of the one that trains.
        package var expectedBytes: UInt64 = 0
    }

    /// Bytes of weights and deltas so far.
    package var bytes: UInt64
    package var lateUsed: UInt64
    package var lateDropped: UInt64
    /// Until the end; null: not known.
    package var secondsLeft: Double?
    /// As surveyed; null without a survey.
    package var expectedSeconds: Double?
    package var expectedBytes: UInt64?
    /// Not `workers` and `cities`: scripts find those of a status by their first occurrence.
    package var byWorker: [Worker]
    package var byCity: [Part]

    package init(_ row: JobRow) {
        bytes = row.cost.bytes
        lateUsed = row.cost.lateUsed
        lateDropped = row.cost.lateDropped
        secondsLeft = row.cost.secondsLeft < 0 ? nil : row.cost.secondsLeft
        let isSurveyed = row.cost.expectedBytes > 0
        expectedSeconds = isSurveyed ? row.cost.expectedSeconds : nil
        expectedBytes = isSurveyed ? row.cost.expectedBytes : nil
        byCity = row.parts.map {
            Part(
                city: $0.name, worker: $0.worker, state: $0.state, rounds: $0.rounds, late: $0.late,
                samples: $0.samples, seconds: $0.seconds, expectedSeconds: $0.expectedSeconds,
                residentBytes: $0.residentBytes, workingBytes: $0.workingBytes)
        }
        byWorker = []
        for name in Set(row.parts.map(\.worker)).sorted() {
            var worker = Worker(worker: name)
            var working: UInt64 = 0
            for part in row.parts where part.worker == name {
                worker.cities += 1
                worker.samples &+= part.samples
                worker.seconds += part.seconds
                worker.expectedSeconds += part.expectedSeconds
                worker.expectedBytes &+= part.residentBytes
                working = max(working, part.workingBytes)
            }
            worker.expectedBytes &+= working
            byWorker.append(worker)
        }
    }
}

/// One version of the model.
package struct ModelView: Encodable, Sendable {
    package var model: UInt64
    package var live: Bool
    package var ready: UInt32
    package var cities: UInt32
    package var ndcgAt10: Double
    package var loss: Double

    package init(_ row: ModelRow) {
        model = row.version.number
        live = row.isLive
        ready = row.ready
        cities = row.cities
        ndcgAt10 = row.ndcg
        loss = row.loss
    }
}

/// A city on its way from one worker to another, or at the end of it.
package struct MoveView: Encodable, Sendable {
    package var city: String
    package var from: String
    package var to: String
    package var epoch: UInt64
    package var phase: String
    package var bytes: UInt64
    package var detail: String

    package init(_ row: MoveRow) {
        city = row.name
        from = row.from
        to = row.to
        epoch = row.epoch.number
        phase = row.phase
        bytes = row.bytes
        detail = row.detail
    }
}

/// The whole cluster at one moment.
package struct StatusView: Encodable, Sendable {
    package struct Worker: Encodable, Sendable {
        package var worker: UInt32
        package var name: String
        package var alive: Bool
        package var process: UInt32
        package var cities: UInt32
    }

    package struct City: Encodable, Sendable {
        package var city: UInt32
        package var name: String
        /// The owner's name; null before the city has ever had one.
        package var worker: String?
        /// Whether the owner is here.
        package var home: Bool
        package var epoch: UInt64
        /// Whether the owner has told its counts since the coordinator started; those below mean nothing before.
        package var reported: Bool
        package var people: UInt64 = 0
        package var halo: UInt64 = 0
        package var places: UInt64 = 0
        package var visits: UInt64 = 0
        package var friendships: UInt64 = 0
        package var friendLabels: UInt64 = 0
        package var gatherings: UInt64 = 0
        package var model: UInt64 = 0
        package var seeds: UInt64 = 0
        package var eventsWaiting: UInt64 = 0
    }

    package var cluster: String
    package var build: String
    package var workers: [Worker]
    package var cities: [City]
    package var jobs: [JobView]

    package init(_ status: Status) {
        cluster = String(status.cluster)
        build = status.build
        workers = status.workers.map {
            Worker(worker: $0.worker.number, name: $0.name, alive: $0.alive, process: $0.processID, cities: $0.cities)
        }
        cities = status.cities.map { City($0) }
        jobs = status.jobs.map { JobView($0) }
    }
}

extension StatusView.City {
    fileprivate init(_ row: CityRow) {
        city = row.city.number
        name = row.name
        worker = row.worker == nil ? nil : row.workerName
        home = row.alive
        epoch = row.epoch.number
        reported = row.report != nil
        guard let report = row.report else { return }
        people = report.people
        halo = report.halo
        places = report.places
        visits = report.visits
        friendships = report.friendships
        friendLabels = report.friendLabels
        gatherings = report.gatherings
        model = report.modelVersion.number
        seeds = report.seeds
        eventsWaiting = report.outboxLag
    }
}

extension JobRow {
    /// The two kinds of jobs, as `kind` says them.
    package static let training = "training"
    package static let planning = "planning"
}
