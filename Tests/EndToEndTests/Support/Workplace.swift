import Foundation

/// A folder with images and room for what runs on them write; it goes when the value goes.
final class Workplace: Sendable {
  let folder: String
  let images: ImageFolder

  init() throws {
    // In /tmp, whatever TMPDIR is, since paths of sockets must be short.
    var template = Array("/tmp/twins-e2e-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TestError("mkdtemp: \(String(cString: strerror(errno)))") }
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    try FileManager.default.createDirectory(atPath: "\(folder)/tmp", withIntermediateDirectories: false)
    images = try ImageFolder(writingTo: "\(folder)/images")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// The flags of a short training that learns these images, with its output in `folder`/`output`.
  func training(_ output: String, _ flags: String...) -> [String] {
    [
      "--data-path", images.path, "--output_dir", self.output(output), "--device", "cpu",
      "--model", "alt_gvt_nano", "--input-size", "32", "--batch-size", "4", "--epochs", "1",
      "--lr", "1e-3", "--no-lr-scaling", "--warmup-epochs", "0", "--mixup", "0", "--cutmix", "0",
    ] + flags
  }

  /// The output folder of that name.
  func output(_ name: String) -> String { "\(folder)/\(name)" }

  /// The private temporary folder of the programs, where the launcher puts the folder for sockets.
  var temporary: String { "\(folder)/tmp" }

  /// What is left in the temporary folder.
  var leftovers: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: temporary)) ?? ["\(temporary) itself is gone"]
  }
}

struct TestError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
