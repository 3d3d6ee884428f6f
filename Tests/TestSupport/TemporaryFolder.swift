import Foundation
import System
import SystemPackage

/// A fresh folder with a short path.
public func temporaryFolder() throws -> String {
  var template = Array("/tmp/twl-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw SystemError("make", "/tmp/twl-XXXXXX") }
  return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// The names in a folder, sorted.
public func names(in folder: String) -> [String] {
  ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
}

/// Takes a folder away with all that it holds.
public func removeFolder(_ folder: String) {
  try? FileManager.default.removeItem(atPath: folder)
}
