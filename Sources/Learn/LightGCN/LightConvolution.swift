// Light graph convolution (He et al., "LightGCN", SIGIR 2020): x[l + 1] = D^-1/2 A D^-1/2 x[l], and the mean of all
// layers is the result. Three observations make it fast, all exact:
//
// 1. With z = D^-1/2 x a product needs no weights: z'[t] = (sum of z over t's neighbors) / degree(t). So the inner
//    loop is nothing but loads and adds, and tables can be stored in half the bytes.
// 2. A loss looks at few rows. The last layer is computed for those alone, and the first product of the way back
//    gathers from those alone; and the sum over layers is taken only there.
// 3. A is symmetric, so the way back is the same product: gradient = G + P(G + P(G + P G)) for three layers, P the
//    normalized links. Its last product hands each row over as soon as it is summed, so the optimizer's pass is the
//    same pass, and the gradient never lies in memory.

import Basics
import Linalg

/// Vertices whose results a step looks at, each once.
struct ActiveRows: Sendable {
    private(set) var vertices: [UInt32] = []
    /// Position in `vertices`, or -1.
    private(set) var slots: [Int32]

    init(vertexCount: Int) { slots = [Int32](repeating: -1, count: vertexCount) }

    mutating func removeAll() {
        for vertex in vertices { slots[Int(vertex)] = -1 }
        vertices.removeAll(keepingCapacity: true)
    }

    /// The position of a vertex, added where it is new.
    mutating func insert(_ vertex: UInt32) -> Int {
        if slots[Int(vertex)] >= 0 { return Int(slots[Int(vertex)]) }
        slots[Int(vertex)] = Int32(vertices.count)
        vertices.append(vertex)
        return vertices.count - 1
    }
}

/// A layered graph model between its embeddings and a loss.
protocol LightEncoder: AnyObject {
    /// The embeddings, [vertices, dimensions]. After a change from outside, `refresh` must be called.
    var embeddings: VertexTable<Float> { get }
    func refresh(_ pool: ComputePool)
    /// The model's result for `vertices`, row by row into `results`.
    func results(of vertices: [UInt32], into results: VertexTable<Float>, _ pool: ComputePool)
    /// Goes back from the gradient of the active rows' results to that of all embeddings. `finish` is called once a
    /// vertex with its gradient and may change its embedding; it must not look at others. Then refreshes.
    func back(
        _ gradient: VertexTable<Float>, _ active: ActiveRows, _ pool: ComputePool,
        finish: @Sendable (_ vertex: Int, _ gradient: UnsafeMutablePointer<Float>) -> Void)
    /// What the model has besides embeddings, which says nothing of single vertices, and its moments; empty where it
    /// has nothing.
    var shared: [Float] { get set }
    var sharedMoments: Moments { get set }
    /// Moves it by the gradient of the last way back.
    func moveShared(_ step: AdamStep)
}

/// LightGCN with tables stored as `Storage`; embeddings, sums and gradients stay Float.
final class LightConvolution<Storage: StoredNumber>: LightEncoder {
    let embeddings: VertexTable<Float>
    private let links: VertexLinks
    private let layers: Int
    private let d: Int
    /// z of layers 0..<layers; on the way back the same memory holds the partial gradients.
    private let tables: [VertexTable<Storage>]
    /// What the first product of the way back gathers: the active rows' gradients, by slot.
    private var compact: VertexTable<Storage>
    private let activeLinks: ActiveLinks
    /// The part of a layer in the result times 1 / sqrt(degree).
    private let shares: [Float]
    /// Whether `tables` hold the layers of the present embeddings.
    private var isPropagated = false

    init(_ links: VertexLinks, dimensions: Int, layers: Int) {
        precondition(layers >= 0 && dimensions > 0, "a convolution has layers and columns")
        (self.links, self.layers, d) = (links, layers, dimensions)
        embeddings = VertexTable(rows: links.vertexCount, columns: d)
        tables = (0..<layers).map { _ in VertexTable(rows: links.vertexCount, columns: dimensions) }
        compact = VertexTable(rows: 0, columns: d)
        activeLinks = ActiveLinks(links)
        shares = links.inverseRoots.map { $0 / Float(layers + 1) }
    }

    func moveShared(_ step: AdamStep) {}

    var shared: [Float] {
        get { [] }
        set { precondition(newValue.isEmpty, "a light convolution shares nothing") }
    }

    var sharedMoments: Moments {
        get { Moments(count: 0) }
        set { precondition(newValue.first.isEmpty, "a light convolution shares nothing") }
    }

    func refresh(_ pool: ComputePool) {
        isPropagated = false
        guard let first = tables.first?.view else { return }
        let (embeddings, links, d) = (embeddings.view, links, d)
        pool.forEachPiece(of: links.vertexCount) { piece in
            for vertex in piece {
                Storage.store(embeddings[vertex], scale: links.inverseRoots[vertex], to: first[vertex], columns: d)
            }
        }
    }

    func results(of vertices: [UInt32], into results: VertexTable<Float>, _ pool: ComputePool) {
        if !isPropagated {
            for (table, next) in zip(tables, tables.dropFirst()) {
                links.multiply(
                    table, columns: d, 0..<links.vertexCount, scales: links.inverseDegrees, into: next, pool)
            }
        }
        isPropagated = true
        let (embeddings, results, roots, d) = (embeddings.view, results.view, links.inverseRoots, d)
        let (layers, last, share) = (tables.dropFirst().map(\.view), tables.last?.view, 1 / Float(layers + 1))
        links.withLists { lists in
            pool.forEachPiece(of: vertices.count) { piece in
                var sum = [Float](repeating: 0, count: d)
                for index in piece {
                    // The optimizer's pass has driven the embeddings out of the caches.
                    if index + 4 < piece.upperBound { prefetchRow(embeddings[Int(vertices[index + 4])], columns: d) }
                    let (vertex, row) = (Int(vertices[index]), results[index])
                    Float.store(embeddings[vertex], scale: share, to: row, columns: d)
                    let root = roots[vertex]
                    guard root > 0, let last else { continue }
                    for layer in layers { Storage.add(layer[vertex], scale: share / root, to: row, columns: d) }
                    let (first, count) = lists.list(vertex)
                    Storage.sumRows(last.base, columns: d, first, count: count, into: &sum)
                    Float.add(sum, scale: share * root, to: row, columns: d)
                }
            }
        }
    }

    func back(
        _ gradient: VertexTable<Float>, _ active: ActiveRows, _ pool: ComputePool,
        finish: @Sendable (_ vertex: Int, _ gradient: UnsafeMutablePointer<Float>) -> Void
    ) {
        isPropagated = false
        if layers == 0 {
            finishRows(nil, nil, gradient, active, pool, finish)
            return
        }
        pack(gradient, active, pool)
        activeLinks.choose(links, active, pool)
        var (source, isFirst) = (compact, true)
        links.withLists { all in
            for table in tables.dropFirst() {
                let lists = isFirst ? activeLinks.lists : all
                multiply(source, lists, gradient, active, into: table, pool)
                (source, isFirst) = (table, false)
            }
            finishRows(source, isFirst ? activeLinks.lists : all, gradient, active, pool, finish)
        }
    }

    /// One product of the way back: table = D^-1 A source + what the loss says of this layer.
    private func multiply(
        _ source: VertexTable<Storage>, _ lists: RowLists, _ gradient: VertexTable<Float>, _ active: ActiveRows,
        into table: VertexTable<Storage>, _ pool: ComputePool
    ) {
        let (from, values, to, d) = (source.view, gradient.view, table.view, d)
        let (shares, degrees) = (shares, links.inverseDegrees)
        pool.forEachPiece(of: links.vertexCount) { piece in
            active.slots.withUnsafeBufferPointer { slots in
                shares.withUnsafeBufferPointer { shares in
                    degrees.withUnsafeBufferPointer { degrees in
                        guard let slots = slots.baseAddress, let shares = shares.baseAddress,
                            let degrees = degrees.baseAddress
                        else { return }
                        let addends = RowAddends(slots: slots, values: values.base, scales: shares)
                        Storage.multiplyRows(
                            from.base, columns: d, lists, piece, scales: degrees, adding: addends, into: to.base)
                    }
                }
            }
        }
    }

    /// The last product, row by row into `finish`, and the stored row of the embedding as that leaves it. Without a
    /// source nothing comes from neighbors.
    private func finishRows(
        _ source: VertexTable<Storage>?, _ lists: RowLists?, _ gradient: VertexTable<Float>, _ active: ActiveRows,
        _ pool: ComputePool, _ finish: @Sendable (_ vertex: Int, _ gradient: UnsafeMutablePointer<Float>) -> Void
    ) {
        let (embeddings, gradient, first, source) = (embeddings.view, gradient.view, tables.first?.view, source?.view)
        let (roots, d, share) = (links.inverseRoots, d, 1 / Float(layers + 1))
        pool.forEachPiece(of: links.vertexCount) { piece in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: d) { buffer in
                guard let row = buffer.baseAddress else { return }
                for vertex in piece {
                    let root = roots[vertex]
                    if let source, let lists {
                        let (start, count) = lists.list(vertex)
                        Storage.sumRows(source.base, columns: d, start, count: count, into: row)
                        for column in 0..<d { row[column] *= root }
                    } else {
                        row.update(repeating: 0, count: d)
                    }
                    let slot = Int(active.slots[vertex])
                    if slot >= 0 { Float.add(gradient[slot], scale: share, to: row, columns: d) }
                    finish(vertex, row)
                    if let first { Storage.store(embeddings[vertex], scale: root, to: first[vertex], columns: d) }
                }
            }
        }
    }

    /// Stores the active rows' gradients as the first product gathers them.
    private func pack(_ gradient: VertexTable<Float>, _ active: ActiveRows, _ pool: ComputePool) {
        if compact.rows < active.vertices.count { compact = VertexTable(rows: gradient.rows, columns: d) }
        let (shares, gradient, compact, d) = (shares, gradient.view, compact.view, d)
        pool.forEachPiece(of: active.vertices.count) { piece in
            for slot in piece {
                Storage.store(
                    gradient[slot], scale: shares[Int(active.vertices[slot])], to: compact[slot], columns: d)
            }
        }
    }
}
