// Reverse-mode differentiation, small. A tape remembers the operations of one step; `backward` walks them from
// last to first. Values are row-major matrices in an arena that is reset at the next step. Each operation has
// one file with its forward and its backward side by side; this file has what they share.
//
// Two conventions save memory traffic. An operation that reads `rows` of its input may be given a longer one: it
// reads the first rows (a layer's targets are the first rows of its inputs). And operations named in-place
// (`dropout`, `add`, `addProduct`) write into a value that exists already; they are legal only where the
// operation that made the value does not read its own result when it goes backward.
//
// Loops over rows are split into blocks of a fixed size, never by the number of threads, and sums over blocks
// run in block order: so a step's bits do not depend on the pool. Not thread-safe: the owner is one trainer.

import Basics
import Linalg

/// A matrix on a tape, named by its place there. Valid until the tape's next `reset`.
struct Value {
    fileprivate let index: Int32
}

/// The operations of one step, their values, and the parameters they use with their gradients.
struct Tape<Number: Scalar>: ~Copyable {
    struct Node {
        var value: UnsafeMutablePointer<Number>
        var gradient: UnsafeMutablePointer<Number>?
        let rows: Int
        let columns: Int
        let needsGradient: Bool
        /// The part of the model that made it.
        let part: StaticString

        var count: Int { rows * columns }
    }

    private var arena = Arena()
    private var nodes: [Node] = []
    private var operations: [Operation<Number>] = []
    private var part: StaticString = "input"
    let pool: ComputePool
    /// How the rows that messages carry are stored.
    let precision: MessagePrecision
    /// Is told what begins.
    var probe: ((StepPhase) -> Void)?

    /// All shared parameters as one vector, and the gradient of the loss by each.
    let parameters: UnsafeMutableBufferPointer<Number>
    let parameterGradients: UnsafeMutableBufferPointer<Number>

    init(parameterCount: Int, pool: ComputePool, precision: MessagePrecision = .full) {
        self.pool = pool
        self.precision = precision
        parameters = .allocate(capacity: parameterCount)
        parameters.initialize(repeating: 0)
        parameterGradients = .allocate(capacity: parameterCount)
        parameterGradients.initialize(repeating: 0)
    }

    deinit {
        parameters.deallocate()
        parameterGradients.deallocate()
    }

    /// Forgets all values and operations and sets the parameters' gradients to zero. Parameters stay.
    mutating func reset() {
        forgetValues()
        parameterGradients.update(repeating: 0)
    }

    /// The same, but the parameters' gradients stay and are added to: for a step in parts.
    mutating func forgetValues() {
        arena.reset()
        nodes.removeAll(keepingCapacity: true)
        operations.removeAll(keepingCapacity: true)
    }

    /// Bytes of values, gradients and what operations keep, since the last reset; and bytes taken from the system.
    var bytes: (handedOut: Int, taken: Int) { (arena.handedOut, arena.size) }

    /// How often the arena had to ask the system for memory so far.
    var growths: Int { arena.growths }

    // MARK: Leaves

    /// A part of the parameter vector as a matrix.
    mutating func parameter(_ block: ParameterBlock) -> Value {
        precondition(block.offset + block.count <= parameters.count, "a parameter block lies inside the vector")
        // SAFETY: the block lies inside both vectors.
        let value = parameters.baseAddress! + block.offset
        let gradient = parameterGradients.baseAddress! + block.offset
        return append(
            Node(
                value: value, gradient: gradient, rows: block.rows, columns: block.columns, needsGradient: true,
                part: part))
    }

    /// Room for a matrix the caller fills at once, through `node(_:).value`; every entry must be written.
    mutating func leaf(rows: Int, columns: Int, needsGradient: Bool) -> Value {
        append(
            Node(
                value: arena.take(Number.self, count: rows * columns), gradient: nil, rows: rows, columns: columns,
                needsGradient: needsGradient, part: part))
    }

    /// A matrix in the caller's memory, which must outlive the step; it gets no gradient and is not written.
    mutating func constant(_ start: UnsafePointer<Number>, rows: Int, columns: Int) -> Value {
        append(
            Node(
                value: UnsafeMutablePointer(mutating: start), gradient: nil, rows: rows, columns: columns,
                needsGradient: false, part: part))
    }

    // MARK: Finding faults

    /// Names what is recorded from now on, for `firstFault`.
    mutating func begin(_ part: StaticString) { self.part = part }

    /// The part of the model that made the first value with an entry that is no finite number, parameters included; nil
    /// when all are finite. Walks over all values: for when a loss or a gradient is none.
    func firstFault() -> String? {
        for node in nodes {
            for index in 0..<node.count where !node.value[index].isFinite { return "\(node.part)" }
        }
        return nil
    }

    // MARK: For operations

    func node(_ value: Value) -> Node { nodes[Int(value.index)] }

    /// Every operation is recorded before it runs.
    mutating func record(_ operation: Operation<Number>) {
        operations.append(operation)
        probe?(operation.phase)
    }

    mutating func scratch(_ count: Int) -> UnsafeMutablePointer<Number> { arena.take(Number.self, count: count) }

    /// The step's own copy of indices, so that the caller's array need not outlive the call.
    mutating func keep(_ indices: [UInt32]) -> UnsafePointer<UInt32> {
        let copy = arena.take(UInt32.self, count: indices.count)
        indices.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { copy.update(from: start, count: source.count) }
        }
        return UnsafePointer(copy)
    }

    /// Indices for this step that the caller writes at once: `count` entries.
    mutating func indices(_ count: Int) -> UnsafeMutablePointer<UInt32> { arena.take(UInt32.self, count: count) }

    /// The value's gradient to add to, zero when nothing was added before; nil when nobody needs it.
    mutating func gradientToAdd(_ value: Value) -> UnsafeMutablePointer<Number>? {
        let index = Int(value.index)
        if !nodes[index].needsGradient { return nil }
        if let gradient = nodes[index].gradient { return gradient }
        let gradient = arena.take(Number.self, count: nodes[index].count)
        gradient.update(repeating: 0, count: nodes[index].count)
        nodes[index].gradient = gradient
        return gradient
    }

    /// As `gradientToAdd`, but says when the caller must write all of it instead of adding.
    mutating func gradientToWrite(
        _ value: Value
    ) -> (gradient: UnsafeMutablePointer<Number>, isFresh: Bool)? {
        let index = Int(value.index)
        if !nodes[index].needsGradient { return nil }
        if let gradient = nodes[index].gradient { return (gradient, false) }
        let gradient = arena.take(Number.self, count: nodes[index].count)
        nodes[index].gradient = gradient
        return (gradient, true)
    }

    /// d x += change, for the first `rows` rows. Where x has nothing yet and no more rows, it takes over `change`
    /// itself: whoever calls has no more use for it.
    mutating func passOn(_ change: UnsafeMutablePointer<Number>, rows: Int, to x: Value) {
        let index = Int(x.index)
        if nodes[index].needsGradient, nodes[index].gradient == nil, nodes[index].rows == rows {
            nodes[index].gradient = change
            return
        }
        guard let target = gradientToAdd(x) else { return }
        for entry in 0..<rows * nodes[index].columns { target[entry] += change[entry] }
    }

    /// Walks over the products recorded: their input, their weights, and how many rows they have.
    func forEachProduct(_ body: (Value, Value, Int) -> Void) {
        for operation in operations {
            if case .product(let x, let weights, let result, _) = operation { body(x, weights, node(result).rows) }
        }
    }

    // MARK: Backward

    /// Carries the gradient of the loss, which the loss put on its input, to every leaf and parameter.
    mutating func backward() {
        for index in operations.indices.reversed() {
            probe?(operations[index].phase.back)
            backward(operations[index])
        }
    }

    private mutating func append(_ node: Node) -> Value {
        nodes.append(node)
        return Value(index: Int32(nodes.count - 1))
    }
}

/// What a tape remembers of each operation: its operands, and what its backward needs beside them.
enum Operation<Number: Scalar> {
    case start(LayerStart)
    case product(Value, Value, result: Value, start: LayerStart?)
    case add(Value, to: Value)
    case gather(Value, rows: UnsafePointer<UInt32>, result: Value)
    case kindWeights(KindWeights)
    case hear(Hearing<Number>)
    case layerNorm(LayerNorm<Number>)
    case dropout(Dropout, Value)
    case exponential(Value)
    case compare(Comparison)
    case attend(Attention<Number>)
}

extension Tape {
    fileprivate mutating func backward(_ operation: Operation<Number>) {
        switch operation {
        case .start(let start): startBackward(start)
        case .product(let x, let weights, let result, let start): productBackward(x, weights, result, start: start)
        case .add(let x, let sum): addBackward(x, to: sum)
        case .gather(let x, let rows, let result): gatherBackward(x, rows, result)
        case .kindWeights(let kept): kindWeightsBackward(kept)
        case .hear(let hearing): hearBackward(hearing)
        case .layerNorm(let norm): layerNormBackward(norm)
        case .dropout(let dropout, let x): dropoutBackward(dropout, x)
        case .exponential(let x): exponentialBackward(x)
        case .compare(let comparison): compareBackward(comparison)
        case .attend(let attention): attendBackward(attention)
        }
    }
}

extension Operation {
    fileprivate var phase: StepPhase {
        switch self {
        case .product: .product
        case .start: .features
        case .hear: .gather
        default: .other
        }
    }
}

extension StepPhase {
    fileprivate var back: StepPhase {
        switch self {
        case .product: .productBack
        case .features: .featuresBack
        case .gather: .gatherBack
        default: .otherBack
        }
    }
}

/// Runs `body` over blocks of `size` rows on the pool. The split depends on the sizes alone.
func forEachBlock(of rows: Int, size: Int, on pool: ComputePool, _ body: @Sendable (Range<Int>) -> Void) {
    let blocks = (rows + size - 1) / size
    pool.forEach(blocks) { block in body(block * size..<min((block + 1) * size, rows)) }
}
