// Will these people come together at this venue? A set transformer (Lee et al., ICML 2019) over the embeddings of the
// members and of the venue: set attention blocks let every token look at every other, one learned query pools them, and
// what comes out does not depend on the order of the members.
//
//     x            = E · W + role                                    one token per member, one for the venue
//     block(x)     = y + norm(relu(y · W)),  y = norm(Q + attention(Q, K, V)),  Q, K, V = x · W
//     pooled       = the same with one learned Q for the whole set
//     logit        = pooled · w + extras · v + b
//
// The paper's feed-forward part normalizes after its residual; here it is normalized before, as everywhere in this
// module. Extras are numbers known of the set as a whole, as in wide and deep models (Cheng et al., 2016).

package import Basics
import Linalg

/// Sizes of a group scorer.
package struct GroupScorerConfiguration: Equatable, Sendable {
    /// Width of the embeddings that come in.
    package var inputs: Int
    /// Width inside, a multiple of 16 per head.
    package var dimensions: Int
    package var heads: Int
    /// Set attention blocks before pooling.
    package var blocks: Int
    /// Numbers that come with each set.
    package var extras: Int

    package init(inputs: Int, dimensions: Int = 64, heads: Int = 4, blocks: Int = 2, extras: Int = 0) {
        precondition(inputs > 0 && dimensions % heads == 0 && blocks >= 0 && extras >= 0, "sizes of a scorer fit")
        self.inputs = inputs
        self.dimensions = dimensions
        self.heads = heads
        self.blocks = blocks
        self.extras = extras
    }

    /// How many numbers a scorer of these sizes learns.
    package var parameterCount: Int { GroupScorerLayout(self).count }
}

/// Parameters of one attention with what follows it.
struct AttentionBlocks: Sendable {
    let project: ParameterBlock
    let projectBias: ParameterBlock
    let gain: ParameterBlock
    let shift: ParameterBlock
    let forward: ParameterBlock
    let forwardBias: ParameterBlock
    let forwardGain: ParameterBlock
    let forwardShift: ParameterBlock

    /// `parts` matrices side by side: queries, keys and values, or keys and values.
    init(_ allocator: inout ParameterAllocator, _ d: Int, parts: Int) {
        project = allocator.take(d, parts * d, .glorot(inputs: d, outputs: d))
        projectBias = allocator.row(parts * d, 0)
        (gain, shift) = (allocator.row(d, 1), allocator.row(d, 0))
        forward = allocator.weights(d, d)
        forwardBias = allocator.row(d, 0)
        (forwardGain, forwardShift) = (allocator.row(d, 1), allocator.row(d, 0))
    }
}

/// Where everything of a group scorer stands in its parameter vector.
struct GroupScorerLayout: Sendable {
    static let roles = 3

    let shape: AttentionShape
    let input: ParameterBlock
    let inputBias: ParameterBlock
    let roles: ParameterBlock
    let blocks: [AttentionBlocks]
    let seed: ParameterBlock
    let pooling: AttentionBlocks
    let head: ParameterBlock
    let headBias: ParameterBlock
    let extras: ParameterBlock?
    let all: [ParameterBlock]
    let count: Int

    init(_ configuration: GroupScorerConfiguration) {
        let d = configuration.dimensions
        shape = AttentionShape(heads: configuration.heads, headWidth: d / configuration.heads)
        var allocator = ParameterAllocator()
        input = allocator.weights(configuration.inputs, d)
        inputBias = allocator.row(d, 0)
        roles = allocator.take(Self.roles, d, .normal(deviation: 0.1))
        var blocks: [AttentionBlocks] = []
        for _ in 0..<configuration.blocks { blocks.append(AttentionBlocks(&allocator, d, parts: 3)) }
        self.blocks = blocks
        seed = allocator.take(1, d, .normal(deviation: 0.1))
        pooling = AttentionBlocks(&allocator, d, parts: 2)
        head = allocator.take(d, 1, .constant(0))
        headBias = allocator.row(1, 0)
        extras = configuration.extras > 0 ? allocator.take(configuration.extras, 1, .constant(0)) : nil
        all = allocator.blocks
        count = allocator.count
    }
}

extension GroupScorerLayout {
    /// Logits [sets, 1]. `embeddings` is [rows, inputs].
    func logits<Number: Scalar>(_ sets: GroupSets, embeddings: Value, on tape: inout Tape<Number>) -> Value {
        let tokens = tape.gather(embeddings, rows: sets.rows)
        var lookups = Lookups()
        lookups.append(Lookup(table: tape.parameter(roles), keys: tape.keep(sets.roles)))
        var x = tape.linear(
            tokens, tape.parameter(input), bias: tape.parameter(inputBias), lookups: lookups)
        for block in blocks {
            let projected = project(x, block, on: &tape)
            x = finish(tape.attend(projected, sets: sets.offsets, shape), block, on: &tape)
        }
        let projected = project(x, pooling, on: &tape)
        let pooled = tape.attendFromSeed(projected, seed: tape.parameter(seed), sets: sets.offsets, shape)
        x = finish(pooled, pooling, on: &tape)
        let logits = tape.linear(x, tape.parameter(head), bias: tape.parameter(headBias))
        guard let extras else { return logits }
        let known = tape.leaf(rows: sets.count, columns: sets.extraCount, needsGradient: false)
        for (index, number) in sets.extras.enumerated() { tape.node(known).value[index] = Number(number) }
        tape.addProduct(known, tape.parameter(extras), to: logits)
        return logits
    }

    private func project<Number: Scalar>(_ x: Value, _ block: AttentionBlocks, on tape: inout Tape<Number>) -> Value {
        tape.linear(x, tape.parameter(block.project), bias: tape.parameter(block.projectBias))
    }

    private func finish<Number: Scalar>(_ x: Value, _ block: AttentionBlocks, on tape: inout Tape<Number>) -> Value {
        let y = tape.layerNorm(x, gain: tape.parameter(block.gain), shift: tape.parameter(block.shift))
        let z = tape.linear(y, tape.parameter(block.forward), bias: tape.parameter(block.forwardBias))
        return tape.layerNorm(
            z, gain: tape.parameter(block.forwardGain), shift: tape.parameter(block.forwardShift), isRectified: true,
            adding: y)
    }
}

/// A group scorer with its parameters; scores and learns. Not thread-safe; the loops inside use the pool.
package struct GroupScorer: ~Copyable {
    package let configuration: GroupScorerConfiguration
    let layout: GroupScorerLayout
    var tape: Tape<Float>
    private var moments: Moments
    private var steps = 0

    /// Sets that go through the model in one go, forward or there and back: so few that what they need stays in caches.
    /// A step of more is done in parts, whose gradients add up.
    private static let setsPerPart = 128

    /// A fresh scorer; the same seed gives the same one.
    package init(_ configuration: GroupScorerConfiguration, random: SeededRandom, pool: ComputePool) {
        self.configuration = configuration
        layout = GroupScorerLayout(configuration)
        tape = Tape(parameterCount: layout.count, pool: pool)
        moments = Moments(count: layout.count)
        var random = random
        for block in layout.all {
            for index in 0..<block.count {
                let isOnDiagonal = index / block.columns == index % block.columns
                tape.parameters[block.offset + index] = block.start.draw(isOnDiagonal: isOnDiagonal, &random)
            }
        }
    }

    /// All parameters, in the layout's order: what a checkpoint keeps.
    package var parameters: [Float] {
        get { Array(tape.parameters) }
        set {
            precondition(newValue.count == layout.count, "parameters of this very shape")
            _ = tape.parameters.update(fromContentsOf: newValue)
        }
    }

    /// The logit of each set. `embeddings` is [rows, inputs]. Permuting the members of a set changes nothing but
    /// rounding.
    package mutating func logits(_ sets: GroupSets, embeddings: [Float]) -> [Float] {
        check(sets, embeddings)
        var all: [Float] = []
        all.reserveCapacity(sets.count)
        for first in stride(from: 0, to: sets.count, by: Self.setsPerPart) {
            let part = sets.part(first..<min(first + Self.setsPerPart, sets.count))
            tape.reset()
            embeddings.withUnsafeBufferPointer { table in
                guard let start = table.baseAddress else { return }
                let rows = tape.constant(start, rows: table.count / configuration.inputs, columns: configuration.inputs)
                let logits = layout.logits(part, embeddings: rows, on: &tape)
                let node = tape.node(logits)
                all += UnsafeBufferPointer(start: node.value, count: node.count)
            }
        }
        return all
    }

    /// One step of Adam on the binary cross-entropy of the sets; labels are 1 where the group came. Answers the loss
    /// before the step.
    package mutating func train(
        _ sets: GroupSets, labels: [Int8], embeddings: [Float], rate: Float, decay: Float = 0
    ) -> Double {
        check(sets, embeddings)
        precondition(labels.count == sets.count, "one label per set")
        tape.reset()
        var loss = 0.0
        let known = labels.count { $0 >= 0 }
        for first in stride(from: 0, to: sets.count, by: Self.setsPerPart) {
            let range = first..<min(first + Self.setsPerPart, sets.count)
            let own = Array(labels[range])
            let share = Float(own.count { $0 >= 0 }) / Float(max(known, 1))
            let part = sets.part(range)
            tape.forgetValues()
            embeddings.withUnsafeBufferPointer { table in
                guard let start = table.baseAddress else { return }
                let rows = tape.constant(start, rows: table.count / configuration.inputs, columns: configuration.inputs)
                let logits = layout.logits(part, embeddings: rows, on: &tape)
                loss += tape.binaryLoss(logits, labels: own, weight: share)
                tape.backward()
            }
        }
        steps += 1
        moments.move(
            tape.parameters, by: tape.parameterGradients, part: 0..<layout.count,
            AdamStep(number: steps, rate: rate, decay: decay, gradientScale: 1))
        return loss
    }

    private func check(_ sets: GroupSets, _ embeddings: [Float]) {
        precondition(sets.extraCount == configuration.extras, "sets come with the scorer's extras")
        precondition(embeddings.count % configuration.inputs == 0, "embeddings are rows of the scorer's width")
    }
}
