// What can be chosen about a light model, each with its price. `plain` is the papers' way; `fast` is ours.

/// A light graph model and how it is trained. Numbers are checked when a trainer is made.
package struct LightConfiguration: Sendable, Equatable {
    /// How tables that are gathered are stored. Embeddings and optimizer are always Float.
    package enum Storage: Sendable, Equatable {
        /// Exact to rounding.
        case float
        /// bfloat16: half the bytes, relative error 2^-9 in each entry of a layer.
        case half
    }

    /// What friendships do.
    package enum Fusion: Sendable, Equatable {
        /// Nothing: LightGCN.
        case none
        /// A friendship is one more link of the graph, of the same weight as a visit.
        case links
        /// SocialLGN: at each layer a small network joins what friends and what items say of a user. Always Float.
        /// `length` is that of the matrix of all users after it; the authors' is 1.
        case learned(length: Float)
    }

    package enum Loss: Sendable, Equatable {
        /// Bayesian personalized ranking: `batch` triples of user, item and an item the user does not have.
        case pairs(batch: Int)
        /// Softmax over items for `users` users at a time, see `SoftmaxObjective`. `candidates` items drawn for each
        /// step stand for all; 0 takes all.
        case softmax(users: Int, candidates: Int, temperature: Float, userExponent: Float)
    }

    /// Where embeddings start.
    package enum Start: Sendable, Equatable {
        case normal(deviation: Float)
        /// The spectrum of the normalized interactions, rows of this mean length, see `SpectralFilter`.
        case spectral(length: Float)
    }

    package var dimensions = 64
    package var layers = 3
    package var storage = Storage.float
    package var fusion = Fusion.none
    package var loss = Loss.pairs(batch: 2048)
    package var start = Start.normal(deviation: 0.1)
    /// Adam's rate.
    package var learningRate: Float = 1e-3
    /// What the rate is multiplied with, step by step. Epochs stretch its fall over all of them.
    package var schedule: RateSchedule = {
        var constant = RateSchedule()
        (constant.fall, constant.warmUpSteps) = (.constant, 1)
        return constant
    }()
    /// With pairs: the weight of half the squared length of the embeddings that a batch names, over its size. With
    /// softmax: decay apart from the gradient, as AdamW has it.
    package var decay: Float = 1e-4

    /// A softmax learns cosines; when ranking, items count with this power of their length, which grows with
    /// popularity: not at all with 0, in full with 1.
    package var lengthPower: Float = 0

    package init() {}

    /// The settings of the papers, LightGCN's and SocialLGN's alike.
    package static let plain = LightConfiguration()

    /// Better rankings in a fraction of the time: a softmax over many items at once, started from the spectrum, with
    /// halves. Meant for about 16 epochs. Chosen on a tenth of Gowalla's train part, never on a test part.
    package static let fast: LightConfiguration = {
        var fast = LightConfiguration()
        fast.layers = 2
        fast.storage = .half
        fast.loss = .softmax(users: 256, candidates: 16384, temperature: 0.085, userExponent: 1)
        fast.start = .spectral(length: 1)
        fast.learningRate = 0.03
        fast.schedule.fall = .line
        fast.decay = 0
        fast.lengthPower = 0.15
        return fast
    }()

    /// The same with friendships, for a few thousand people and about 60 epochs: more steps for each pass, and all
    /// items as candidates. Chosen on a fifth of LastFM's train part.
    package static let fastSocial: LightConfiguration = {
        var social = LightConfiguration.fast
        social.fusion = .learned(length: 20)
        social.storage = .float
        social.loss = .softmax(users: 256, candidates: 0, temperature: 0.15, userExponent: 0.5)
        social.learningRate = 0.02
        social.lengthPower = 0
        return social
    }()

    var problem: String? {
        if dimensions < 1 || layers < 0 { return "dimensions are at least 1 and layers at least 0" }
        if storage == .half, dimensions % 32 != 0 { return "halves need a multiple of 32 dimensions" }
        if case .learned(let length) = fusion, storage == .half || !(length > 0) {
            return "a learned fusion stores floats, of a length above 0"
        }
        if !(learningRate > 0 && decay >= 0) { return "the learning rate is above 0 and the decay at least 0" }
        switch loss {
        case .pairs(let batch): return batch > 0 ? nil : "a batch has triples"
        case .softmax(let users, let candidates, let temperature, _):
            return users > 0 && candidates >= 0 && temperature > 0.02 ? nil : "a softmax is over users, above 0.02"
        }
    }
}
