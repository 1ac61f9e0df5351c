import Basics
import Learn

/// How the objectives of a card are weighed in a city: as stated, or as its people's choices taught.
struct CardWeights: Equatable, Sendable {
    /// Pairs of plans that were proposed to one person, of which one was accepted; 0: the weights are the fixed ones.
    var choices: UInt32 = 0
    /// The share of pairs kept apart in which the accepted plan scores higher; by the learned and by the fixed weights.
    var agreement = 0.0
    var fixedAgreement = 0.0
    var scalarizer = Scalarizer.fixed

    /// So many pairs at least, and at most.
    static let choicesMin = 200
    static let choicesMax = 20_000

    init() {}

    /// Learned from all but every fifth pair. Where the learned weights agree with that fifth no better than the fixed
    /// ones, or there are too few, the fixed ones stay.
    init(learningFrom choices: [CardChoice]) {
        guard choices.count >= Self.choicesMin else { return }
        let known = choices.indices.filter { $0 % 5 != 0 }.map { choices[$0] }
        let apart = choices.indices.filter { $0 % 5 == 0 }.map { choices[$0] }
        var learned = Scalarizer.fixed
        _ = learned.learn(known)
        agreement = learned.agreement(apart)
        fixedAgreement = Scalarizer.fixed.agreement(apart)
        guard agreement > fixedAgreement else { return }
        self.choices = UInt32(choices.count)
        scalarizer = learned
    }
}

/// The stored form, little-endian: format `u8`, choices `u32`, the two agreements `f64`, then a list of `f64`, the
/// parameters.
extension CardWeights {
    private static let format: UInt8 = 1

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(Self.format)
        writer.put(choices)
        writer.put(agreement)
        writer.put(fixedAgreement)
        writer.put(array: scalarizer.parameters)
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        let format: UInt8 = try reader.get()
        guard format == Self.format else { throw .invalid("card weights of format \(format)") }
        choices = try reader.get()
        agreement = try reader.getDouble()
        fixedAgreement = try reader.getDouble()
        let parameters = try reader.getArray(of: Double.self)
        guard parameters.count == Scalarizer.parameterCount else { throw .invalid("\(parameters.count) card weights") }
        scalarizer = Scalarizer(parameters: parameters)
        try reader.finish()
    }
}
