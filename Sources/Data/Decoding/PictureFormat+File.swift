import System
import SystemPackage

extension PictureFormat {
  /// Whether pictures of this format are decoded.
  var isDecoded: Bool { self == .jpeg || self == .png }

  /// What the first bytes of the file at `path` say it is; nil for no picture, and for what can never be read.
  ///
  /// Throws where the system was in trouble: another rank may well have read the file.
  init?(fileAt path: FilePath) throws(SystemError) {
    do throws(SystemError) {
      let start = try Patience().keepTrying { () throws(SystemError) in try Self.start(of: path) }
      self.init(start)
    } catch {
      if error.isTransient { throw error }
      return nil
    }
  }

  private static func start(of path: FilePath) throws(SystemError) -> [UInt8] {
    let file = try RegularFile(path)
    var bytes = [UInt8](repeating: 0, count: 64)
    // Through `withUnsafeMutableBytes`, a typed error would be lost.
    let result = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(SystemError) in try file.read(into: buffer) }
    }
    return Array(bytes.prefix(try result.get()))
  }
}
