import FoundationEssentials
import Glibc
import System
import SystemPackage

/// What a line of `train.jsonl` says, as far as it is shown.
package struct StepLine: Decodable, Equatable, Sendable {
  /// Counted from 0.
  package let epoch: Int
  /// Updates of the run so far.
  package let step: Int
  /// Steps of the epoch so far; not in old files.
  package var stepOfEpoch: Int?
  /// Nil where it was not finite.
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

/// Lines of `train.jsonl`, of which a long one is looked at in places alone: it grows for weeks.
package struct StepLines: Equatable, Sendable {
  /// In the order of the run: all of them, or some that lie evenly.
  package private(set) var lines: [StepLine] = []

  /// A file up to this size is read as a whole.
  package static let wholeSize = 1 << 19
  /// Of a longer one, so many places.
  package static let places = 600
  /// More than a line has.
  private static let longestLine = 4096

  package init() {}

  /// - Parameters:
  ///   - size: Bytes of the file.
  ///   - read: Some of its bytes, from an offset; fewer where it ends.
  package init(size: Int, _ read: (_ offset: Int, _ count: Int) -> [UInt8]) {
    guard size > Self.wholeSize else {
      add(Self.whole(read(0, size)))
      return
    }
    for place in 0..<Self.places {
      let offset = (size - Self.longestLine) * place / (Self.places - 1)
      let bytes = read(offset, Self.longestLine)
      // The first line begins before the place, but for the file's first.
      let rest = place == 0 ? [newline] + bytes : bytes.drop { $0 != newline }
      add(place == Self.places - 1 ? Self.whole(rest) : Self.whole(rest.dropFirst().prefix { $0 != newline }))
    }
  }

  /// Those of a file; none where there is none.
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

  /// The lines that are there with both ends and can be read, of epochs that a run can have.
  private static func whole(_ bytes: some Collection<UInt8>) -> [StepLine] {
    let decoder = JSONDecoder()
    return bytes.split(separator: newline).compactMap { try? decoder.decode(StepLine.self, from: Data($0)) }
      .filter { (0..<1 << 31).contains($0.epoch) }
  }

  /// Where the run goes back, an earlier one wrote before, or it went on from there.
  private mutating func add(_ more: [StepLine]) {
    for line in more {
      while let last = lines.last, last.isBehind(line) { lines.removeLast() }
      lines.append(line)
    }
  }

  /// The newest one.
  package var last: StepLine? { lines.last }

  /// Images over seconds of all steps: a line tells of those since the one before it, or since its epoch began.
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

  /// Steps of an epoch, as far as lines tell: the last step of each epoch has one.
  package var stepsOfEpoch: Int? { lines.compactMap(\.stepOfEpoch).max() }
}

extension StepLine {
  /// Whether a run that writes that line cannot have come here before.
  fileprivate func isBehind(_ next: StepLine) -> Bool {
    (epoch, stepOfEpoch ?? step) >= (next.epoch, next.stepOfEpoch ?? next.step)
  }
}
