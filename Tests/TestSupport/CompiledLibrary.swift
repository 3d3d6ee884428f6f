import Foundation

/// A shared library that a test compiles from a few lines.
public struct CompiledLibrary {
  /// Where it lies.
  public let path: String

  /// Compiles it into a folder of the test's.
  ///
  /// - Parameters:
  ///   - source: C++.
  ///   - needed: Libraries that it is linked with, as files.
  public init(_ name: String, _ source: String, needing needed: [String] = [], in folder: String) throws {
    path = "\(folder)/\(name)"
    let file = "\(folder)/\(name).cpp"
    try source.write(toFile: file, atomically: true, encoding: .utf8)
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Needed libraries stay so, though nothing of them is used.
    compiler.arguments =
      ["clang++", "-shared", "-fPIC", "-Wl,-soname,\(name)", "-Wl,--no-as-needed", "-o", path, file] + needed
    try compiler.run()
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else { throw Fault(name: name) }
  }

  /// That it does not compile; the compiler says why.
  struct Fault: Error {
    let name: String
  }
}
