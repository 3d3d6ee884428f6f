// swift-tools-version: 6.1
import PackageDescription

// `scripts/setup` links the libtorch that it found or fetched here.
let libtorch = Context.packageDirectory + "/.libtorch"

let house: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func program(
  _ name: String, _ dependencies: [Target.Dependency], linkerSettings: [LinkerSetting] = []
) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, swiftSettings: house, linkerSettings: linkerSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: house)
}

// libtorch's headers and libraries, for C++.
let torchHeaders: [CXXSetting] = [
  .unsafeFlags([
    "-isystem", libtorch + "/include", "-isystem", libtorch + "/include/torch/csrc/api/include",
  ])
]
let torchLibraries: [LinkerSetting] = [
  .unsafeFlags(["-L" + libtorch + "/lib", "-Xlinker", "-rpath=" + libtorch + "/lib"]),
  .linkedLibrary("torch"), .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
]

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let server: [Target.Dependency] = [
  .product(name: "HummingbirdCore", package: "hummingbird"),
  .product(name: "HTTPTypes", package: "swift-http-types"),
  .product(name: "Logging", package: "swift-log"),
  .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
]

let package = Package(
  name: "twins-launch",
  products: [
    .executable(name: "twins-launch", targets: ["Launcher"]),
    .executable(name: "twins-worker", targets: ["Worker"]),
    .executable(name: "twins-page", targets: ["LivePage"]),
    // Opened by tests, and linked by nothing.
    .library(name: "TestCard", type: .dynamic, targets: ["TestCard"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    // The page's server, with the packages of its own that it speaks in. docs/decisions/010-a-page-beside-the-run.md
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // C and C++ behind plain C headers.
    .target(
      name: "CTorch", dependencies: ["CKernels"],
      // What c10d's headers name of Gloo, whose own headers no wheel has.
      cxxSettings: torchHeaders + [.headerSearchPath("Declared")], linkerSettings: torchLibraries),
    .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(name: "CISAL", providers: [.apt(["libisal-dev"])]),
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
    .target(
      name: "CImage",
      linkerSettings: [
        .linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("webp"), .linkedLibrary("webpdemux"),
        .linkedLibrary("tiff"), .linkedLibrary("z"), .linkedLibrary("m"),
      ]),

    .target(name: "CLinux"),

    // The rooms; docs/architecture.md says what each owns and may import.
    room("System", ["CLinux", "CISAL", systemPackage]),
    room("Randomness"),
    room("WorkerLink", ["CLinux", "System"]),
    room("Torch", ["CTorch", "CKernels", "System"]),
    room("Model", ["Torch", "Randomness"]),
    room("Wire", ["CZeroMQ", "System"]),
    room("Collective", ["Wire", "CKernels", "CLinux", "System", systemPackage]),
    room("Engines", ["Collective", "CTorch"]),
    room("Datasets", ["CImage", "Randomness", "System", systemPackage]),
    room("Checkpoint", ["CLinux", "System", systemPackage]),
    room("Recipe", ["System"]),
    room("Forecast"),
    room("Protobuf"),
    room("TensorBoard", ["Protobuf", "System"]),
    room("ONNX", ["Protobuf"]),
    room("Drawing", ["System"]),
    room(
      "RunControl", ["Checkpoint", "Drawing", "Output", "Recipe", "System", "WorkerLink", systemPackage]),
    room("Output", ["WorkerLink", "Checkpoint", "Recipe", "System", systemPackage]),
    room("Flags", ["Output", "Recipe", "System", systemPackage, argumentParser]),
    room(
      "Training",
      [
        "Torch", "Model", "Collective", "CKernels", "Datasets", "Checkpoint", "Randomness", "Recipe",
        "System",
      ]),
    program(
      "Worker",
      [
        "Training", "Torch", "Model", "WorkerLink", "Collective", "Engines", "Wire", "Datasets", "Randomness",
        "Checkpoint", "TensorBoard", "ONNX", "Drawing", "RunControl",
        "Recipe",
        "Output", "Flags", "System", systemPackage, argumentParser,
      ],
      // With names for its own functions in the stacks of a worker that hangs.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),
    program(
      "Launcher",
      [
        "CLinux", "WorkerLink", "Checkpoint", "Collective", "Wire", "Recipe", "Output", "Flags", "Forecast",
        "Drawing", "Randomness", "RunControl", "System", systemPackage,
        argumentParser,
      ]),

    program(
      "LivePage",
      ["Flags", "RunControl", "Drawing", "Recipe", "WorkerLink", "System", systemPackage, argumentParser]
        + server),

    // Optimised even in debug builds: it makes tens of millions of golden weights.
    .target(
      name: "TestSupport",
      dependencies: ["Checkpoint", "RunControl", "System", argumentParser, systemPackage],
      path: "Tests/TestSupport",
      swiftSettings: house + [.unsafeFlags(["-O"])]),
    tests("SystemTests", ["System", systemPackage]),
    tests("WorkerLinkTests", ["WorkerLink", "CLinux", "System"]),
    tests("WireTests", ["Wire", "System"]),
    tests("CollectiveTests", ["Collective", "Wire", "CKernels", "CLinux", "System", "TestSupport"]),
    // A library of cards registers its device for a whole process.
    .executableTarget(
      name: "card-sums", dependencies: ["Engines", "Collective", "Torch", "System", "TestSupport"],
      path: "Tests/CardSums", swiftSettings: house),
    tests(
      "EnginesTests", ["Engines", "Collective", "System", "Wire", "TestSupport", "card-sums"]),
    tests(
      "DatasetsTests", ["Datasets", "CImage", "Randomness", "System", systemPackage, "TestSupport"],
      resources: [.copy("Fixtures")]),
    // Saves until it is killed.
    .executableTarget(
      name: "checkpoint-saver", dependencies: ["Checkpoint", "TestSupport"], path: "Tests/CheckpointSaver",
      swiftSettings: house),
    tests(
      "CheckpointTests", ["Checkpoint", "System", "TestSupport", "checkpoint-saver"],
      resources: [.copy("Fixtures")]),
    tests("ForecastTests", ["Forecast"]),
    tests("TensorBoardTests", ["TensorBoard"]),
    tests("DrawingTests", ["Drawing"]),
    tests(
      "RunControlTests",
      ["RunControl", "Checkpoint", "Drawing", "Recipe", "System", "WorkerLink", "TestSupport"]),
    tests("OutputTests", ["Checkpoint", "Output", "Recipe", "TestSupport"]),
    tests("RecipeTests", ["Recipe", "Flags", argumentParser]),
    // The kernels of a block against ATen: their errors, and their times.
    .executableTarget(
      name: "kernel-tests", dependencies: ["CKernels"], path: "Tests/Kernels", cxxSettings: torchHeaders,
      linkerSettings: torchLibraries),
    .executableTarget(
      name: "kernel-bench", dependencies: ["CKernels"], path: "Benchmarks/kernels",
      cxxSettings: torchHeaders + [.headerSearchPath("../../Tests/Kernels")], linkerSettings: torchLibraries),
    // Cards that are not there, as a library of a vendor's would bring them.
    .target(
      name: "TestCard", path: "Tests/TestCard", cxxSettings: torchHeaders, linkerSettings: torchLibraries),
    tests("TorchTests", ["Torch", "CTorch", "System", "kernel-tests"]),
    tests(
      "ModelTests", ["Model", "Torch", "Checkpoint", "Recipe", "TestSupport"], resources: [.copy("Goldens")]),
    tests(
      "TrainingTests",
      [
        "Training", "Torch", "Model", "Collective", "CKernels", "CLinux", "Datasets", "Checkpoint",
        "Randomness", "Recipe", "System", "TestSupport",
      ],
      resources: [.copy("Goldens")]),
    tests(
      "WorkerTests",
      [
        "Worker", "Training", "WorkerLink", "Collective", "Datasets", "Checkpoint", "Recipe", "Flags",
        "Model", "Output", "RunControl", "TensorBoard",
        "System", "Torch", systemPackage, argumentParser,
        "TestSupport",
      ]),
    // Hangs, with names for its functions in its stacks.
    .executableTarget(
      name: "spinning-worker", dependencies: ["WorkerLink", "System"], path: "Tests/SpinningWorker",
      swiftSettings: house,
      linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),
    tests(
      "LauncherTests",
      [
        "Launcher", "RunControl", "Drawing", "WorkerLink", "Collective", "Wire", "Flags", "Recipe", "System",
        "TestSupport", "spinning-worker",
        argumentParser,
      ]),
    tests(
      "LivePageTests", ["LivePage", "RunControl", "Drawing", "System", "TestSupport"]),
    tests(
      "FuzzTests",
      [
        "Checkpoint", "Datasets", "Flags", "Randomness", "Recipe", "RunControl", "System", "Training",
        "TestSupport",
        systemPackage,
        argumentParser,
      ]),
    tests(
      "EndToEndTests",
      [
        "Launcher", "RunControl", "Worker", "WorkerLink", "Wire", "Checkpoint", "Collective", "Randomness",
        "CImage", "CLinux", "TestSupport",
      ],
      resources: [.copy("Goldens")]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)

// A sanitizer's build is slow: it holds only the tests that are named for it.
if let named = Context.environment["TWINS_TESTS"]?.split(separator: " ") {
  package.targets.removeAll { $0.type == .test && !named.contains(Substring($0.name)) }
}
