import Foundation
import Testing

/// A mistake that users make, with the status and a part of the message that they get for it.
struct BadInput: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let status: Int32
  let message: String
  let flags: [String]
  let spoil: @Sendable (ImageFolder) throws -> Void

  init(
    _ description: String, _ status: Int32, _ message: String, flags: [String] = [],
    spoil: @escaping @Sendable (ImageFolder) throws -> Void = { _ in }
  ) {
    testDescription = description
    self.status = status
    self.message = message
    self.flags = flags
    self.spoil = spoil
  }
}

extension BadInput {
  static let folders = [
    BadInput(
      "no such folder", Status.missingInput, "no such folder: /nowhere.", flags: ["--data_path", "/nowhere"]),
    BadInput("no train/", Status.missingInput, "no folder train/ in ") { images in
      try remove("\(images.path)/train")
    },
    BadInput("an empty class", Status.badData, "class \"red-rows\" has no images in ") { images in
      for name in try contents("\(images.path)/val/red-rows") { try remove(name) }
    },
    BadInput("a class missing in val/", Status.badData, "class \"red-rows\" is in ") { images in
      try remove("\(images.path)/val/red-rows")
    },
    BadInput("a class spelled in two ways", Status.badData, "other bytes, which look alike") { images in
      try move("\(images.path)/train/red-rows", to: "\(images.path)/train/\u{c4}pfel")
      try move("\(images.path)/val/red-rows", to: "\(images.path)/val/A\u{308}pfel")
    },
    BadInput("a truncated JPEG", Status.badData, "00.jpg is damaged: Premature end") { images in
      let file = try Fixture.bytes("baseline-420.jpg")
      try file.prefix(file.count / 2).write(to: url("\(images.path)/train/red-rows/00.jpg"))
    },
    BadInput("a text file named .jpg", Status.badData, "00.jpg is not an image", flags: ["--eval"]) {
      try Data("Remember the milk".utf8).write(to: url("\($0.path)/val/red-rows/00.jpg"))
    },
  ]

  static let flags = [
    BadInput(
      "an unknown model", Status.usage, "unknown model 'alt_gvt_smal'. Nearest: alt_gvt_small, ",
      flags: ["--model", "alt_gvt_smal"]),
    BadInput("an unknown flag", Status.usage, "Unknown option '--bogus'", flags: ["--bogus"]),
    BadInput(
      "a batch larger than the data", Status.badConfiguration, "--batch-size 61 takes 61 images",
      flags: ["--batch-size", "61"]),
    BadInput(
      "an output folder below a file", Status.inputOutput, "cannot write to /dev/null/out: Not a directory",
      flags: ["--output_dir", "/dev/null/out"]),
    BadInput(
      "nothing to resume from", Status.missingInput, "--resume /nowhere: there is no such file",
      flags: ["--resume", "/nowhere"]),
    BadInput(
      "a learning rate that blows up", Status.diverged, "the training has diverged: loss nan, ",
      flags: ["--lr", "1e30", "--clip-grad", "0"]),
  ]

  /// Those that the launcher meets, itself or in its workers.
  static let launches = [
    BadInput(
      "no workers", Status.usage, "The value '0' is invalid for '--nproc", flags: ["--nproc", "0"]),
    BadInput(
      "an unknown model", Status.usage, "twins-launch: unknown model 'small'", flags: ["--model", "small"]),
    BadInput(
      "an output folder below a file", Status.inputOutput,
      "twins-launch: cannot write to /dev/null/out: Not a directory",
      flags: ["--output_dir", "/dev/null/out"]),
    BadInput("a class missing in val/", Status.badData, "List all differences: twins-worker dataset scan ") {
      images in
      try remove("\(images.path)/val/red-rows")
    },
    BadInput(
      "a batch larger than the data", Status.badConfiguration,
      "with --batch-size 10 and --accumulate 4 takes 80 images",
      flags: ["--batch-size", "10", "--accumulate", "4"]),
    BadInput(
      "no such folder", Status.missingInput, "twins-launch: no such folder: /nowhere.",
      flags: ["--data-path", "/nowhere"]),
    BadInput(
      "an unknown operation", Status.usage, "twins-launch: ", flags: ["--aa", "rand-m9-bogus1"]),
    BadInput(
      "nothing to resume from", Status.missingInput, "twins-launch: --resume /nowhere: there is no such file",
      flags: ["--resume", "/nowhere"]),
    BadInput(
      "nothing to resume from, and no images named", Status.missingInput,
      "twins-launch: --resume /nowhere: there is no such file",
      flags: ["--resume", "/nowhere", "--data-path="]),
    BadInput(
      "a folder of anything else to resume from", Status.missingInput,
      "twins-launch: --resume /dev: it is neither a run's output folder", flags: ["--resume", "/dev"]),
    BadInput(
      "a folder in the place of weights", Status.missingInput, "twins-launch: /dev is a folder and no file",
      flags: ["--finetune", "/dev"]),
    BadInput(
      "a file in the place of the output folder", Status.inputOutput,
      "twins-launch: cannot write to /etc/hostname: Not a directory",
      flags: ["--output_dir", "/etc/hostname"]),
    BadInput(
      "weights that are none", Status.badData, "twins-launch: ", flags: ["--finetune", "/dev/null"]),
    BadInput(
      "a device that is not there", Status.noDevice, "twins-launch: device npu number 1 is not there",
      flags: ["--device", "npu"]),
  ]

  /// What shows only once a worker trains.
  static let diverging = BadInput(
    "a learning rate that blows up", Status.diverged, "   likely   the loss diverged",
    flags: ["--lr", "1e30", "--clip-grad", "0"])
}

/// Images of the tests of the data room.
enum Fixture {
  static func bytes(_ name: String) throws -> Data {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let tests = folder.deletingLastPathComponent().deletingLastPathComponent()
    return try Data(contentsOf: tests.appendingPathComponent("DatasetsTests/Fixtures/decode/\(name)"))
  }
}

private func url(_ path: String) -> URL { URL(fileURLWithPath: path) }

private func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

// Foundation may change the form of letters with marks.
private func move(_ old: String, to new: String) throws {
  guard rename(old, new) == 0 else { throw TestError("rename: \(String(cString: strerror(errno)))") }
}

private func contents(_ folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
}
