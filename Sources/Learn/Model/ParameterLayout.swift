// All shared weights are one vector, so that a round can send, average and store them without knowing what they
// are. The layout says which part is which matrix, and how each starts.

import Basics
import Glibc
import Graph

/// One matrix inside the parameter vector.
struct ParameterBlock: Sendable {
    let offset: Int
    let rows: Int
    let columns: Int
    let start: Start

    /// What a matrix holds before training.
    enum Start: Sendable {
        case constant(Float)
        /// Uniform within ±sqrt(6 / (inputs + outputs)); Glorot and Bengio, 2010, equation 16.
        case glorot(inputs: Int, outputs: Int)
        case normal(deviation: Float)
        /// A square matrix, zero but for its diagonal.
        case diagonal(Float)
    }

    var count: Int { rows * columns }
    var range: Range<Int> { offset..<offset + count }
}

/// Hands out blocks one after the other.
struct ParameterAllocator {
    private(set) var blocks: [ParameterBlock] = []
    private(set) var count = 0

    mutating func take(_ rows: Int, _ columns: Int, _ start: ParameterBlock.Start) -> ParameterBlock {
        let block = ParameterBlock(offset: count, rows: rows, columns: columns, start: start)
        blocks.append(block)
        count += block.count
        return block
    }

    /// Weights of a layer of their own.
    mutating func weights(_ rows: Int, _ columns: Int) -> ParameterBlock {
        take(rows, columns, .glorot(inputs: rows, outputs: columns))
    }

    mutating func row(_ columns: Int, _ value: Float) -> ParameterBlock { take(1, columns, .constant(value)) }
}

/// An embedding of one feature column and the weights that carry it into an encoder's hidden layer.
struct TableBlocks: Sendable {
    /// Feature column that holds the row number.
    let column: Int
    let table: ParameterBlock
    let weights: ParameterBlock
    /// Carries it past the hidden layer, see `EncoderBlocks.straight`.
    let straight: ParameterBlock?
}

/// Feature row -> hidden layer -> embedding, normalized.
struct EncoderBlocks: Sendable {
    let tables: [TableBlocks]
    /// Feature columns that are quantities.
    let quantities: [Range<Int>]
    let features: ParameterBlock
    let hiddenBias: ParameterBlock
    let output: ParameterBlock
    let outputBias: ParameterBlock
    let norm: NormBlocks
    /// Features to the embedding: what resembles each other in features does so in embeddings from the first step on.
    let straight: ParameterBlock?
    let straightBias: ParameterBlock?

    /// `tables` are (feature column, rows, width).
    init(
        _ allocator: inout ParameterAllocator, tables sizes: [(column: Int, rows: Int, width: Int)],
        quantities: [Range<Int>], _ configuration: GraphRecConfiguration
    ) {
        let hidden = configuration.encoderHidden
        let width = quantities.reduce(0) { $0 + $1.count }
        let inputs = sizes.reduce(width) { $0 + $1.width }
        var tables: [TableBlocks] = []
        for size in sizes {
            let table = allocator.take(size.rows, size.width, .normal(deviation: 0.1))
            let weights = allocator.take(size.width, hidden, .glorot(inputs: inputs, outputs: hidden))
            let straight = Self.straight(&allocator, size.width, configuration)
            tables.append(TableBlocks(column: size.column, table: table, weights: weights, straight: straight))
        }
        straight = Self.straight(&allocator, width, configuration)
        straightBias = configuration.passesStraight ? allocator.row(configuration.dimensions, 0) : nil
        self.tables = tables
        self.quantities = quantities
        features = allocator.take(width, hidden, .glorot(inputs: inputs, outputs: hidden))
        hiddenBias = allocator.row(hidden, 0)
        output = allocator.weights(hidden, configuration.dimensions)
        outputBias = allocator.row(configuration.dimensions, 0)
        norm = NormBlocks(&allocator, configuration.dimensions)
    }

    private static func straight(
        _ allocator: inout ParameterAllocator, _ width: Int, _ configuration: GraphRecConfiguration
    ) -> ParameterBlock? {
        if !configuration.passesStraight { return nil }
        return allocator.take(width, configuration.dimensions, .normal(deviation: 0.05))
    }
}

/// Gain and shift of a layer normalization.
struct NormBlocks: Sendable {
    let gain: ParameterBlock
    let shift: ParameterBlock

    /// Small at first, so that scores start near the places' biases and own embeddings are heard beside features.
    private static let startGain: Float = 0.1

    init(_ allocator: inout ParameterAllocator, _ columns: Int) {
        gain = allocator.row(columns, Self.startGain)
        shift = allocator.row(columns, 0)
    }
}

/// One relation of one layer: weights of its edges, and what becomes of the mean of its messages.
struct RelationBlocks: Sendable {
    /// Edge features to the channels that an edge weight is the mean of.
    let edges: ParameterBlock
    let edgeBias: ParameterBlock
    let messages: ParameterBlock
    /// What is heard also goes on straight, since rectifying and normalizing forget signs and lengths.
    let straight: ParameterBlock?
    /// [dimensions, 1]; with `Aggregation.attention` only.
    let attention: ParameterBlock?

    init(
        _ allocator: inout ParameterAllocator, features: Int, straight start: Float,
        _ configuration: GraphRecConfiguration
    ) {
        edges = allocator.weights(features, configuration.edgeChannels)
        edgeBias = allocator.row(configuration.edgeChannels, 1)
        messages = allocator.weights(configuration.dimensions, configuration.dimensions)
        straight =
            configuration.passesStraight
            ? allocator.take(configuration.dimensions, configuration.dimensions, .diagonal(start)) : nil
        attention =
            configuration.aggregation == .attention
            ? allocator.take(configuration.dimensions, 1, .constant(0)) : nil
    }
}

/// What a vertex does with itself in one layer.
struct SelfBlocks: Sendable {
    let weights: ParameterBlock
    let bias: ParameterBlock
    let norm: NormBlocks

    init(_ allocator: inout ParameterAllocator, _ dimensions: Int) {
        weights = allocator.weights(dimensions, dimensions)
        bias = allocator.row(dimensions, 0)
        norm = NormBlocks(&allocator, dimensions)
    }
}

/// One layer of message passing.
struct LayerBlocks: Sendable {
    let social: RelationBlocks
    let interacts: RelationBlocks
    let revInteracts: RelationBlocks
    let people: SelfBlocks
    let places: SelfBlocks

    init(_ allocator: inout ParameterAllocator, _ configuration: GraphRecConfiguration) {
        let (friends, visits) = (FriendshipColumns.count, VisitSignals.featureCount)
        social = RelationBlocks(&allocator, features: friends, straight: 0, configuration)
        interacts = RelationBlocks(&allocator, features: visits, straight: 0, configuration)
        // People start as the places they visited.
        revInteracts = RelationBlocks(&allocator, features: visits, straight: 0.5, configuration)
        people = SelfBlocks(&allocator, configuration.dimensions)
        places = SelfBlocks(&allocator, configuration.dimensions)
    }
}

/// A head over two vertices: [z_u, z_p, z_u ⊙ z_p, |z_u - z_p|, context] -> hidden layers -> one number.
struct HeadBlocks: Sendable {
    let person: ParameterBlock
    let place: ParameterBlock
    let product: ParameterBlock
    let distance: ParameterBlock
    let context: ParameterBlock
    let firstBias: ParameterBlock
    /// Weights and bias of each layer after the first; the last has one column and starts at zero.
    let layers: [(weights: ParameterBlock, bias: ParameterBlock)]

    /// Product, distance and context as the one matrix that they are, one behind the other.
    var pairs: ParameterBlock {
        ParameterBlock(
            offset: product.offset, rows: product.rows + distance.rows + context.rows, columns: product.columns,
            start: product.start)
    }

    init(_ allocator: inout ParameterAllocator, _ configuration: GraphRecConfiguration) {
        let (d, widths) = (configuration.dimensions, configuration.headHidden)
        let start = ParameterBlock.Start.glorot(
            inputs: 4 * d + configuration.contextDimensions, outputs: widths[0])
        person = allocator.take(d, widths[0], start)
        place = allocator.take(d, widths[0], start)
        product = allocator.take(d, widths[0], start)
        distance = allocator.take(d, widths[0], start)
        context = allocator.take(configuration.contextDimensions, widths[0], start)
        firstBias = allocator.row(widths[0], 0)
        var layers: [(weights: ParameterBlock, bias: ParameterBlock)] = []
        for (inputs, outputs) in zip(widths, widths.dropFirst()) {
            layers.append((allocator.weights(inputs, outputs), allocator.row(outputs, 0)))
        }
        layers.append((allocator.take(widths[widths.count - 1], 1, .constant(0)), allocator.row(1, 0)))
        self.layers = layers
    }
}

/// Where everything of a GraphRec stands in its parameter vector. The head comes last.
struct GraphRecLayout: Sendable {
    let people: EncoderBlocks
    let places: EncoderBlocks
    /// First the layer nearest the input.
    let layers: [LayerBlocks]
    let friends: FriendBlocks
    let head: HeadBlocks
    let headOffset: Int
    let count: Int
    let blocks: [ParameterBlock]

    init(_ configuration: GraphRecConfiguration) {
        var allocator = ParameterAllocator()
        let (city, neighborhood) = (configuration.cityBuckets, configuration.neighborhoodBuckets)
        people = EncoderBlocks(
            &allocator,
            tables: [(PersonColumns.city, city, 16), (PersonColumns.neighborhood, neighborhood, 32)],
            quantities: [2..<PersonColumns.count], configuration)
        places = EncoderBlocks(
            &allocator,
            tables: [
                (PlaceColumns.city, city, 16), (PlaceColumns.neighborhood, neighborhood, 32),
                (PlaceColumns.priceBand, 5, 8), (PlaceColumns.typicalSlot, 6, 8),
            ],
            quantities: [2..<PlaceColumns.priceBand, PlaceColumns.popularity], configuration)
        var layers: [LayerBlocks] = []
        for _ in configuration.fanouts { layers.append(LayerBlocks(&allocator, configuration)) }
        self.layers = layers
        friends = FriendBlocks(&allocator, configuration)
        headOffset = allocator.count
        head = HeadBlocks(&allocator, configuration)
        count = allocator.count
        blocks = allocator.blocks
    }
}
