import Basics
import Linalg

/// How the rows that messages carry are stored while they are gathered.
enum MessagePrecision: Sendable {
    /// As they are.
    case full
    /// In bfloat16, half the bytes: a relative error of 2^-9 an entry, while sums stay full. For Float and a multiple
    /// of 32 columns; others stay full.
    case half
}

/// Rows to gather from, in the memory of a step. Gathers are bound by the bytes they move.
struct MessageTable<Number: Scalar> {
    let columns: Int
    private let rows: UnsafeMutableRawPointer
    private let isHalf: Bool

    /// Whether rows of these columns can be halved at all.
    static func halves(_ precision: MessagePrecision, columns: Int) -> Bool {
        precision == .half && Number.self == Float.self && columns % 32 == 0
    }

    /// The given rows themselves.
    init(full rows: UnsafeMutablePointer<Number>, columns: Int) {
        (self.rows, self.columns, isHalf) = (UnsafeMutableRawPointer(rows), columns, false)
    }

    /// Room for rows in half precision: `memory` holds half as many numbers.
    init(half memory: UnsafeMutablePointer<Number>, columns: Int) {
        (rows, self.columns, isHalf) = (UnsafeMutableRawPointer(memory), columns, true)
    }

    /// Stores scale · values as a row. SAFETY: the row is the table's and the caller's alone.
    func store(_ values: UnsafePointer<Number>, scale: Number, row: Int) {
        if isHalf {
            HalfPair.store(Self.float(values), scale: Float(scale), to: halfRow(row), columns: columns)
            return
        }
        let target = rows.assumingMemoryBound(to: Number.self) + row * columns
        for column in 0..<columns { target[column] = scale * values[column] }
    }

    /// sum = Σ weights[i] · row(others[i]). SAFETY: as `MessageNumber.weighRows`.
    func weigh(
        _ others: UnsafePointer<UInt32>, _ weights: UnsafePointer<Number>, count: Int,
        into sum: UnsafeMutablePointer<Number>
    ) {
        if Number.self == Float.self {
            let (weights, sum) = (Self.float(weights), Self.float(sum))
            if isHalf {
                HalfPair.weighRows(halfRow(0), columns: columns, others, weights, count: count, into: sum)
            } else {
                Float.weighRows(
                    Self.float(UnsafePointer(full)), columns: columns, others, weights, count: count, into: sum)
            }
            return
        }
        sum.update(repeating: 0, count: columns)
        for index in 0..<count {
            let (row, weight) = (full + Int(others[index]) * columns, weights[index])
            for column in 0..<columns { sum[column] += weight * row[column] }
        }
    }

    /// sum += Σ weights[i] · row(others[i]); products[i] = row(others[i]) · x. SAFETY: as `MessageNumber.returnRows`.
    func giveBack(
        _ others: UnsafePointer<UInt32>, _ weights: UnsafePointer<Number>, count: Int, _ x: UnsafePointer<Number>,
        addingTo sum: UnsafeMutablePointer<Number>, products: UnsafeMutablePointer<Number>
    ) {
        if Number.self == Float.self {
            let (weights, x, sum, products) = (
                Self.float(weights), Self.float(x), Self.float(sum), Self.float(products)
            )
            if isHalf {
                HalfPair.returnRows(
                    halfRow(0), columns: columns, others, weights, count: count, x, addingTo: sum, products: products)
            } else {
                Float.returnRows(
                    Self.float(UnsafePointer(full)), columns: columns, others, weights, count: count, x, addingTo: sum,
                    products: products)
            }
            return
        }
        for index in 0..<count {
            let (row, weight) = (full + Int(others[index]) * columns, weights[index])
            var product: Number = 0
            for column in 0..<columns {
                sum[column] += weight * row[column]
                product += row[column] * x[column]
            }
            products[index] = product
        }
    }

    private var full: UnsafeMutablePointer<Number> { rows.assumingMemoryBound(to: Number.self) }

    private func halfRow(_ row: Int) -> UnsafeMutablePointer<HalfPair> {
        rows.assumingMemoryBound(to: HalfPair.self) + row * HalfPair.elements(columns: columns)
    }

    // SAFETY: called only where Number is Float.
    private static func float(_ pointer: UnsafePointer<Number>) -> UnsafePointer<Float> {
        UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
    }

    private static func float(_ pointer: UnsafeMutablePointer<Number>) -> UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Float.self)
    }
}
