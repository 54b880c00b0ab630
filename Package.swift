// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The house rules of reference/style.md F.2: every warning is an error, unsafe code is marked.
let house: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// Tests check behaviour, not memory rules: they may use pointers without ceremony.
let testHouse: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

func area(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: testHouse)
}

var products: [Product] = [
    .executable(name: "banyan", targets: ["Banyan"]),
    .executable(name: "banyan-bench", targets: ["Bench"]),
]

var targets: [Target] = [
    // C
    .target(name: "CLinux"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CFyaml", pkgConfig: "libfyaml", providers: [.apt(["libfyaml-dev"])]),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
        name: "CBrotli",
        pkgConfig: "libbrotlidec",
        providers: [.apt(["libbrotli-dev"])]
    ),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(name: "CCAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
    .systemLibrary(
        name: "CNGHTTP2",
        pkgConfig: "libnghttp2",
        providers: [.apt(["libnghttp2-dev"])]
    ),
    // pure
    area("Bytes", ["CLinux"]),
    area("Documents", ["Bytes"]),
    area("Parity", ["Bytes", "Documents"]),
    area("Migration", ["Bytes", "Documents", "Parity"]),
    // mechanisms: none knows another
    area("Wire", ["Bytes", "CNGHTTP2"]),
    area("Kernel", ["Bytes", "CLinux"]),
    area(
        "Store",
        ["Bytes", "Documents", "Migration", "Parity", "CSQLite", "COpenSSL", "CLinux"]
    ),
    area("TLS", ["Bytes", "COpenSSL", "CLinux"]),
    area("YAML", ["Bytes", "Documents", "CFyaml"]),
    area("Patterns", ["Bytes", "CPCRE2"]),
    area("Decode", ["Bytes", "Parity", "CZlib", "CBrotli", "CZstd", "CLibXML2"]),
    area("Names", ["Bytes", "CCAres"]),
    // planes: they never import each other
    area("Proxy", ["Bytes", "Parity", "Migration", "Wire", "TLS", "Kernel", "Patterns"]),
    area(
        "Control",
        [
            "Bytes", "Documents", "Parity", "Migration", "Wire", "Kernel", "Store", "YAML",
            "Patterns", "Decode", "Names", "TLS",
        ]
    ),
    // programs
    .executableTarget(
        name: "Banyan",
        dependencies: [
            "Bytes", "Documents", "Parity", "Migration", "Wire", "Kernel", "Store", "YAML",
            "Patterns", "Decode", "Proxy", "Control", "TLS",
        ],
        swiftSettings: house
    ),
    .executableTarget(
        name: "Bench",
        dependencies: [
            "Bytes", "Documents", "Parity", "Migration", "Wire", "Kernel", "COpenSSL", "CLinux",
        ],
        swiftSettings: house
    ),
    // tables of hostile messages, shared by unit and acceptance tests
    .target(
        name: "Corpora",
        path: "Tests/Corpora",
        exclude: ["requests.txt", "responses.txt"],
        swiftSettings: testHouse
    ),
    // tests mirror Sources
    tests("BytesTests", ["Bytes"]),
    tests("DocumentsTests", ["Documents"]),
    tests("ParityTests", ["Parity", "Documents", "Bytes"]),
    tests("MigrationTests", ["Migration", "Bytes", "Documents"]),
    tests("WireTests", ["Wire", "Bytes", "Corpora"]),
    tests("KernelTests", ["Kernel", "Bytes"]),
    tests("StoreTests", ["Store", "Parity", "Migration", "Documents", "Bytes"]),
    tests("TLSTests", ["TLS", "Bytes", "COpenSSL"]),
    tests("YAMLTests", ["YAML", "Bytes", "Documents"]),
    tests("PatternsTests", ["Patterns", "Bytes"]),
    tests("DecodeTests", ["Decode", "Parity", "Documents", "Bytes"]),
    tests("NamesTests", ["Names", "Bytes", "Corpora"]),
    tests(
        "ProxyTests",
        [
            "Proxy", "Bytes", "Documents", "Parity", "Migration", "Wire", "Kernel", "Patterns",
            "Corpora",
        ]
    ),
    tests(
        "ControlTests",
        [
            "Control", "Parity", "Migration", "Documents", "Store", "Bytes", "Wire", "Kernel",
            "YAML", "Decode", "Names", "TLS", "Corpora",
        ]
    ),
    tests("BanyanTests", ["Banyan", "Control", "Parity", "Documents"]),
    tests("TidyTests", []),
    tests("AcceptanceTests", ["Documents", "Corpora"]),
]

// Fuzz targets need libFuzzer's runtime, so they exist only under FUZZ=1 (`make fuzz`).
if Context.environment["FUZZ"] == "1" {
    targets.append(
        .target(
            name: "FuzzDriver",
            dependencies: ["Bytes", "Wire"],
            path: "Sources/Fuzz/FuzzDriver",
            swiftSettings: house
        )
    )
    for (name, needs) in [
        ("FuzzRequestHead", ["Wire", "Bytes"]),
        ("FuzzResponseHead", ["Wire", "Bytes"]),
        ("FuzzWebSocket", ["Wire", "Bytes"]),
        ("FuzzChunked", ["Wire", "Bytes"]),
        ("FuzzFlagDocument", ["Migration", "Documents"]),
        ("FuzzParity", ["Parity"]),
        ("FuzzRouteFile", ["Bytes", "Control", "Documents", "Migration", "Patterns", "YAML"]),
        ("FuzzBodies", ["Decode", "Parity"]),
        ("FuzzH2Server", ["Wire", "Bytes"]),
        ("FuzzH2Client", ["Wire", "Bytes"]),
    ] {
        targets.append(
            .executableTarget(
                name: name,
                dependencies: (needs + ["FuzzDriver"]).map { .byName(name: $0) },
                path: "Sources/Fuzz/\(name)",
                swiftSettings: house
            )
        )
    }
}

let package = Package(
    name: "banyan",
    products: products,
    targets: targets,
    swiftLanguageModes: [.v6]
)
