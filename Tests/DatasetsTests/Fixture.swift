import Foundation
import SystemPackage
import Testing

@testable import Datasets

/// The files that scripts/goldens/images.py made.
enum Fixture {
  static func path(_ name: String) -> String {
    Bundle.module.bundlePath + "/Fixtures/" + name
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    let data = try #require(FileManager.default.contents(atPath: path(name)), "no fixture \(name)")
    return [UInt8](data)
  }

  static func lines(_ name: String) throws -> [Substring] {
    String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n")
  }

  /// The lines of a text file of whole numbers.
  static func numbers<Number: FixedWidthInteger>(_ name: String) throws -> [[Number]] {
    try lines(name).map { line in
      try line.split(separator: " ").map { try #require(Number($0)) }
    }
  }

  static func names(in folder: String, ending: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(folder)).filter { $0.hasSuffix(ending) }.sorted()
  }
}

/// A folder of its own that goes when the value goes.
final class TemporaryFolder {
  let path: String

  /// A path below it.
  func file(_ name: String) -> FilePath { FilePath("\(path)/\(name)") }

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/data-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file, and the folders above it.
  func write(_ bytes: [UInt8], to name: String) throws {
    let file = "\(path)/\(name)"
    let folder = String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let isWritten = FileManager.default.createFile(atPath: file, contents: .init(bytes))
    try #require(isWritten)
  }

  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
  }
}

/// How far two rows of bytes are apart.
struct Difference {
  /// The largest difference of two bytes.
  var levels = 0
  /// The share of bytes that differ.
  var share = 0.0

  init(_ a: [UInt8], _ b: [UInt8]) throws {
    try #require(a.count == b.count)
    let differences = zip(a, b).map { abs(Int($0) - Int($1)) }
    levels = differences.max() ?? 0
    share = Double(differences.count { $0 > 0 }) / Double(max(1, a.count))
  }
}

/// The pixels of a part of an encoded image; the whole where no region is given.
func decoded(_ file: [UInt8], _ region: PixelRegion? = nil, path: FilePath = "test") throws -> [UInt8] {
  try file.withUnsafeBufferPointer { bytes in
    let image = try EncodedImage(bytes, path: path)
    let region = region ?? PixelRegion(width: image.width, height: image.height)
    let memory = ByteBuffer()
    let rows = try image.decode(region, into: memory)
    return withExtendedLifetime(memory) {
      (0..<region.height).flatMap { y in
        UnsafeBufferPointer(start: rows.start + y * rows.stride, count: region.width * 3)
      }
    }
  }
}

/// The part of packed RGB `pixels` of the given width.
func cut(_ pixels: [UInt8], width: Int, _ region: PixelRegion) -> [UInt8] {
  (region.y..<(region.y + region.height)).flatMap { row in
    let start = (row * width + region.x) * 3
    return pixels[start..<(start + region.width * 3)]
  }
}
