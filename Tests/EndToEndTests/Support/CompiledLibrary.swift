import Foundation

/// A shared library that a test compiles from a few lines, in the test's folder.
struct CompiledLibrary {
  let path: String

  /// - Parameters:
  ///   - source: C++.
  ///   - needed: Libraries that it is linked with, as files.
  init(_ name: String, _ source: String, needing needed: [String] = [], in place: Workplace) throws {
    path = "\(place.folder)/\(name)"
    let file = "\(place.folder)/\(name).cpp"
    try source.write(toFile: file, atomically: true, encoding: .utf8)
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Needed libraries stay so, though nothing of them is used.
    compiler.arguments =
      ["clang++", "-shared", "-fPIC", "-Wl,--no-as-needed", "-o", path, file] + needed
    try compiler.run()
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else { throw TestError("\(name) does not compile") }
  }
}
