// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that nobody who builds Onsale builds this.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "onsale", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    ],
    targets: [
        .executableTarget(
            name: "bench",
            dependencies: [
                .product(name: "OnsaleValues", package: "onsale"),
                .product(name: "OnsaleSale", package: "onsale"),
                .product(name: "OnsaleEngine", package: "onsale"),
                .product(name: "OnsaleStorage", package: "onsale"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]),
        .executableTarget(
            name: "echo-server", dependencies: [.product(name: "Hummingbird", package: "hummingbird")]),
    ]
)
