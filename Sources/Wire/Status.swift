// What people ask: who is there, which jobs run, how far are they. One row type serves every kind of job,
// so that the command and the console draw them all with the same code.

package import Basics

/// Command to coordinator. Answer: `Status`.
package struct StatusRequest: Body {
    package static let kind = Kind.statusRequest
    package init() {}
    package init(from reader: inout ByteReader) throws(ByteError) {}
    package func encode(into writer: inout ByteWriter) {}
}

/// One worker, here or not.
package struct WorkerRow: Part {
    /// Its number, for ever.
    package var worker: WorkerID
    /// Its name, as people gave it.
    package var name: String
    /// Whether it was heard of lately.
    package var alive: Bool
    /// Zero when it is not here.
    package var processID: UInt32
    /// How many cities it owns.
    package var cities: UInt32

    package init(worker: WorkerID, name: String, alive: Bool, processID: UInt32, cities: UInt32) {
        self.worker = worker
        self.name = name
        self.alive = alive
        self.processID = processID
        self.cities = cities
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        worker = try reader.getIdentifier()
        name = try reader.getName()
        alive = try reader.getBool()
        processID = try reader.get()
        cities = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(worker)
        writer.put(name)
        writer.put(alive)
        writer.put(processID)
        writer.put(cities)
    }
}

/// What one city gave to a job; what the numbers mean depends on the job's kind.
/// Training: recall, ndcg, popularity recall, popularity ndcg (all at 10). Planning: seeds, new seeds.
package struct CityOutcome: Part {
    /// The city it is about.
    package var city: CityID
    /// Its name, as people gave it.
    package var name: String
    /// In the order of the kind.
    package var values: [Double]

    package init(city: CityID, name: String, values: [Double]) {
        self.city = city
        self.name = name
        self.values = values
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        city = try reader.getIdentifier()
        name = try reader.getName()
        values = try reader.getArray(of: Double.self)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(city)
        writer.put(name)
        writer.put(array: values)
    }
}

/// What one city did for a training, or, before the first round, what it is expected to do.
package struct JobCityRow: Part {
    /// The city it is about.
    package var city: CityID
    /// Its name, and its worker's.
    package var name: String
    package var worker: String
    /// "given" or "asked" in the open round, "away", or what keeps it from taking part.
    package var state: String
    /// Rounds whose average it is part of, and those of them it came late for.
    package var rounds: UInt32
    package var late: UInt32
    /// Samples it learned from in those.
    package var samples: UInt64
    /// Seconds of computing, on its worker's clock.
    package var seconds: Double
    /// As surveyed before the first round; 0 without a survey.
    package var expectedSeconds: Double
    package var residentBytes: UInt64
    package var workingBytes: UInt64

    package init(
        city: CityID, name: String, worker: String, state: String, rounds: UInt32, late: UInt32, samples: UInt64,
        seconds: Double, expectedSeconds: Double, residentBytes: UInt64, workingBytes: UInt64
    ) {
        self.city = city
        self.name = name
        self.worker = worker
        self.state = state
        self.rounds = rounds
        self.late = late
        self.samples = samples
        self.seconds = seconds
        self.expectedSeconds = expectedSeconds
        self.residentBytes = residentBytes
        self.workingBytes = workingBytes
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        city = try reader.getIdentifier()
        name = try reader.getName()
        worker = try reader.getName()
        state = try reader.getDetail()
        rounds = try reader.get()
        late = try reader.get()
        samples = try reader.get()
        seconds = try reader.getDouble()
        expectedSeconds = try reader.getDouble()
        residentBytes = try reader.get()
        workingBytes = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(city)
        writer.put(name)
        writer.put(worker)
        writer.put(detail: state)
        writer.put(rounds)
        writer.put(late)
        writer.put(samples)
        writer.put(seconds)
        writer.put(expectedSeconds)
        writer.put(residentBytes)
        writer.put(workingBytes)
    }
}

/// What a training has cost so far and will cost.
package struct JobCost: Part {
    /// Bytes of weights and deltas, both ways.
    package var bytes: UInt64 = 0
    /// Deltas that came late and counted, and those that did not.
    package var lateUsed: UInt64 = 0
    package var lateDropped: UInt64 = 0
    /// Seconds until the end; below 0: not known.
    package var secondsLeft = -1.0
    /// As surveyed before the first round: seconds of the whole job and bytes over the wire; 0 without a survey.
    package var expectedSeconds = 0.0
    package var expectedBytes: UInt64 = 0

    package init() {}

    package init(from reader: inout ByteReader) throws(ByteError) {
        bytes = try reader.get()
        lateUsed = try reader.get()
        lateDropped = try reader.get()
        secondsLeft = try reader.getDouble()
        expectedSeconds = try reader.getDouble()
        expectedBytes = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(bytes)
        writer.put(lateUsed)
        writer.put(lateDropped)
        writer.put(secondsLeft)
        writer.put(expectedSeconds)
        writer.put(expectedBytes)
    }
}

/// One job, as far as it is.
package struct JobRow: Part {
    /// The job it belongs to.
    package var job: JobID
    /// "training" or "planning".
    package var kind: String
    /// The word for its state, as the job's state machine calls it.
    package var state: String
    /// Rounds finished of `rounds`; both 0 for jobs without rounds.
    package var round: UInt32
    /// Rounds ordered.
    package var rounds: UInt32
    /// Cities that have given what the present step waits for.
    package var doneCities: UInt32
    /// Cities of the job.
    package var cities: UInt32
    /// Mean loss of every finished round.
    package var losses: [Double]
    /// How the weights after each round rank what no step has seen: NDCG at 10, -1 where nobody was judged. One fewer
    /// than losses until the last weights are judged, too.
    package var validations: [Double]
    /// Rounds behind the best weights so far; 0: none was judged.
    package var best: UInt32
    /// Why it failed or what it waits for; empty when all is well.
    package var detail: String
    /// Cities that are through, ascending.
    package var reports: [CityOutcome]
    /// Training: what it costs, and each city's part.
    package var cost = JobCost()
    package var parts: [JobCityRow] = []

    package init(
        job: JobID, kind: String, state: String, round: UInt32, rounds: UInt32, doneCities: UInt32, cities: UInt32,
        losses: [Double], validations: [Double] = [], best: UInt32 = 0, detail: String, reports: [CityOutcome]
    ) {
        self.job = job
        self.kind = kind
        self.state = state
        self.round = round
        self.rounds = rounds
        self.doneCities = doneCities
        self.cities = cities
        self.losses = losses
        self.validations = validations
        self.best = best
        self.detail = detail
        self.reports = reports
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        kind = try reader.getName()
        state = try reader.getName()
        round = try reader.get()
        rounds = try reader.get()
        doneCities = try reader.get()
        cities = try reader.get()
        losses = try reader.getArray(of: Double.self)
        validations = try reader.getArray(of: Double.self)
        best = try reader.get()
        detail = try reader.getDetail()
        reports = try reader.getList(smallest: 12)
        cost = try JobCost(from: &reader)
        parts = try reader.getList(smallest: 64)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(kind)
        writer.put(state)
        writer.put(round)
        writer.put(rounds)
        writer.put(doneCities)
        writer.put(cities)
        writer.put(array: losses)
        writer.put(array: validations)
        writer.put(best)
        writer.put(detail: detail)
        writer.put(list: reports)
        writer.put(cost)
        writer.put(list: parts)
    }
}

/// Coordinator to command: the whole picture.
package struct Status: Body {
    package static let kind = Kind.status
    /// The number drawn when the cluster was made.
    package var cluster: UInt64
    /// The coordinator's build.
    package var build: String
    /// Ascending, with those that are away.
    package var workers: [WorkerRow]
    /// Ascending.
    package var cities: [CityRow]
    /// Ascending, the finished ones too.
    package var jobs: [JobRow]

    package init(cluster: UInt64, build: String, workers: [WorkerRow], cities: [CityRow], jobs: [JobRow]) {
        self.cluster = cluster
        self.build = build
        self.workers = workers
        self.cities = cities
        self.jobs = jobs
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        cluster = try reader.get()
        build = try reader.getName()
        workers = try reader.getList(smallest: 17)
        cities = try reader.getList(smallest: CityRow.bytesMin)
        jobs = try reader.getList(smallest: 100)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(cluster)
        writer.put(build)
        writer.put(list: workers)
        writer.put(list: cities)
        writer.put(list: jobs)
    }
}

/// Coordinator to command: the job exists, durably, under this number. A retried request gets the same one.
package struct JobAccepted: Body {
    package static let kind = Kind.jobAccepted
    /// The job it belongs to.
    package var job: JobID

    package init(job: JobID) { self.job = job }

    package init(from reader: inout ByteReader) throws(ByteError) { job = try reader.getIdentifier() }

    package func encode(into writer: inout ByteWriter) { writer.put(job) }
}

/// Command to coordinator: how far is it? Answer: `JobReport`.
package struct JobRequest: Body {
    package static let kind = Kind.jobRequest
    /// The job it belongs to.
    package var job: JobID

    package init(job: JobID) { self.job = job }

    package init(from reader: inout ByteReader) throws(ByteError) { job = try reader.getIdentifier() }

    package func encode(into writer: inout ByteWriter) { writer.put(job) }
}

/// Coordinator to command: the job as it is now.
package struct JobReport: Body {
    package static let kind = Kind.jobReport
    /// As it is at the time of the answer.
    package var row: JobRow

    package init(row: JobRow) { self.row = row }

    package init(from reader: inout ByteReader) throws(ByteError) { row = try JobRow(from: &reader) }

    package func encode(into writer: inout ByteWriter) { writer.put(row) }
}

/// What people may do to a running job.
package enum JobVerb: UInt8, CaseIterable, Sendable {
    case pause = 1
    case resume = 2
    case cancel = 3

    /// The word for logs and errors.
    package var name: String { String(describing: self) }
}

/// Command to coordinator. Answer: `JobReport` with the state after it. A verb that does not apply changes nothing.
package struct ControlJob: Body {
    package static let kind = Kind.controlJob
    /// The job it belongs to.
    package var job: JobID
    /// What to do.
    package var verb: JobVerb

    package init(job: JobID, verb: JobVerb) {
        self.job = job
        self.verb = verb
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        let number = try reader.get(UInt8.self)
        guard let verb = JobVerb(rawValue: number) else { throw .invalid("verb \(number)") }
        self.verb = verb
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(verb.rawValue)
    }
}
