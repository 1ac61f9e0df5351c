// swift-tools-version: 6.2
// One line per module, ground floor first: a module may import only modules of lower floors.
import PackageDescription

let environment = Context.environment

/// Code for the machine that builds it ("native"), or for every x86-64 of the last ten years.
let architecture = environment["MUSTER_ARCHITECTURE"] ?? "x86-64-v3"

let swift: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-Xcc", "-march=\(architecture)"]),
]

func module(_ name: String, _ below: [String] = []) -> Target {
    .target(name: name, dependencies: below.map { .byName(name: $0) }, swiftSettings: swift)
}

func program(_ name: String, at path: String, _ below: [String], excluding: [String] = []) -> Target {
    .executableTarget(
        name: name, dependencies: below.map { .byName(name: $0) }, path: path, exclude: excluding,
        swiftSettings: swift + [.unsafeFlags(["-parse-as-library"])])
}

func system(_ name: String) -> Target {
    .systemLibrary(name: name, path: "Sources/System/\(name)")
}

func tests(_ name: String, _ below: [String], excluding: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: below.map { .byName(name: $0) }, exclude: excluding, swiftSettings: swift)
}

let package = Package(
    name: "muster",
    targets: [
        // Floor 0: C libraries, each imported by exactly one module.
        system("COpenBLAS"),
        system("CRocksDB"),
        system("CZeroMQ"),
        system("CHiredis"),
        system("COpenSSL"),
        system("CMicroHTTP"),
        system("CRelaxed"),
        system("CInfluence"),
        system("CZlib"),
        system("CZstd"),
        system("CNLopt"),
        // Floor 1
        module("Basics"),
        module("Streams", ["CZlib", "CZstd"]),
        // Floor 2
        module("World", ["Basics", "Streams"]),
        module("Linalg", ["Basics", "COpenBLAS", "CRelaxed"]),
        module("Wire", ["Basics"]),
        module("Events", ["Basics"]),
        // Floor 3
        module("Graph", ["Basics", "World", "Linalg"]),
        module("Store", ["Basics", "World", "CRocksDB"]),
        module("Nearest", ["Basics", "Linalg"]),
        module("Transport", ["Basics", "Wire", "Events", "CZeroMQ", "CHiredis", "COpenSSL"]),
        module("Cluster", ["Basics", "Wire"]),
        module("Gateway", ["Basics", "Wire", "CMicroHTTP"]),
        // Floor 4
        module("Learn", ["Basics", "Linalg", "Graph"]),
        module("Influence", ["Basics", "Graph", "CInfluence"]),
        // Floor 5
        module("Plans", ["Basics", "World", "Graph", "Nearest", "Learn", "Influence", "CNLopt"]),
        // Floor 6
        module(
            "Shard",
            ["Basics", "World", "Wire", "Events", "Graph", "Store", "Nearest", "Learn", "Influence", "Plans"]),
        // Floor 7
        module("Courier", ["Basics", "Events", "Store", "Transport", "Shard"]),
        // Floor 8: the programs
        program(
            "muster-worker", at: "Worker",
            [
                "Basics", "World", "Linalg", "Wire", "Store", "Transport", "Learn", "Influence", "Shard", "Courier",
            ]),
        program(
            "muster-coordinator", at: "Coordinator",
            ["Basics", "Wire", "Events", "Cluster", "Store", "Transport", "Gateway", "Influence"]),
        program("muster-booking", at: "Booking", ["Basics", "Events", "Store", "Transport"]),
        program(
            "muster", at: "Sources/muster",
            [
                "Basics", "Streams", "World", "Linalg", "Wire", "Events", "Nearest", "Transport", "Learn", "Shard",
            ]),
        program(
            "muster-bench", at: "Benchmarks",
            [
                "Basics", "Streams", "World", "Linalg", "Wire", "Events", "Graph", "Store", "Nearest", "Transport",
                "Cluster", "Learn", "Influence", "Plans", "Shard", "Courier", "Gateway",
            ],
            excluding: ["chaos-cluster", "estimate-jobs", "peers", "serve-cluster"]),
        // Counts what a test asks the allocator for.
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        // Tests, in the same order
        tests("Basics", ["Basics"]),
        tests("Streams", ["Streams"]),
        tests("World", ["World", "Streams", "Basics"]),
        tests("Linalg", ["Linalg", "Basics"]),
        tests("Wire", ["Wire", "Basics"]),
        tests("Events", ["Events", "Basics"]),
        tests("Graph", ["Graph", "World", "Basics"]),
        tests("Store", ["Store", "World", "Basics"]),
        tests("Nearest", ["Nearest", "Basics"]),
        tests("Transport", ["Transport", "Events", "Wire", "Basics"]),
        tests("Cluster", ["Cluster", "Wire", "Basics"], excluding: ["Transcripts"]),
        tests("Gateway", ["Gateway", "Basics"]),
        tests("Learn", ["Learn", "Graph", "World", "Linalg", "Basics", "CAllocations"], excluding: ["Fixtures"]),
        tests("Influence", ["Influence", "Graph", "World", "Basics"]),
        tests(
            "Plans", ["Plans", "Influence", "Learn", "Nearest", "Graph", "World", "Basics"],
            excluding: ["Transcripts"]),
        tests(
            "Shard",
            ["Shard", "Plans", "Cluster", "Nearest", "Learn", "Events", "Graph", "Store", "Wire", "World", "Basics"]),
        // Real processes, and the rules of the house
        tests("Courier", ["Courier", "Shard", "Plans", "Events", "Store", "Transport", "Wire", "World", "Basics"]),
        tests(
            "Integration",
            [
                "Transport", "Events", "Graph", "Influence", "World", "Basics", "muster", "muster-coordinator",
                "muster-worker",
                "muster-booking",
            ]),
        tests("Tidy", ["Basics"]),
    ],
    swiftLanguageModes: [.v6]
)
