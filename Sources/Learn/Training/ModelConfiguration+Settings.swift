// A model by its name and by settings as people write them, for jobs.

extension ModelConfiguration {
    /// The models there are.
    package static let names = ["graphrec", "lightgcn", "sociallgn"]

    /// The model of this name with its standard settings, but for those given as texts. Throws what is wrong with
    /// which.
    package init(named name: String, settings: [(name: String, value: String)]) throws(LearnError) {
        switch name {
        case "graphrec":
            var configuration = GraphRecConfiguration()
            for setting in settings { try configuration.set(setting.name, SettingText(setting)) }
            self = .graphRec(configuration)
        case "lightgcn", "sociallgn":
            var configuration = name == "lightgcn" ? LightConfiguration.fast : .fastSocial
            for setting in settings { try configuration.set(setting.name, SettingText(setting)) }
            if let problem = configuration.problem { throw .setting(name: name, reason: problem) }
            self = .light(configuration)
        default:
            let reason = "there is no such model; there are \(Self.names.joined(separator: ", "))"
            throw .setting(name: name, reason: reason)
        }
    }
}

/// One setting's text.
private struct SettingText {
    let name: String
    let text: String

    init(_ setting: (name: String, value: String)) { (name, text) = (setting.name, setting.value) }

    func count(_ allowed: ClosedRange<Int>) throws(LearnError) -> Int {
        guard let number = Int(text), allowed.contains(number) else {
            let reason = "\(text) is no number from \(allowed.lowerBound) to \(allowed.upperBound)"
            throw .setting(name: name, reason: reason)
        }
        return number
    }

    func real(_ allowed: ClosedRange<Float>) throws(LearnError) -> Float {
        guard let number = Float(text), allowed.contains(number) else {
            let reason = "\(text) is no number from \(allowed.lowerBound) to \(allowed.upperBound)"
            throw .setting(name: name, reason: reason)
        }
        return number
    }

    func unknown(_ known: [String]) -> LearnError {
        .setting(name: name, reason: "there is no such setting; there are \(known.joined(separator: ", "))")
    }
}

extension RateSchedule {
    fileprivate static let names = ["schedule", "warm-up", "steady", "fall-steps", "fall-share"]

    /// Whether the setting is one of the schedule's, and is now set.
    fileprivate mutating func set(_ name: String, _ text: SettingText) throws(LearnError) -> Bool {
        switch name {
        case "schedule":
            guard let fall = Fall(rawValue: text.text) else {
                let known = Fall.allCases.map(\.rawValue).joined(separator: ", ")
                throw .setting(name: name, reason: "\(text.text) is none of \(known)")
            }
            self.fall = fall
        case "warm-up": warmUpSteps = try text.count(1...1 << 24)
        case "steady": steadySteps = try text.count(1...1 << 24)
        case "fall-steps": fallSteps = try text.count(1...1 << 24)
        case "fall-share": share = try text.real(0...1)
        default: return false
        }
        return true
    }
}

extension GraphRecConfiguration {
    private static let names = [
        "dimensions", "rate", "head-rate", "own-rate", "bias-rate", "decay", "own-decay", "dropout", "clip", "batch",
        "hidden", "kept-back", "rating",
    ]

    fileprivate mutating func set(_ name: String, _ text: SettingText) throws(LearnError) {
        if try schedule.set(name, text) { return }
        switch name {
        case "dimensions": dimensions = try text.count(1...1024)
        case "rate": learningRate = try text.real(0...1)
        case "head-rate": headLearningRate = try text.real(0...1)
        case "own-rate": ownLearningRate = try text.real(0...1)
        case "bias-rate": biasLearningRate = try text.real(0...1)
        case "decay": weightDecay = try text.real(0...1)
        case "own-decay": ownDecay = try text.real(0...1)
        case "dropout": dropout = try text.real(0...0.9)
        case "clip": gradientNormMax = try text.real(1e-6...1e6)
        case "batch": batch = try text.count(1...1 << 20)
        case "hidden": hiddenShare = try text.real(0...1)
        case "kept-back": validationShare = try text.real(0...0.9)
        case "rating": positiveRating = try text.real(0...5)
        default: throw text.unknown(Self.names + RateSchedule.names)
        }
    }
}

extension LightConfiguration {
    private static let names = ["dimensions", "layers", "rate", "decay", "length-power"]

    fileprivate mutating func set(_ name: String, _ text: SettingText) throws(LearnError) {
        if try schedule.set(name, text) { return }
        switch name {
        case "dimensions": dimensions = try text.count(1...1024)
        case "layers": layers = try text.count(0...8)
        case "rate": learningRate = try text.real(0...1)
        case "decay": decay = try text.real(0...1)
        case "length-power": lengthPower = try text.real(0...1)
        default: throw text.unknown(Self.names + RateSchedule.names)
        }
    }
}
