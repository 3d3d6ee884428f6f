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

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: house)
}

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "twins-launch",
  products: [
    .executable(name: "twins-launch", targets: ["Launcher"]),
    .executable(name: "twins-worker", targets: ["Worker"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // C and C++ behind plain C headers.
    .target(
      name: "CTorch",
      cxxSettings: [
        .unsafeFlags([
          "-isystem", libtorch + "/include",
          "-isystem", libtorch + "/include/torch/csrc/api/include",
        ])
      ],
      linkerSettings: [
        .unsafeFlags(["-L" + libtorch + "/lib", "-Xlinker", "-rpath=" + libtorch + "/lib"]),
        .linkedLibrary("torch"), .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
      ]),
    .systemLibrary(
      name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
    .target(
      name: "CImage",
      linkerSettings: [
        .linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("z"),
      ]),

    // The rooms; docs/architecture.md says what each owns and may import.
    room("Torch", ["CTorch"]),
    room("Model", ["Torch"]),
    room("Wire", ["CZeroMQ"]),
    room("Collective", ["Wire"]),
    room("Data", ["CImage", "CTorch"]),
    room("Checkpoint"),
    room("Recipe"),
    room("Flags", ["Recipe", argumentParser]),
    room("Training", ["Torch", "Model", "Collective", "Data", "Checkpoint", "Recipe"]),
    program("Worker", ["Training", "Wire", "Recipe", "Flags", argumentParser]),
    program("Launcher", ["Wire", "Recipe", "Flags", "Checkpoint", argumentParser]),

    tests("WireTests", ["Wire"]),
    tests("CollectiveTests", ["Collective", "Wire"]),
    tests("DataTests", ["Data"]),
    tests("CheckpointTests", ["Checkpoint"]),
    tests("RecipeTests", ["Recipe", "Flags"]),
    tests("TorchTests", ["Torch", "Checkpoint"]),
    tests("ModelTests", ["Model", "Torch", "Checkpoint"]),
    tests("TrainingTests", ["Training", "Torch", "Model", "Collective", "Data", "Checkpoint", "Recipe"]),
    tests("LauncherTests", ["Launcher"]),
    tests("EndToEndTests", ["Launcher", "Worker", "Data", "Checkpoint"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
