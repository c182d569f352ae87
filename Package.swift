// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let serviceLifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")

// The simulation of nodes is a test like others, and with this a program that can be built for release.
let isSimulating = Context.environment["ONSALE_SIMULATION"] != nil
let simulated: [Target.Dependency] = [
    "Doubles", "OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleOwnership", "OnsaleEngine", "Seeded", logging,
]

let package = Package(
    name: "onsale",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "onsale", targets: ["onsale"]),
        // Libraries for the benchmarks' package alone.
        .library(name: "OnsaleValues", targets: ["OnsaleValues"]),
        .library(name: "OnsaleSale", targets: ["OnsaleSale"]),
        .library(name: "OnsaleEngine", targets: ["OnsaleEngine"]),
        .library(name: "OnsaleStorage", targets: ["OnsaleStorage"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // The pure ones import no Foundation, NIO, clock or randomness; the draw needs SHA-256.
        .target(name: "OnsaleValues", swiftSettings: strict),
        .target(name: "Seeded", swiftSettings: strict),
        .target(name: "OnsaleOwnership", dependencies: ["OnsaleValues"], swiftSettings: strict),
        .target(name: "OnsaleCorrelation", dependencies: [tracing, logging], swiftSettings: strict),
        .target(
            name: "OnsaleTelemetry",
            dependencies: [
                "OnsaleCorrelation", .target(name: "CMalloc", condition: .when(platforms: [.linux])), metrics, tracing,
                logging,
                asyncHTTPClient, serviceLifecycle,
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(name: "OnsaleSale", dependencies: ["OnsaleValues", deque, heap], swiftSettings: strict),
        .target(
            name: "OnsaleWaitingRoom",
            dependencies: ["OnsaleValues", crypto, deque, heap],
            swiftSettings: strict),
        .target(
            name: "OnsaleEngine",
            dependencies: [
                "OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleOwnership", "OnsaleCorrelation", crypto,
                logging, tracing, deque, heap,
            ],
            swiftSettings: strict),
        .target(name: "OnsaleBus", dependencies: ["OnsaleValues", deque, logging], swiftSettings: strict),
        .target(name: "OnsaleMigrations", swiftSettings: strict),
        // The migrations are a target too, so that they come along, in a folder as Flyway wants it.
        .target(
            name: "OnsaleSchema", dependencies: ["OnsaleMigrations"], path: "db", sources: ["OnsaleSchema.swift"],
            resources: [.copy("migration"), .copy("services")], swiftSettings: strict),
        .target(
            name: "OnsaleTables",
            dependencies: [
                "OnsaleValues", "OnsaleBus", "OnsaleMigrations", "OnsalePostgres", logging,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "OnsaleSettlement",
            dependencies: ["OnsaleValues", "OnsaleBus", "OnsaleMigrations", "OnsaleTables", logging],
            swiftSettings: strict),
        .target(
            name: "OnsaleEligibility",
            dependencies: [
                "OnsaleValues", "OnsaleBus", "OnsaleMigrations", "OnsaleTables", crypto, deque, heap, logging,
                asyncHTTPClient,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "OnsaleStorage",
            dependencies: [
                "OnsaleValues", "OnsaleOwnership", "OnsaleEngine", "OnsaleMigrations", "OnsaleSchema", "OnsalePostgres",
                "OnsaleTables", crypto, logging, metrics,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        // Its flag about threads makes a harmless warning.
        .systemLibrary(
            name: "CPango", pkgConfig: "pangocairo", providers: [.apt(["libpango1.0-dev"]), .brew(["pango"])]),
        .target(name: "OnsaleQR", swiftSettings: strict),
        .target(
            name: "OnsaleDocuments",
            dependencies: [
                "OnsaleValues", "OnsaleBus", "OnsaleMigrations", "OnsaleTables", "OnsaleQR", "CPango", "CZlib",
                crypto, logging, .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "OnsaleSignIn", dependencies: ["OnsaleValues", "OnsaleMigrations", "OnsaleTables", crypto],
            swiftSettings: strict),
        .target(
            name: "OnsaleAccounts", dependencies: ["OnsaleValues", "OnsaleMigrations", "OnsaleTables", crypto],
            swiftSettings: strict),
        .target(
            name: "OnsaleRelay",
            dependencies: [
                "OnsaleValues", "OnsaleSale", "OnsaleEngine", "OnsaleBus", "OnsaleMigrations", "OnsaleTables", logging,
            ],
            swiftSettings: strict),
        .target(
            name: "OnsaleWebhooks",
            dependencies: [
                "OnsaleValues", "OnsaleBus", "OnsaleMigrations", "OnsaleTables", crypto, logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        .target(
            name: "OnsaleHistory", dependencies: ["OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleEngine"],
            swiftSettings: strict),
        .target(
            name: "OnsaleMonitoring",
            dependencies: [
                "OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleEngine", "OnsaleStreams", "OnsaleCorrelation",
                "OnsaleTelemetry", metrics, tracing,
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(name: "CEpoll"),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(
            name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(name: "OnsalePostgres", dependencies: ["CPostgres"], swiftSettings: strict),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(
            name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"]), .brew(["qrencode"])]),
        // Its flag about large files makes a harmless warning.
        .systemLibrary(
            name: "CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]),
        .target(name: "OnsaleRedis", dependencies: ["CHiredis", logging, deque], swiftSettings: strict),
        .systemLibrary(
            name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]),
        .target(
            name: "OnsaleKafka", dependencies: ["OnsaleValues", "OnsaleBus", "CRdKafka", logging, deque],
            swiftSettings: strict),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .target(
            name: "OnsaleMail",
            dependencies: [
                "OnsaleValues", "OnsaleBus", "OnsaleMigrations", "OnsaleTables", "CCurl", crypto, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "OnsaleCluster",
            dependencies: [
                "OnsaleValues", "OnsaleOwnership", "OnsaleWaitingRoom", "OnsaleEngine", "OnsaleRedis", crypto, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "OnsaleStreams", dependencies: [.target(name: "CEpoll", condition: .when(platforms: [.linux]))],
            swiftSettings: strict),
        .target(
            name: "OnsalePayments",
            dependencies: [
                "OnsaleValues", "OnsaleEngine", "OnsaleSettlement", crypto, logging, tracing, hummingbird,
                asyncHTTPClient, serviceLifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "OnsaleHTTP",
            dependencies: [
                "OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleEngine", "OnsalePayments", "OnsaleStreams",
                "OnsalePages", "OnsaleHistory", "OnsaleCorrelation", "OnsaleTelemetry", "OnsaleBus", "OnsaleWebhooks",
                "OnsaleSettlement", "OnsaleAccounts", "CZlib",
                "OnsaleQR", crypto, logging,
                metrics, tracing, hummingbird, asyncHTTPClient,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            swiftSettings: strict),
        // The pnpm workspace is a target too, so that its files come along wherever the program is built.
        .target(
            name: "OnsalePages", path: "web",
            exclude: [
                "browser", "client/bin", "client/test", "client/README.md", "client/package.json", "pages/test",
                "pages/package.json",
                "package.json", "pnpm-workspace.yaml", "tsconfig.json",
            ],
            sources: ["OnsalePages.swift"],
            resources: [.copy("client/src"), .copy("pages/site")],
            swiftSettings: strict),
        .target(
            name: "OnsaleRehearsal",
            dependencies: [
                "Seeded", asyncHTTPClient, crypto, logging,
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "onsale",
            dependencies: [
                "OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleEngine", "OnsaleMigrations", "OnsaleSchema",
                "OnsalePostgres", "OnsaleStorage", "OnsaleBus", "OnsaleKafka", "OnsaleRelay", "OnsaleDocuments",
                "OnsaleEligibility", "OnsaleWebhooks", "OnsaleSettlement",
                "OnsaleMail", "OnsaleSignIn", "OnsaleAccounts", crypto,
                "OnsaleTables",
                "OnsalePayments", "OnsaleHTTP", "OnsaleStreams",
                "OnsaleRehearsal",
                "OnsaleHistory", "OnsaleMonitoring", "OnsaleTelemetry", "OnsaleCorrelation", "OnsaleOwnership",
                "OnsaleRedis",
                "OnsaleCluster", serviceLifecycle, hummingbird, logging, metrics, tracing, asyncHTTPClient,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            resources: [.copy("Examples")],
            swiftSettings: strict),
        // What several test targets stand on.
        .target(name: "Doubles", dependencies: ["OnsaleEngine"], path: "Tests/Doubles", swiftSettings: strict),
        .target(name: "Servers", path: "Tests/Servers", swiftSettings: strict),
        .testTarget(
            name: "OnsaleRedisTests", dependencies: ["OnsaleRedis", "Servers", logging], swiftSettings: strict),
        .testTarget(
            name: "OnsaleClusterTests",
            dependencies: [
                "Doubles", "OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleEngine", "OnsaleOwnership",
                "OnsaleRedis", "OnsaleCluster", "Seeded", "Servers", logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleMailTests",
            dependencies: [
                "OnsaleMail", "OnsaleValues", "OnsaleBus", "OnsaleMigrations", "OnsaleTables", "OnsaleSchema",
                "OnsalePostgres", "Seeded", "TestTables", "Servers", crypto, logging,
            ],
            swiftSettings: strict),
        .testTarget(name: "OnsalePostgresTests", dependencies: ["OnsalePostgres", "Servers"], swiftSettings: strict),
        .target(
            name: "TestTables",
            dependencies: [
                "OnsaleTables", "OnsaleBus", "OnsaleMigrations", "OnsalePostgres", "OnsaleSchema", "Servers", "Seeded",
            ],
            path: "Tests/TestTables", swiftSettings: strict),
        .target(
            name: "BusConformance", dependencies: ["OnsaleBus", "OnsaleValues"], path: "Tests/BusConformance",
            swiftSettings: strict),
        .executableTarget(name: "MockBroker", dependencies: ["CRdKafka"], path: "Tests/MockBroker"),
        .testTarget(
            name: "OnsaleKafkaTests",
            dependencies: [
                "OnsaleKafka", "OnsaleBus", "OnsaleValues", "BusConformance", "MockBroker", "Servers", "Seeded",
                logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleTablesTests",
            dependencies: [
                "OnsaleTables", "OnsaleBus", "OnsaleMigrations", "BusConformance", "Seeded", "TestTables",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleDocumentsTests",
            dependencies: [
                "OnsaleDocuments", "OnsaleTables", "OnsaleBus", "OnsaleValues", "OnsaleMigrations", "OnsaleSchema",
                "OnsalePostgres", "OnsaleQR", "TestTables", "Servers", "Seeded", crypto, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleQRTests", dependencies: ["OnsaleQR", "CQREncode", "Seeded"], swiftSettings: strict),
        .testTarget(
            name: "OnsaleSignInTests",
            dependencies: ["OnsaleSignIn", "OnsaleTables", "OnsaleMigrations", "OnsaleSchema", "Servers", "Seeded"],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleAccountsTests",
            dependencies: [
                "OnsaleAccounts", "OnsaleTables", "OnsaleMigrations", "OnsaleValues", "TestTables", "Servers",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleRelayTests",
            dependencies: [
                "Doubles", "OnsaleRelay", "OnsaleTables", "OnsaleBus", "OnsaleValues", "OnsaleSale",
                "OnsaleWaitingRoom",
                "OnsaleEngine", "OnsaleSchema", "Servers", "Seeded", "TestTables", logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleBusTests", dependencies: ["OnsaleBus", "OnsaleValues", "Seeded", logging],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleSaleTests", dependencies: ["OnsaleValues", "OnsaleSale", "Seeded"], swiftSettings: strict),
        .testTarget(
            name: "OnsaleOwnershipTests", dependencies: ["OnsaleValues", "OnsaleOwnership"], swiftSettings: strict),
        .testTarget(
            name: "OnsaleWaitingRoomTests", dependencies: ["OnsaleValues", "OnsaleWaitingRoom", "Seeded", crypto],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleTelemetryTests",
            dependencies: [
                "OnsaleTelemetry", "OnsaleCorrelation", "Seeded", metrics, tracing, logging, asyncHTTPClient,
                hummingbird,
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleMonitoringTests",
            dependencies: [
                "Doubles", "OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleEngine", "OnsaleMonitoring",
                "OnsaleTelemetry", "OnsaleCorrelation", "Seeded", metrics, tracing, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleHistoryTests",
            dependencies: [
                "Doubles", "OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleEngine", "OnsaleHistory", "Seeded",
                logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleWebhooksTests",
            dependencies: [
                "OnsaleWebhooks", "OnsaleTables", "OnsaleBus", "OnsaleValues", "OnsaleMigrations", "OnsaleSchema",
                "OnsalePostgres", "Servers", "Seeded", logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["Reference"],
            swiftSettings: strict),
        .testTarget(name: "OnsaleStreamsTests", dependencies: ["OnsaleStreams"], swiftSettings: strict),
        .testTarget(name: "OnsaleRehearsalTests", dependencies: ["OnsaleRehearsal"], swiftSettings: strict),
        .testTarget(
            name: "OnsaleEngineTests",
            dependencies: [
                "Doubles", "OnsaleValues", "OnsaleSale", "OnsaleWaitingRoom", "OnsaleOwnership", "OnsaleEngine",
                "OnsalePostgres", "OnsaleStorage", "OnsaleCorrelation", "Seeded", "Servers", logging, tracing,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Journals"],
            swiftSettings: strict),
        isSimulating
            ? .executableTarget(
                name: "simulate", dependencies: simulated, path: "Tests/Simulation", exclude: ["SimulationTests.swift"],
                swiftSettings: strict)
            : .testTarget(
                name: "SimulationTests", dependencies: simulated, path: "Tests/Simulation", exclude: ["main.swift"],
                swiftSettings: strict),
        .testTarget(
            name: "OnsaleMigrationsTests",
            dependencies: [
                "OnsaleMigrations", "OnsaleSchema", "OnsaleStorage", "OnsaleTables", "OnsaleEngine", "OnsaleValues",
                "OnsalePostgres", "Servers", "CPostgres", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsalePaymentsTests",
            dependencies: [
                "OnsaleValues", "OnsaleEngine", "OnsaleSettlement", "OnsalePayments", "Seeded", "Servers", logging,
                asyncHTTPClient, hummingbird, serviceLifecycle, .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleSettlementTests",
            dependencies: [
                "OnsaleValues", "OnsaleBus", "OnsaleMigrations", "OnsaleSchema", "OnsaleTables", "OnsaleSettlement",
                "Seeded", "Servers", "TestTables", logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleEligibilityTests",
            dependencies: [
                "OnsaleValues", "OnsaleBus", "OnsaleMigrations", "OnsaleSchema", "OnsaleTables", "OnsaleEligibility",
                "Seeded", "Servers", "TestTables", logging, hummingbird, serviceLifecycle,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OnsaleHTTPTests",
            dependencies: [
                "Doubles", "OnsaleValues", "OnsaleSale", "OnsaleEngine", "OnsalePayments", "OnsaleStreams",
                "OnsaleHTTP", "OnsaleBus", "OnsaleTables", "OnsaleWebhooks", "OnsaleSettlement", "OnsaleAccounts",
                "OnsaleQR", "TestTables", "Servers", "Seeded", crypto, logging, asyncHTTPClient, hummingbird,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "onsale", "OnsaleHTTP", "OnsaleMail", "OnsaleMigrations", "OnsaleSchema", "OnsaleTables",
                "OnsaleValues",
                "Seeded", "Servers", "TestTables", asyncHTTPClient, logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
    ]
)
