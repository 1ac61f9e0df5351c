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
    /// Moves what the model has besides embeddings by the gradient of the last way back.
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
    /// Whether `tables` hold the layers of the present embeddings.
    private var isPropagated = false

    init(_ links: VertexLinks, dimensions: Int, layers: Int) {
        precondition(layers >= 0 && dimensions > 0, "a convolution has layers and columns")
        (self.links, self.layers, d) = (links, layers, dimensions)
        embeddings = VertexTable(rows: links.vertexCount, columns: d)
        tables = (0..<layers).map { _ in VertexTable(rows: links.vertexCount, columns: dimensions) }
        compact = VertexTable(rows: 0, columns: d)
    }

    func moveShared(_ step: AdamStep) {}

    func refresh(_ pool: ComputePool) {
        isPropagated = false
        guard let first = tables.first else { return }
        let (embeddings, links, d) = (embeddings, links, d)
        pool.forEachPiece(of: links.vertexCount) { piece in
            for vertex in piece {
                Storage.store(embeddings[vertex], scale: links.inverseRoots[vertex], to: first[vertex], columns: d)
            }
        }
    }

    func results(of vertices: [UInt32], into results: VertexTable<Float>, _ pool: ComputePool) {
        if !isPropagated { propagate(pool) }
        isPropagated = true
        let (embeddings, links, tables, d) = (embeddings, links, tables, d)
        let share = 1 / Float(layers + 1)
        pool.forEachPiece(of: vertices.count) { piece in
            var sum = [Float](repeating: 0, count: d)
            for index in piece {
                // The optimizer's pass has driven the embeddings out of the caches.
                if index + 4 < piece.upperBound { prefetchRow(embeddings[Int(vertices[index + 4])], columns: d) }
                let (vertex, row) = (Int(vertices[index]), results[index])
                row.update(repeating: 0, count: d)
                Float.add(embeddings[vertex], scale: share, to: row, columns: d)
                let root = links.inverseRoots[vertex]
                guard root > 0, let last = tables.last else { continue }
                for table in tables.dropFirst() {
                    Storage.add(table[vertex], scale: share / root, to: row, columns: d)
                }
                sumNeighbors(links, vertex, last, &sum)
                Float.add(sum, scale: share * root, to: row, columns: d)
            }
        }
    }

    /// All layers but the last.
    private func propagate(_ pool: ComputePool) {
        let (links, d) = (links, d)
        for (table, next) in zip(tables, tables.dropFirst()) {
            pool.forEachPiece(of: links.vertexCount) { piece in
                var sum = [Float](repeating: 0, count: d)
                for vertex in piece {
                    let root = links.inverseRoots[vertex]
                    sumNeighbors(links, vertex, table, &sum)
                    Storage.store(sum, scale: root * root, to: next[vertex], columns: d)
                }
            }
        }
    }

    func back(
        _ gradient: VertexTable<Float>, _ active: ActiveRows, _ pool: ComputePool,
        finish: @Sendable (_ vertex: Int, _ gradient: UnsafeMutablePointer<Float>) -> Void
    ) {
        let (embeddings, links, d, first, layers) = (embeddings, links, d, tables.first, layers)
        let share = 1 / Float(layers + 1)
        pack(gradient, active, share, pool)
        for layer in 1..<max(layers + 1, 2) {
            let source = layer == 1 ? nil : tables[layer - 1]
            let next = layer < layers ? tables[layer] : nil
            let compact = compact
            pool.forEachPiece(of: links.vertexCount) { piece in
                var (sum, near) = ([Float](repeating: 0, count: d), [UInt32](repeating: 0, count: links.roomForRow))
                for vertex in piece {
                    let root = links.inverseRoots[vertex]
                    if layers == 0 {
                        for column in 0..<d { sum[column] = 0 }
                    } else if let source {
                        sumNeighbors(links, vertex, source, &sum)
                    } else {
                        sumActive(links, vertex, active, compact, &near, &sum)
                    }
                    sum.withUnsafeMutableBufferPointer { buffer in
                        guard let row = buffer.baseAddress else { return }
                        for column in 0..<d { row[column] *= root }
                        let slot = Int(active.slots[vertex])
                        if slot >= 0 { Float.add(gradient[slot], scale: share, to: row, columns: d) }
                        if let next {
                            Storage.store(row, scale: root, to: next[vertex], columns: d)
                            return
                        }
                        finish(vertex, row)
                        if let first { Storage.store(embeddings[vertex], scale: root, to: first[vertex], columns: d) }
                    }
                }
            }
        }
        isPropagated = false
    }

    /// Stores the active rows' gradients as the first product gathers them.
    private func pack(_ gradient: VertexTable<Float>, _ active: ActiveRows, _ share: Float, _ pool: ComputePool) {
        if layers == 0 { return }
        if compact.rows < active.vertices.count { compact = VertexTable(rows: gradient.rows, columns: d) }
        let (links, compact, d) = (links, compact, d)
        pool.forEachPiece(of: active.vertices.count) { piece in
            for slot in piece {
                let scale = share * links.inverseRoots[Int(active.vertices[slot])]
                Storage.store(gradient[slot], scale: scale, to: compact[slot], columns: d)
            }
        }
    }
}

/// sum = Σ table[slot of n] over the neighbors n of a vertex that are active. `near` has room for a row of links.
@inline(__always)
private func sumActive<Storage: StoredNumber>(
    _ links: VertexLinks, _ vertex: Int, _ active: ActiveRows, _ table: VertexTable<Storage>, _ near: inout [UInt32],
    _ sum: inout [Float]
) {
    let columns = sum.count
    sum.withUnsafeMutableBufferPointer { sum in
        near.withUnsafeMutableBufferPointer { near in
            guard let target = sum.baseAddress, let chosen = near.baseAddress else { return }
            var count = 0
            for index in links.range(of: vertex) {
                let slot = active.slots[Int(links.neighbors[index])]
                // Without a branch, which would be guessed wrongly again and again.
                chosen[count] = UInt32(bitPattern: slot)
                count += slot < 0 ? 0 : 1
            }
            // What is read ahead must be rows that exist.
            if count == 0 {
                target.update(repeating: 0, count: columns)
                return
            }
            for ahead in count..<count + rowsAhead { chosen[ahead] = chosen[0] }
            Storage.sumRows(table.base, columns: columns, chosen, count: count, into: target)
        }
    }
}

/// sum = Σ table[n] over the neighbors n of a vertex.
@inline(__always)
func sumNeighbors<Storage: StoredNumber>(
    _ links: VertexLinks, _ vertex: Int, _ table: VertexTable<Storage>, _ sum: inout [Float]
) {
    let range = links.range(of: vertex)
    let columns = sum.count
    links.neighbors.withUnsafeBufferPointer { neighbors in
        sum.withUnsafeMutableBufferPointer { sum in
            guard let base = neighbors.baseAddress, let target = sum.baseAddress else { return }
            Storage.sumRows(table.base, columns: columns, base + range.lowerBound, count: range.count, into: target)
        }
    }
}
