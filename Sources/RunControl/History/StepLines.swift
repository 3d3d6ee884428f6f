import FoundationEssentials
import Glibc
import System
import SystemPackage

/// The values of a line of `train.jsonl` that are shown.
package struct StepLine: Decodable, Equatable, Sendable {
  /// Counted from 0.
  package let epoch: Int
  /// The run's updates so far.
  package let step: Int
  /// The epoch's steps so far; missing in old files.
  package var stepOfEpoch: Int?
  /// Nil if it was not finite.
  package var loss: Double?
  package var learningRate: Double?
  package var gradientNorm: Double?
  package var imagesPerSecond: Double?
  package var stepSeconds: Double?
  package var dataSeconds: Double?
  package var exposedSeconds: Double?

  enum CodingKeys: String, CodingKey {
    case epoch, step, loss
    case stepOfEpoch = "epoch_step"
    case learningRate = "lr"
    case gradientNorm = "grad_norm"
    case imagesPerSecond = "images_per_second"
    case stepSeconds = "step_seconds"
    case dataSeconds = "data_seconds"
    case exposedSeconds = "exposed_seconds"
  }
}

/// The lines of `train.jsonl`, or samples of them from a long file, which may grow for weeks.
package struct StepLines: Equatable, Sendable {
  /// The lines in the run's order: all, or evenly spaced samples.
  package private(set) var lines: [StepLine] = []

  /// The largest file that is read completely, in bytes.
  package static let wholeSize = 1 << 19
  /// The number of samples taken from a larger file.
  package static let places = 600
  /// More than the longest line, in bytes.
  private static let longestLine = 4096

  package init() {}

  /// Reads lines through `read`.
  ///
  /// - Parameters:
  /// - size: The file's size in bytes.
  /// - read: Returns bytes from an offset; fewer at the end.
  package init(size: Int, _ read: (_ offset: Int, _ count: Int) -> [UInt8]) {
    guard size > Self.wholeSize else {
      add(Self.whole(read(0, size)))
      return
    }
    for place in 0..<Self.places {
      let offset = (size - Self.longestLine) * place / (Self.places - 1)
      let bytes = read(offset, Self.longestLine)
      // The first line begins before the sample's position, except at the file's start.
      let rest = place == 0 ? [newline] + bytes : bytes.drop { $0 != newline }
      add(place == Self.places - 1 ? Self.whole(rest) : Self.whole(rest.dropFirst().prefix { $0 != newline }))
    }
  }

  /// Reads a file's lines; none if it does not exist.
  package init(path: String) {
    guard let file = try? RegularFile(FilePath(path)) else {
      self.init()
      return
    }
    let descriptor = file.descriptor
    self.init(size: file.size) { offset, count in
      var bytes = [UInt8](repeating: 0, count: count)
      let got = pread(descriptor, &bytes, count, off_t(offset))
      return Array(bytes.prefix(max(0, got)))
    }
    withExtendedLifetime(file) {}
  }

  /// Parses the complete lines, and drops those with impossible epochs.
  private static func whole(_ bytes: some Collection<UInt8>) -> [StepLine] {
    let decoder = JSONDecoder()
    return bytes.split(separator: newline).compactMap { try? decoder.decode(StepLine.self, from: Data($0)) }
      .filter { (0..<1 << 31).contains($0.epoch) }
  }

  /// If the run goes back, an earlier run wrote the lines before, or it resumed there.
  private mutating func add(_ more: [StepLine]) {
    for line in more {
      while let last = lines.last, last.isBehind(line) { lines.removeLast() }
      lines.append(line)
    }
  }

  /// The newest line.
  package var last: StepLine? { lines.last }

  /// Images per second over all steps: each line covers those since the one before it, or since its epoch
  /// began.
  var imagesPerSecond: Double? {
    var (steps, time, before) = (0.0, 0.0, StepLine?.none)
    for line in lines {
      defer { before = line }
      guard let place = line.stepOfEpoch, let speed = line.imagesPerSecond, speed > 0 else { continue }
      let start = before.flatMap { $0.epoch == line.epoch ? $0.stepOfEpoch : nil } ?? 0
      (steps, time) = (steps + Double(place - start), time + Double(place - start) / speed)
    }
    return time > 0 ? steps / time : nil
  }

  /// The number of steps per epoch, as far as known: the last step of each epoch has a line.
  package var stepsOfEpoch: Int? { lines.compactMap(\.stepOfEpoch).max() }
}

extension StepLine {
  /// Whether a run that writes `next` cannot have written this line before.
  fileprivate func isBehind(_ next: StepLine) -> Bool {
    (epoch, stepOfEpoch ?? step) >= (next.epoch, next.stepOfEpoch ?? next.step)
  }
}
