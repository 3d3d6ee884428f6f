import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Datasets

/// Readers of what data sets are handed out in.
@Suite(.serialized) struct ArchiveFuzzTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let parts = [
    ("a/1.jpg", "image"), ("a/1.cls", "3"), ("2.json", #"{"label": "b"}"#), ("2.png", "other"),
  ]

  private static var archive: [UInt8] {
    parts.flatMap { name, text in
      TarMember.header(name, count: text.utf8.count) + Array(text.utf8)
        + TarMember.padding(after: text.utf8.count)
    } + TarMember.end
  }

  /// Changed anywhere, every other one with right checksums of headers; nothing is written but below the folder that is named.
  @Test func `archives`() throws {
    let path = FilePath("\(folder.path)/input.tar")
    var isSealed = false
    try Fuzz("archives").run([Self.archive]) { bytes in
      isSealed.toggle()
      let bytes = isSealed ? Self.sealed(bytes) : bytes
      try Data(bytes).write(to: URL(fileURLWithPath: path.string))
      let importer = try DatasetImporter(path, to: FilePath("\(folder.path)/inside/out"), ImportHints())
      _ = try importer.write(isPartial: true) { _ in }
    }
    #expect(
      try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)).isSubset(of: [
        "input.tar", "inside",
      ]))
    let inside = try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/inside")
    #expect(inside == nil || inside == ["out"])
  }

  /// Every block that may be a header gets the checksum of what it holds.
  private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for start in stride(from: 0, through: bytes.count - TarMember.block, by: TarMember.block) {
      guard bytes[start..<(start + TarMember.block)].contains(where: { $0 != 0 }) else { continue }
      bytes.replaceSubrange((start + 148)..<(start + 156), with: "        ".utf8)
      let sum = String(bytes[start..<(start + TarMember.block)].reduce(0) { $0 + Int($1) }, radix: 8)
      bytes.replaceSubrange((start + 148)..<(start + 148 + sum.utf8.count), with: sum.utf8)
    }
    return bytes
  }

  @Test func `tables and lists`() throws {
    let tables = [
      "path,label,split\n1.jpg,a,train\n\"2\"\"3.jpg\",\"b,c\",val\n", "a.jpg;x\r\nb.jpg;y",
      "ILSVRC2012_val_00000001 n01440764\n",
    ]
    try Fuzz("tables").run(tables.map { Array($0.utf8) }) { bytes in
      for row in DelimitedRows(bytes) { _ = row.fields.count }
      _ = try ValidationClasses(list: bytes, path: "list")
    }
  }
}
