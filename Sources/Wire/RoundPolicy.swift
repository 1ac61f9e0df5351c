// How the rounds of a training are made: settings of the job, frozen with it, the same for commands, coordinator and
// the durable bytes.

package import Basics

/// Whether costs are measured before a training.
package enum Survey: UInt8, Sendable {
    case none = 0
    /// Every city measures what it will cost; a job that does not fit ends before it starts.
    case before = 1
    /// Nothing else is done.
    case only = 2
}

/// The settings of a training's rounds.
package struct RoundPolicy: Part {
    /// The share of the cities, rounded up, that may close a round once the deadline is over.
    package var quorum = 1.0
    /// Seconds after which a round waits for the quorum only; 0: it waits for all.
    package var deadlineSeconds: UInt32 = 0
    /// How many rounds late a delta still counts, in the round it comes in: 1, or 0 for never. Cities keep no more.
    package var staleness: UInt32 = 1
    /// The outer step: 1 and momentum 0 is the plain average; DiLoCo's Nesterov step is 0.7 and 0.9.
    package var outerRate: Float = 1
    package var outerMomentum: Float = 0
    /// Local steps are multiplied by this each round (post-local SGD: short rounds first); 1: constant.
    package var growth = 1.0
    /// Local steps never grow beyond this.
    package var stepsMax: UInt32 = 100_000
    /// A city of size s takes a share of the steps as s to this power: 0 gives all cities equally many, 1 as many as
    /// one process would that draws samples from all cities alike.
    package var balance = 0.0
    /// Steps that every city takes by turns after each average, from where the city before it left off; 0: none.
    package var corrections: UInt32 = 0
    /// Whether those steps hear what the city's people do in other cities.
    package var across = false
    /// How deltas travel.
    package var format = DeltaFormat.float32
    /// Bytes that a worker may use; 0: what the worker itself says.
    package var memoryBytesMax: UInt64 = 0
    package var survey = Survey.none

    package init() {}

    package var isPlainAverage: Bool { outerRate == 1 && outerMomentum == 0 }

    package init(from reader: inout ByteReader) throws(ByteError) {
        quorum = try reader.getDouble()
        deadlineSeconds = try reader.get()
        staleness = try reader.get()
        outerRate = try reader.getFloat()
        outerMomentum = try reader.getFloat()
        growth = try reader.getDouble()
        stepsMax = try reader.get()
        balance = try reader.getDouble()
        corrections = try reader.get()
        across = try reader.getBool()
        format = try DeltaFormat(from: &reader)
        memoryBytesMax = try reader.get()
        let word = try reader.get(UInt8.self)
        guard let survey = Survey(rawValue: word) else { throw .invalid("survey \(word)") }
        self.survey = survey
        guard isInRange else { throw .invalid("a setting of rounds out of its range") }
    }

    /// Whether every setting means something.
    package var isInRange: Bool {
        (0...1).contains(quorum) && (0...1).contains(balance) && (1...16).contains(growth)
            && (0...16).contains(outerRate) && (0..<1).contains(outerMomentum) && stepsMax > 0 && staleness <= 1
            && corrections <= 100_000 && (corrections > 0 || !across)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(quorum)
        writer.put(deadlineSeconds)
        writer.put(staleness)
        writer.put(outerRate)
        writer.put(outerMomentum)
        writer.put(growth)
        writer.put(stepsMax)
        writer.put(balance)
        writer.put(corrections)
        writer.put(across)
        writer.put(format.rawValue)
        writer.put(memoryBytesMax)
        writer.put(survey.rawValue)
    }
}
