/// How the bytes of a file are packed.
package enum Compression: String, CaseIterable, Sendable {
    case none, gzip, zstd

    /// What a file's name gains: "", ".gz", ".zst".
    package var suffix: String {
        switch self {
        case .none: ""
        case .gzip: ".gz"
        case .zstd: ".zst"
        }
    }

    /// What a file's name says.
    package init(path: String) {
        self = Self.allCases.last { $0 != .none && path.hasSuffix($0.suffix) } ?? .none
    }

    /// What a file's first bytes say.
    package init(magic: some Sequence<UInt8>) {
        let start = Array(magic.prefix(4))
        if start.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if start == [0x28, 0xB5, 0x2F, 0xFD] {
            self = .zstd
        } else {
            self = .none
        }
    }
}
