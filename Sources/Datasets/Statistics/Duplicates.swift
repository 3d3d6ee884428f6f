import System
import SystemPackage

/// Images whose files have the same bytes.
public struct DuplicateSet: Codable, Equatable, Sendable {
  /// Their paths below the data set's folder, masked; those in train/ first.
  public var files: [String]
  /// Whether they are of different classes.
  public var areOfSeveralClasses: Bool
  /// Whether they are in both splits.
  public var areInBothSplits: Bool

  /// Finds all sets, ordered by their first file; images with the same checksum are compared byte by byte.
  static func all(in splits: [MeasuredSplit]) -> [DuplicateSet] {
    places(in: splits).map { set in
      DuplicateSet(
        files: set.map { splits[$0.split].shown($0.index) },
        areOfSeveralClasses: Set(set.map { $0.className(in: splits) }).count > 1,
        areInBothSplits: Set(set.map(\.split)).count > 1)
    }
  }

  private struct Place {
    let split: Int
    let index: Int

    func className(in splits: [MeasuredSplit]) -> ClassName {
      let images = splits[split].images
      return images.classes[images.label(at: index)]
    }
  }

  private static func places(in splits: [MeasuredSplit]) -> [[Place]] {
    var alike: [ImageMeasurement.Fingerprint: [Place]] = [:]
    for (number, split) in splits.enumerated() {
      for (index, measurement) in split.measurements {
        alike[measurement.fingerprint, default: []].append(Place(split: number, index: index))
      }
    }
    let candidates = alike.values.filter { $0.count > 1 }
      .sorted { ($0[0].split, $0[0].index) < ($1[0].split, $1[0].index) }
    return candidates.flatMap { same($0, in: splits) }
  }

  /// Groups images with the same checksum by their bytes; files that can no longer be read are left out.
  private static func same(_ places: [Place], in splits: [MeasuredSplit]) -> [[Place]] {
    let (memory, other) = (FileMemory(), FileMemory())
    var sets: [[Place]] = []
    for place in places {
      guard let bytes = try? splits[place.split].images.contents(of: place.index, in: memory) else {
        continue
      }
      let known = sets.firstIndex { set in
        let first = try? splits[set[0].split].images.contents(of: set[0].index, in: other)
        return first.map { $0.elementsEqual(bytes) } ?? false
      }
      if let known { sets[known].append(place) } else { sets.append([place]) }
    }
    return sets.filter { $0.count > 1 }
  }
}

/// An image in val/ that looks like one in train/: a resized or recompressed copy, or a neighbouring video
/// frame.
public struct NearDuplicate: Codable, Equatable, Sendable {
  /// The validation image's path below the data set's folder, masked.
  public var validation: String
  /// The path of the most similar training image.
  public var training: String
  /// The number of differing hash bits, of 64; at most 4.
  public var distance: Int

  /// Finds all in the order of val/ with `threads` threads, except those whose bytes are in train/ too.
  static func all(
    of validation: MeasuredSplit, in training: MeasuredSplit, but duplicates: [DuplicateSet], threads: Int
  ) -> [NearDuplicate] {
    let known = Set(duplicates.filter(\.areInBothSplits).flatMap(\.files))
    let learned = training.measurements.filter(\.finding.hash.isTelling)
    let hashes = SimilarHashes(learned.map(\.finding.hash.bits))
    return inParts(of: validation.measurements, threads: threads) { part in
      part.compactMap { index, measurement in
        guard measurement.hash.isTelling, let match = hashes.nearest(to: measurement.hash.bits) else {
          return nil
        }
        let name = validation.shown(index)
        guard !known.contains(name) else { return nil }
        return NearDuplicate(
          validation: name, training: training.shown(learned[match.index].index), distance: match.distance)
      }
    }
  }
}

/// Applies `work` to consecutive parts of a list, each on a thread of its own, and joins the results in
/// order.
func inParts<Element: Sendable, Result: Sendable>(
  of all: [Element], threads: Int, _ work: @escaping @Sendable (ArraySlice<Element>) -> [Result]
) -> [Result] {
  let count = max(1, min(threads, all.count))
  let results = Monitor([[Result]](repeating: [], count: count))
  let workers = (0..<count).map { number in
    OwnedThread.started("compare") {
      let result = work(all[(number * all.count / count)..<((number + 1) * all.count / count)])
      results.withLock { $0[number] = result }
    }
  }
  for worker in workers { worker.join() }
  return results.withLock { $0.flatMap(\.self) }
}
